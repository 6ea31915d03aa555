"""The objective of imitation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rl_backend.objective.base import LossInputs, LossSums, MetricSums, entropy_total, total


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisedObjective:
    """-sum_t w_t log pi(o_t) / number of tokens with w_t > 0: imitation of demonstrations.

    w_t is 1 on the tokens of the loss mask and `context_weight` on the other tokens (prompt, tool
    results), which lets a model made from scratch learn to read as well as to answer.
    """

    context_weight: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.context_weight <= 1.0:
            raise ValueError(f"context_weight must be in [0, 1], got {self.context_weight}")

    @property
    def has_ratio(self) -> bool:
        """Never: there is no older policy to compare with."""
        return False

    @property
    def needs_reference(self) -> bool:
        return False

    @property
    def needs_context(self) -> bool:
        return self.context_weight > 0.0

    @property
    def needs_entropy_gradient(self) -> bool:
        return False

    def sums(
        self, logprobs_B_T: Tensor, inputs: LossInputs, entropies_B_T: Tensor | None = None
    ) -> LossSums:
        """Loss and metrics, summed over the tokens with weight whose log-probability is finite."""
        context = inputs.token_mask_B_T & ~inputs.loss_mask_B_T
        weight = inputs.loss_mask_B_T.float() + self.context_weight * context.float()
        wanted = weight > 0
        used = wanted & logprobs_B_T.isfinite()
        loss = -(weight * torch.where(used, logprobs_B_T, 0.0)).sum()
        zero = torch.zeros((), dtype=torch.float64, device=logprobs_B_T.device)
        metrics = MetricSums(**dict.fromkeys(MetricSums._fields, zero))._replace(
            num_tokens=total(used),
            num_excluded=total(wanted & ~used),
            denominator=total(used),
            loss=total(loss),
            entropy=entropy_total(entropies_B_T, used),
        )
        return LossSums(loss=loss, denominator=used.sum(), metrics=metrics)
