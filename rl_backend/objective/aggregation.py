"""How the losses of tokens become one number: what weighs as much as what.

All three are sums over rows that hold whole responses, divided by an integer that adds up over
microbatches and ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rl_backend.objective_kinds import Aggregation


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregator:
    """One of the three, with the length that `CONSTANT` divides by."""

    kind: Aggregation
    constant_length: int = 1

    def numerator(self, losses_B_T: Tensor, used_B_T: Tensor) -> Tensor:
        """The differentiable sum; tokens that are not used count as zero."""
        kept = torch.where(used_B_T, losses_B_T, 0.0)
        if self.kind is not Aggregation.SEQUENCE:
            return kept.sum()
        return (kept.sum(-1) / used_B_T.sum(-1).clamp(min=1)).sum()

    def denominator(self, used_B_T: Tensor) -> Tensor:
        """Integer scalar."""
        if self.kind is Aggregation.TOKEN:
            return used_B_T.sum()
        num_rows = used_B_T.any(-1).sum()
        return num_rows if self.kind is Aggregation.SEQUENCE else num_rows * self.constant_length
