"""The objectives of the family, each beside its formula written out anew in plain torch.

The formulas take rows one after the other and know none of the code under test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from rl_backend.objective import PolicyObjective
from rl_backend.objective_kinds import Aggregation, RatioLevel, Surrogate
from rl_backend.types import Batch

CONSTANT = 11


def family_batch(batch: Batch, logprobs_B_T: Tensor) -> Batch:
    """The batch with log-probabilities of an engine and a reference that disagree with it."""
    generator = torch.Generator().manual_seed(11)

    def shifted(by: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        noise = by * torch.randn(logprobs_B_T.shape, generator=generator)
        return (logprobs_B_T.detach() + noise).numpy().astype(np.float32)

    old = shifted(0.3)
    old[-1, int(batch.loss_mask_B_T[-1].argmax())] = math.nan
    return replace(
        batch,
        old_logprobs_B_T=old,
        engine_logprobs_B_T=shifted(0.5),
        reference_logprobs_B_T=shifted(0.4),
    )


def twin_family_loss(
    objective: PolicyObjective, logits_B_T_V: Tensor, tokens_B_T: Tensor, batch: Batch
) -> Tensor:
    """The loss of the whole batch; `logits_B_T_V` at all positions but the last, over T."""
    log_all = torch.log_softmax(logits_B_T_V, -1)
    entropy_B_T = -(log_all.exp() * log_all).sum(-1)
    new_B_T = log_all.gather(-1, tokens_B_T[:, 1:, None])[..., 0]
    numerator, denominator = torch.zeros(()), 0
    for row in range(batch.num_rows):
        keep = torch.from_numpy(
            batch.loss_mask_B_T[row, 1:] & np.isfinite(batch.old_logprobs_B_T[row, 1:])
        )
        new = new_B_T[row][keep]
        old, engine, reference, advantage = (
            torch.from_numpy(array[row, 1:])[keep]
            for array in (
                batch.old_logprobs_B_T, batch.engine_logprobs_B_T,
                batch.reference_logprobs_B_T, batch.advantages_B_T,
            ) if array is not None
        )  # fmt: skip
        losses = FORMULAS[objective](new, old, engine, reference, advantage)
        losses = losses - objective.entropy_coef * entropy_B_T[row][keep]
        length = len(new)
        match objective.aggregation:
            case Aggregation.TOKEN:
                numerator, denominator = numerator + losses.sum(), denominator + length
            case Aggregation.SEQUENCE:
                numerator, denominator = numerator + losses.mean(), denominator + 1
            case Aggregation.CONSTANT:
                numerator, denominator = numerator + losses.sum(), denominator + CONSTANT
    return numerator / denominator


Formula = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def _ppo(rho: Tensor, a: Tensor, low: float, high: float) -> Tensor:
    return -torch.min(rho * a, torch.clamp(rho, 1 - low, 1 + high) * a)


def _dapo(new: Tensor, old: Tensor, engine: Tensor, reference: Tensor, a: Tensor) -> Tensor:
    return _ppo((new - old).exp(), a, 0.2, 0.28)


def _dual(new: Tensor, old: Tensor, engine: Tensor, reference: Tensor, a: Tensor) -> Tensor:
    return torch.minimum(_ppo((new - old).exp(), a, 0.2, 0.2), torch.where(a < 0, -1.2 * a, 1e9))


def _gspo(new: Tensor, old: Tensor, engine: Tensor, reference: Tensor, a: Tensor) -> Tensor:
    s = ((new - old).sum() / len(new)).exp()
    return _ppo(s.expand(len(new)), a, 0.03, 0.04)


def _cispo(new: Tensor, old: Tensor, engine: Tensor, reference: Tensor, a: Tensor) -> Tensor:
    return -(torch.clamp((new - old).exp(), 0.0, 1.3).detach() * a * new)


def _kl(new: Tensor, old: Tensor, engine: Tensor, reference: Tensor, a: Tensor) -> Tensor:
    gap = reference - new
    return _ppo((new - old).exp(), a, 0.2, 0.2) + 0.3 * (gap.exp() - gap - 1)


def _capped(new: Tensor, old: Tensor, engine: Tensor, reference: Tensor, a: Tensor) -> Tensor:
    return torch.clamp((old - engine).exp(), max=1.2) * _ppo((new - old).exp(), a, 0.2, 0.28)


def _masked(new: Tensor, old: Tensor, engine: Tensor, reference: Tensor, a: Tensor) -> Tensor:
    w = (old - engine).exp()
    return torch.where((w < 0.7) | (w > 1.3), 0.0, w) * _ppo((new - old).exp(), a, 0.2, 0.28)


NAMED: dict[str, PolicyObjective] = {
    "dapo": PolicyObjective(),
    "grpo-by-sequence": PolicyObjective(aggregation=Aggregation.SEQUENCE),
    "dr-grpo": PolicyObjective(aggregation=Aggregation.CONSTANT, constant_length=CONSTANT),
    "dual-clip": PolicyObjective(clip_high=0.2, dual_clip=1.2),
    "gspo": PolicyObjective(
        clip_low=0.03,
        clip_high=0.04,
        ratio_level=RatioLevel.SEQUENCE,
        aggregation=Aggregation.SEQUENCE,
    ),
    "cispo": PolicyObjective(clip_low=1.0, clip_high=0.3, surrogate=Surrogate.CISPO),
    "kl-and-entropy": PolicyObjective(clip_high=0.2, kl_coef=0.3, entropy_coef=0.05),
    "engine-capped": PolicyObjective(engine_ratio_cap=1.2),
    "engine-masked": PolicyObjective(engine_ratio_cap=1.3, engine_ratio_floor=0.7),
}
FORMULAS: dict[PolicyObjective, Formula] = {
    NAMED["dapo"]: _dapo,
    NAMED["grpo-by-sequence"]: _dapo,
    NAMED["dr-grpo"]: _dapo,
    NAMED["dual-clip"]: _dual,
    NAMED["gspo"]: _gspo,
    NAMED["cispo"]: _cispo,
    NAMED["kl-and-entropy"]: _kl,
    NAMED["engine-capped"]: _capped,
    NAMED["engine-masked"]: _masked,
}
