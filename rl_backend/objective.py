"""What an update minimises: the clipped policy objective and the supervised one.

Pure tensor functions between the trainer's log-probabilities and its backward pass. They return
*sums* over tokens; the trainer divides by the number of tokens of the whole batch, over all
microbatches and data-parallel ranks, so that how a batch was cut never changes the update.

A token whose log-probability is not finite leaves the numerator and the denominator: a single
engine hiccup must neither poison the gradient nor count as a token of zero loss.

Axes: `_B` rows, `_T` tokens, aligned with the tokens as in `rl_backend.types`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from rl_backend.types import Batch

MAX_LOG_RATIO = 20.0


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

    @classmethod
    def from_batch(cls, batch: Batch, device: torch.device) -> Self:
        """The batch's arrays as tensors on `device`."""
        positions_T = torch.arange(batch.tokens_B_T.shape[1])
        lengths_B = torch.from_numpy(batch.lengths_B)
        token_mask_B_T = (positions_T[None] < lengths_B[:, None]) & (positions_T[None] > 0)
        return cls(
            loss_mask_B_T=torch.from_numpy(batch.loss_mask_B_T).to(device),
            token_mask_B_T=token_mask_B_T.to(device),
            old_logprobs_B_T=torch.from_numpy(batch.old_logprobs_B_T).to(device),
            engine_logprobs_B_T=torch.from_numpy(batch.engine_logprobs_B_T).to(device),
            advantages_B_T=torch.from_numpy(batch.advantages_B_T).to(device),
        )


class MetricSums(NamedTuple):
    """Sums over the trained tokens, as scalars of float64 so that large counts stay exact."""

    num_tokens: Tensor
    num_excluded: Tensor
    """Tokens of the loss mask that were left out because a log-probability is not finite."""
    loss: Tensor
    ratio: Tensor
    clipped_low: Tensor
    clipped_high: Tensor
    kl: Tensor
    engine_kl: Tensor
    engine_capped: Tensor
    entropy: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSums:
    """One microbatch's share of the loss."""

    loss: Tensor
    """Differentiable scalar: the sum of the token losses."""
    num_tokens: Tensor
    """Integer scalar: this share of the denominator."""
    metrics: MetricSums
    """Detached sums for the log."""


class Objective(Protocol):
    """Turns log-probabilities into a loss."""

    @property
    def has_ratio(self) -> bool:
        """Whether the ratio, clip and KL sums mean anything."""

    def sums(
        self, logprobs_B_T: Tensor, inputs: LossInputs, entropies_B_T: Tensor | None = None
    ) -> LossSums:
        """Loss and metrics, summed over the tokens of one microbatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClippedObjective:
    """-sum_t w_t min(rho_t A_t, clip(rho_t, 1 - clip_low, 1 + clip_high) A_t) / sum_i T_i.

    rho_t = pi_new(o_t) / pi_old(o_t). With `clip_low == clip_high` this is GRPO's objective
    without a KL term; separate bounds are DAPO's "clip higher", which lets unlikely tokens rise.

    Source: paper section 4.4; PPO, arXiv 1707.06347, equation 7; DAPO, arXiv 2503.14476,
    section 3.1 (bounds) and 3.3 (token-level mean).
    """

    clip_low: float = 0.2
    clip_high: float = 0.28
    dual_clip: float | None = None
    """For A < 0 the loss of a token is at most `dual_clip * |A|` (arXiv 1912.09729); None: off."""
    engine_ratio_cap: float | None = None
    """C of w_t = min(pi_old(o_t) / pi_engine(o_t), C), truncated importance sampling between the
    trainer's and the engine's log-probabilities; None: w_t = 1."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.clip_low < 1.0 or self.clip_high < 0.0:
            raise ValueError(
                "clip_low must be in [0, 1) and clip_high 0 or more, "
                f"got {self.clip_low} and {self.clip_high}"
            )
        if self.dual_clip is not None and self.dual_clip <= 1.0:
            raise ValueError(f"dual_clip must be above 1, got {self.dual_clip}")
        if self.engine_ratio_cap is not None and self.engine_ratio_cap < 1.0:
            raise ValueError(f"engine_ratio_cap must be 1 or more, got {self.engine_ratio_cap}")

    @classmethod
    def grpo(cls, clip: float = 0.2) -> Self:
        """The equal-bounds case."""
        return cls(clip_low=clip, clip_high=clip)

    @property
    def has_ratio(self) -> bool:
        """Always: the ratio is what is clipped."""
        return True

    def sums(
        self, logprobs_B_T: Tensor, inputs: LossInputs, entropies_B_T: Tensor | None = None
    ) -> LossSums:
        """Loss and metrics, summed over the sampled tokens whose log-probabilities are finite."""
        used = self._used_tokens(logprobs_B_T, inputs)
        new = torch.where(used, logprobs_B_T, 0.0)
        old = torch.where(used, inputs.old_logprobs_B_T, 0.0)
        engine = _finite_or(inputs.engine_logprobs_B_T, old, used)
        log_ratio = (new - old).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
        log_engine_ratio = (old - engine).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
        ratio = log_ratio.exp()
        gain = self._gain(ratio, inputs.advantages_B_T) * self._weight(log_engine_ratio)
        loss = -torch.where(used, gain, 0.0).sum()
        seen = ratio.detach()
        advantages = inputs.advantages_B_T
        metrics = MetricSums(
            num_tokens=_total(used),
            num_excluded=_total(inputs.loss_mask_B_T & ~used),
            loss=_total(loss),
            ratio=_total(torch.where(used, seen, 0.0)),
            clipped_low=_total(used & (seen < 1 - self.clip_low) & (advantages < 0)),
            clipped_high=_total(used & (seen > 1 + self.clip_high) & (advantages > 0)),
            kl=_total(_k3(log_ratio)),
            engine_kl=_total(_k3(log_engine_ratio)),
            engine_capped=_total(used & self._is_capped(log_engine_ratio)),
            entropy=_entropy_total(entropies_B_T, used),
        )
        return LossSums(loss=loss, num_tokens=used.sum(), metrics=metrics)

    def _used_tokens(self, logprobs_B_T: Tensor, inputs: LossInputs) -> Tensor:
        used = inputs.loss_mask_B_T & logprobs_B_T.isfinite() & inputs.old_logprobs_B_T.isfinite()
        if self.engine_ratio_cap is None:
            return used
        return used & inputs.engine_logprobs_B_T.isfinite()

    def _gain(self, ratio: Tensor, advantages: Tensor) -> Tensor:
        clipped = ratio.clamp(1 - self.clip_low, 1 + self.clip_high)
        gain = torch.minimum(ratio * advantages, clipped * advantages)
        if self.dual_clip is None:
            return gain
        return torch.where(advantages < 0, torch.maximum(gain, self.dual_clip * advantages), gain)

    def _weight(self, log_engine_ratio: Tensor) -> Tensor:
        if self.engine_ratio_cap is None:
            return torch.ones_like(log_engine_ratio)
        return log_engine_ratio.exp().clamp(max=self.engine_ratio_cap)

    def _is_capped(self, log_engine_ratio: Tensor) -> Tensor:
        cap = float("inf") if self.engine_ratio_cap is None else self.engine_ratio_cap
        return log_engine_ratio.exp() > cap


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
        metrics = MetricSums(
            num_tokens=_total(used),
            num_excluded=_total(wanted & ~used),
            loss=_total(loss),
            ratio=zero,
            clipped_low=zero,
            clipped_high=zero,
            kl=zero,
            engine_kl=zero,
            engine_capped=zero,
            entropy=_entropy_total(entropies_B_T, used),
        )
        return LossSums(loss=loss, num_tokens=used.sum(), metrics=metrics)


def _total(values: Tensor) -> Tensor:
    return values.detach().sum(dtype=torch.float64)


def _finite_or(values: Tensor, fallback: Tensor, used: Tensor) -> Tensor:
    return torch.where(used & values.isfinite(), values, fallback)


def _k3(log_ratio: Tensor) -> Tensor:
    """Schulman's estimator of the divergence: r - 1 - log r, never negative."""
    return log_ratio.exp() - 1 - log_ratio


def _entropy_total(entropies_B_T: Tensor | None, used: Tensor) -> Tensor:
    if entropies_B_T is None:
        return torch.full((), float("nan"), dtype=torch.float64, device=used.device)
    return _total(torch.where(used, entropies_B_T, 0.0))
