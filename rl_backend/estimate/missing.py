"""What a configuration asks for that a run cannot do yet, in words.

The plan names it and the preflight refuses it, so that nobody waits for a run that ends at its
start. Each line goes when a run learns the thing.
"""

from __future__ import annotations

from collections.abc import Iterator

from rl_backend.config import RunConfig
from rl_backend.estimate.decoder import Decoder
from rl_backend.estimate.hardware import GPUS_PER_NODE


def missing(config: RunConfig, decoder: Decoder) -> tuple[str, ...]:
    """What keeps the configuration from running; empty when nothing does."""
    return tuple(_missing(config, decoder))


def _missing(config: RunConfig, decoder: Decoder) -> Iterator[str]:
    if config.engine.addresses:
        return
    per_server = config.engine.tensor_parallel
    wanted = {
        f"servers of its own over several machines, for {per_server} GPUs each: start them "
        "yourself and name them in engine.urls": per_server > GPUS_PER_NODE,
        "servers of its own on other GPUs than the trainer's: start them yourself and name them in "
        "engine.urls": config.plan.num_engine_gpus > 0,
    }
    yield from (what for what, is_wanted in wanted.items() if is_wanted)
