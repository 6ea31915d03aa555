"""What a configuration asks for that the trainer cannot do yet, in words.

The plan names it and the preflight refuses it, so that nobody waits for a run that ends at its
start. Each line goes when the trainer learns the thing.
"""

from __future__ import annotations

from collections.abc import Iterator

from rl_backend.config import RunConfig
from rl_backend.estimate.decoder import Decoder


def missing(config: RunConfig, decoder: Decoder) -> tuple[str, ...]:
    """What keeps the configuration from running; empty when the trainer can do all of it."""
    return tuple(_missing(config, decoder))


def _missing(config: RunConfig, decoder: Decoder) -> Iterator[str]:
    asked = config.plan
    wanted = {
        f"engines of {asked.engine_tensor_parallel} GPUs": asked.engine_tensor_parallel > 1,
        "GPUs of the engines' own": asked.num_engine_gpus > 0,
    }
    yield from (what for what, is_wanted in wanted.items() if is_wanted)
