"""Tensors in memory that this host's processes share, in the form that SGLang reads.

Under `sglang_weights`. One segment carries every bucket of a hand-over in turn; what goes to the
server is its name. The payload is what SGLang's `MultiprocessingSerializer` makes, written here by
the pickler of `torch.multiprocessing` that it wraps: SGLang itself takes half a minute to import.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import torch
from torch import Tensor, multiprocessing

from rl_backend.errors import EngineError

FOLDER = Path("/dev/shm")  # noqa: S108 (where the kernel keeps POSIX shared memory)
BY_NAME = "file_system"
"""The way of sharing that a process outside the trainer's family can follow; the default hands
over file descriptors through the family's own socket, and a server that cannot reach it dies."""


def shared_buffer(num_bytes: int) -> Tensor:
    """Bytes that other processes can map; freed when the last process lets go of them.

    Raises:
        EngineError: the host's shared memory has no room. Writing there would end this process.
    """
    free = free_bytes()
    if num_bytes > free:
        raise EngineError(
            f"{FOLDER} has {free:,} bytes free, a bucket of weights takes {num_bytes:,}.",
            hint="Enlarge it (docker: --shm-size) or lower engine.weight_bucket_mib.",
        )
    with _shared_by_name():
        buffer_N = torch.empty(num_bytes, dtype=torch.uint8)
        buffer_N.untyped_storage().share_memory_()
    return buffer_N


def free_bytes() -> int:
    """Room for shared memory on this host, or in this container."""
    found = os.statvfs(FOLDER)
    return found.f_bavail * found.f_frsize


def payload(named: Sequence[tuple[str, Tensor]]) -> str:
    """The tensors as text for one rank of a server, which must read it exactly once.

    They are views of a `shared_buffer`, and only where they are is written down. Every reader takes
    one reference that is added here: an unread payload keeps the segment until this process ends.
    """
    written = io.BytesIO()
    with _shared_by_name():
        ForkingPickler(written).dump(list(named))
    return base64.b64encode(written.getbuffer()).decode("ascii")


def release(buffer_N: Tensor) -> None:
    """Frees the segment now, though a payload that nobody read still holds it.

    For a server that said it is done, or is gone: one that reads later would not find it.
    """
    name = buffer_N.untyped_storage()._share_filename_cpu_()[1]
    (FOLDER / os.fsdecode(name).lstrip("/")).unlink(missing_ok=True)


@contextmanager
def _shared_by_name() -> Iterator[None]:
    before = multiprocessing.get_sharing_strategy()  # type: ignore[no-untyped-call]
    multiprocessing.set_sharing_strategy(BY_NAME)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        multiprocessing.set_sharing_strategy(before)  # type: ignore[no-untyped-call]
