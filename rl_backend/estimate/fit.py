"""Finds a layout for a model on so many devices: of those that fit, the quickest step on paper.

Adam's state is put into the memory of the host only where nothing else fits, since moving it costs
time that the estimate does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from rl_backend.config import RunConfig
from rl_backend.estimate.decoder import Decoder
from rl_backend.estimate.hardware import GPUS_PER_NODE
from rl_backend.estimate.plan import Plan, num_engine_gpus, num_trainer_gpus, plan

TENSOR_RANKS = (1, 2, 4, 8)
STAGES = (1, 2, 4, 8, 16, 32)
EXPERT_RANKS = (1, 2, 4, 8, 16, 32, 64, 128)
ENGINE_RANKS = (1, 2, 4, 8, 16, 32)


def fitting(config: RunConfig, decoder: Decoder) -> RunConfig | None:
    """The configuration with the best layout for its devices; None: none fits."""
    plans = ((candidate, plan(candidate, decoder)) for candidate in _candidates(config, decoder))
    fits = [(_worth(found), candidate) for candidate, found in plans if found.fits]
    return min(fits, key=lambda pair: pair[0])[1] if fits else None


def smallest(config: RunConfig, decoder: Decoder, most: int = 1024) -> RunConfig | None:
    """The configuration with fewest devices, a power of 2 and at least a node; None: too many."""
    num_gpus = GPUS_PER_NODE
    while num_gpus <= most:
        update = {"plan": config.plan.model_copy(update={"num_gpus": num_gpus})}
        if (found := fitting(config.model_copy(update=update), decoder)) is not None:
            return found
        num_gpus *= 2
    return None


def _worth(found: Plan) -> tuple[bool, float]:
    seconds = 0.0 if found.step is None else found.step.total
    return found.layout.is_optimizer_on_cpu, seconds


def _candidates(config: RunConfig, decoder: Decoder) -> Iterator[RunConfig]:
    """Configurations of every way to cut the model, the preferred ones first."""
    num_gpus = num_trainer_gpus(config)
    experts = EXPERT_RANKS if decoder.is_sparse else (1,)
    places = (False, True) if config.trainer.dtype == "bfloat16" else (False,)
    ways = product(places, (False, True), _cuts(num_gpus), experts, ENGINE_RANKS)
    for is_on_cpu, is_recomputed, (tensor, stages), expert, engine in ways:
        if num_gpus % engine or (tensor * (num_gpus // (tensor * stages))) % expert:
            continue
        served = {"tensor_parallel": engine, "num_servers": num_engine_gpus(config) // engine}
        cut = {
            "tensor_parallel": tensor,
            "pipeline_parallel": stages,
            "data_parallel": num_gpus // (tensor * stages),
            "recompute": "full" if is_recomputed else "none",
            "sequence_parallel": tensor > 1,
            "expert_parallel": expert,
            "optimizer_on_cpu": is_on_cpu,
        }
        yield config.model_copy(
            update={
                "engine": config.engine.model_copy(update=served),
                "trainer": config.trainer.model_copy(update=cut),
            }
        )


def _cuts(num_gpus: int) -> list[tuple[int, int]]:
    """Tensor ranks and stages that divide the devices, fewest ranks of a model first."""
    pairs = [p for p in product(TENSOR_RANKS, STAGES) if num_gpus % (p[0] * p[1]) == 0]
    return sorted(pairs, key=lambda pair: (pair[0] * pair[1], pair[1]))
