"""What every objective is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rl_backend.types import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class LossInputs:
    """The parts of a batch that an objective reads, on the trainer's device."""

    loss_mask_B_T: Tensor
    """True on sampled tokens."""
    token_mask_B_T: Tensor
    """True on every token that has a predecessor; False on padding and on position 0."""
    old_logprobs_B_T: Tensor
    engine_logprobs_B_T: Tensor
    advantages_B_T: Tensor
    reference_logprobs_B_T: Tensor | None = None
    """Under the policy that the KL term holds on to; None when there is no such term."""

    @classmethod
    def from_batch(cls, batch: Batch, device: torch.device) -> Self:
        """The batch's arrays as tensors on `device`."""

        def tensor(array: NDArray[np.generic]) -> Tensor:
            return torch.from_numpy(array).to(device)

        positions_T = torch.arange(batch.tokens_B_T.shape[1])
        lengths_B = torch.from_numpy(batch.lengths_B)
        token_mask_B_T = (positions_T[None] < lengths_B[:, None]) & (positions_T[None] > 0)
        reference = batch.reference_logprobs_B_T
        return cls(
            loss_mask_B_T=tensor(batch.loss_mask_B_T),
            token_mask_B_T=token_mask_B_T.to(device),
            old_logprobs_B_T=tensor(batch.old_logprobs_B_T),
            engine_logprobs_B_T=tensor(batch.engine_logprobs_B_T),
            advantages_B_T=tensor(batch.advantages_B_T),
            reference_logprobs_B_T=None if reference is None else tensor(reference),
        )


class MetricSums(NamedTuple):
    """Sums over the trained tokens, as scalars of float64 so that large counts stay exact."""

    num_tokens: Tensor
    num_excluded: Tensor
    """Tokens of the loss mask that were left out because a log-probability is not finite."""
    denominator: Tensor
    """What the loss is divided by."""
    loss: Tensor
    """Sum of what is minimised, every term included."""
    ratio: Tensor
    clipped_low: Tensor
    clipped_high: Tensor
    kl: Tensor
    reference_kl: Tensor
    engine_kl: Tensor
    engine_capped: Tensor
    engine_masked: Tensor
    entropy: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSums:
    """One microbatch's share of the loss."""

    loss: Tensor
    """Differentiable scalar: the numerator."""
    denominator: Tensor
    """Integer scalar: this share of the denominator."""
    metrics: MetricSums
    """Detached sums for the log."""


class Objective(Protocol):
    """Turns log-probabilities into a loss."""

    @property
    def has_ratio(self) -> bool:
        """Whether the ratio, clip and KL sums mean anything."""

    @property
    def needs_reference(self) -> bool:
        """Whether log-probabilities of a reference policy must be given."""

    @property
    def needs_context(self) -> bool:
        """Whether tokens outside the loss mask carry loss."""

    @property
    def needs_entropy_gradient(self) -> bool:
        """Whether the entropies must be differentiable."""

    def sums(
        self, logprobs_B_T: Tensor, inputs: LossInputs, entropies_B_T: Tensor | None = None
    ) -> LossSums:
        """Loss and metrics, summed over the tokens of one microbatch."""


def total(values: Tensor) -> Tensor:
    """The sum of all, detached, in float64."""
    return values.detach().sum(dtype=torch.float64)


def entropy_total(entropies_B_T: Tensor | None, used: Tensor) -> Tensor:
    """The sum over the used tokens; NaN when no entropies were computed."""
    if entropies_B_T is None:
        return torch.full((), float("nan"), dtype=torch.float64, device=used.device)
    return total(torch.where(used, entropies_B_T, 0.0))
