"""What graphics processors offer, from their makers' data sheets (SXM modules, dense rates)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One device; its figures are the most that it can do."""

    title: str
    memory_bytes: float
    flops_per_s: float
    """Dense bfloat16 multiplications and additions; 0 where they are not known."""
    bytes_per_s: float
    """Of its own memory."""


GPUS: Mapping[str, Gpu] = {
    "a100": Gpu(title="A100 80 GB", memory_bytes=80e9, flops_per_s=312e12, bytes_per_s=2.04e12),
    "h100": Gpu(title="H100 80 GB", memory_bytes=80e9, flops_per_s=989e12, bytes_per_s=3.35e12),
    "h200": Gpu(title="H200 141 GB", memory_bytes=141e9, flops_per_s=989e12, bytes_per_s=4.8e12),
    "b200": Gpu(title="B200 180 GB", memory_bytes=180e9, flops_per_s=2250e12, bytes_per_s=7.7e12),
}
GPUS_PER_NODE = 8


def find_gpu(name: str) -> Gpu:
    """A device by its short name. Raises ValueError, naming those that are known."""
    if name not in GPUS:
        raise ValueError(f"no GPU {name!r} is known; there are {', '.join(sorted(GPUS))}")
    return GPUS[name]
