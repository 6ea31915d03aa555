"""The objective of reinforcement: one function, of which the published ones are cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from rl_backend.objective.aggregation import Aggregator
from rl_backend.objective.base import LossInputs, LossSums, MetricSums, entropy_total, total
from rl_backend.objective.ratios import bounded, k3, log_ratios
from rl_backend.objective.surrogates import Bounds, cispo_gain, clip_gain
from rl_backend.objective_kinds import Aggregation, RatioLevel, Surrogate


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyObjective:
    """-sum_t w_t gain(rho_t, A_t) / D + kl_coef KL(new || reference) - entropy_coef H.

    The defaults are the paper's: min(rho A, clip(rho, 1 - clip_low, 1 + clip_high) A) with a mean
    over tokens, DAPO's "clip higher". With `clip_low == clip_high` it is GRPO.

    Source: paper section 4.4; the options name their own.
    """

    clip_low: float = 0.2
    clip_high: float = 0.28
    dual_clip: float | None = None
    """Bound on the loss of a token with A < 0, in advantages; None: off."""
    ratio_level: RatioLevel = RatioLevel.TOKEN
    surrogate: Surrogate = Surrogate.CLIP
    aggregation: Aggregation = Aggregation.TOKEN
    constant_length: int = 1
    """Tokens that `Aggregation.CONSTANT` divides by."""
    kl_coef: float = 0.0
    """Weight of the divergence from the reference policy, estimator k3, which takes the place of
    a reward for staying near. Source: DeepSeekMath, arXiv 2402.03300, equation 4."""
    entropy_coef: float = 0.0
    """Weight of the entropy that is rewarded. Source: A3C, arXiv 1602.01783, section 4."""
    engine_ratio_cap: float | None = None
    """C of w_t = min(pi_old(o_t) / pi_engine(o_t), C), truncated importance sampling between the
    trainer's and the engine's log-probabilities; None: w_t = 1. Source: F. Yao et al., "Your
    efficient RL framework secretly brings you off-policy RL training", 2025."""
    engine_ratio_floor: float | None = None
    """With a cap: tokens whose ratio is outside [floor, cap] lose their gain instead of being
    capped, and stay in the denominator; None: capped. Source: IcePop, Ring-1T, arXiv 2510.18855."""

    def __post_init__(self) -> None:
        self.bounds()
        if min(self.kl_coef, self.entropy_coef) < 0.0:
            raise ValueError("kl_coef and entropy_coef must be 0 or more")
        if self.constant_length < 1:
            raise ValueError(f"constant_length must be 1 or more, got {self.constant_length}")
        if self.engine_ratio_cap is not None and self.engine_ratio_cap < 1.0:
            raise ValueError(f"engine_ratio_cap must be 1 or more, got {self.engine_ratio_cap}")
        if self.engine_ratio_floor is not None and (
            self.engine_ratio_cap is None or not 0.0 <= self.engine_ratio_floor <= 1.0
        ):
            raise ValueError("engine_ratio_floor must be in [0, 1] and needs an engine_ratio_cap")

    @classmethod
    def grpo(cls, clip: float = 0.2) -> Self:
        """The equal-bounds case."""
        return cls(clip_low=clip, clip_high=clip)

    @property
    def has_ratio(self) -> bool:
        """Always: the ratio is what is clipped."""
        return True

    @property
    def needs_reference(self) -> bool:
        return self.kl_coef > 0.0

    @property
    def needs_context(self) -> bool:
        """Never: only sampled tokens are judged."""
        return False

    @property
    def needs_entropy_gradient(self) -> bool:
        return self.entropy_coef > 0.0

    def bounds(self) -> Bounds:
        return Bounds(low=self.clip_low, high=self.clip_high, dual=self.dual_clip)

    def sums(
        self, logprobs_B_T: Tensor, inputs: LossInputs, entropies_B_T: Tensor | None = None
    ) -> LossSums:
        """Loss and metrics, summed over the sampled tokens whose log-probabilities are finite.

        Raises ValueError when a term's input is missing.
        """
        used = self._used_tokens(logprobs_B_T, inputs)
        new = torch.where(used, logprobs_B_T, 0.0)
        old = torch.where(used, inputs.old_logprobs_B_T, 0.0)
        log_ratio = log_ratios(new, old, used, self.ratio_level)
        engine = torch.where(used & inputs.engine_logprobs_B_T.isfinite(),
                             inputs.engine_logprobs_B_T, old)  # fmt: skip
        log_engine = bounded(old - engine)
        reference_kl = self._reference_kl(new, inputs, used)
        gain = self._gain(log_ratio, new, inputs.advantages_B_T) * self._weight(log_engine)
        losses = self._with_terms(-gain, reference_kl, entropies_B_T)
        aggregator = Aggregator(kind=self.aggregation, constant_length=self.constant_length)
        loss, denominator = aggregator.numerator(losses, used), aggregator.denominator(used)
        seen, advantages = log_ratio.detach().exp(), inputs.advantages_B_T
        metrics = MetricSums(
            num_tokens=total(used),
            num_excluded=total(inputs.loss_mask_B_T & ~used),
            denominator=total(denominator),
            loss=total(loss),
            ratio=total(torch.where(used, seen, 0.0)),
            clipped_low=total(used & (seen < 1 - self.clip_low) & self._is_held(-advantages)),
            clipped_high=total(used & (seen > 1 + self.clip_high) & self._is_held(advantages)),
            kl=total(torch.where(used, k3(bounded(new.detach() - old)), 0.0)),
            reference_kl=total(torch.where(used, reference_kl, 0.0)),
            engine_kl=total(k3(log_engine)),
            engine_capped=total(used & self._is_capped(log_engine)),
            engine_masked=total(used & self._is_masked(log_engine)),
            entropy=entropy_total(entropies_B_T, used),
        )
        return LossSums(loss=loss, denominator=denominator, metrics=metrics)

    def _used_tokens(self, logprobs_B_T: Tensor, inputs: LossInputs) -> Tensor:
        used = inputs.loss_mask_B_T & logprobs_B_T.isfinite() & inputs.old_logprobs_B_T.isfinite()
        if self.engine_ratio_cap is not None:
            used = used & inputs.engine_logprobs_B_T.isfinite()
        if self.needs_reference and inputs.reference_logprobs_B_T is not None:
            used = used & inputs.reference_logprobs_B_T.isfinite()
        return used

    def _gain(self, log_ratio: Tensor, logprobs: Tensor, advantages: Tensor) -> Tensor:
        if self.surrogate is Surrogate.CISPO:
            return cispo_gain(log_ratio, logprobs, advantages, self.bounds())
        return clip_gain(log_ratio, advantages, self.bounds())

    def _is_held(self, towards: Tensor) -> Tensor:
        """Where a ratio beyond a bound is cut, `towards` being the advantage of going there.

        CISPO clips the weight of a token whatever its advantage; the minimum of `CLIP` is cut only
        where going further would gain.
        """
        return towards != 0 if self.surrogate is Surrogate.CISPO else towards > 0

    def _reference_kl(self, new: Tensor, inputs: LossInputs, used: Tensor) -> Tensor:
        if not self.needs_reference:
            return torch.zeros_like(new)
        if inputs.reference_logprobs_B_T is None:
            raise ValueError("kl_coef needs log-probabilities of a reference policy in the batch")
        reference = torch.where(used, inputs.reference_logprobs_B_T, 0.0)
        return k3(bounded(reference - new))

    def _with_terms(
        self, losses: Tensor, reference_kl: Tensor, entropies_B_T: Tensor | None
    ) -> Tensor:
        if self.kl_coef:
            losses = losses + self.kl_coef * reference_kl
        if self.entropy_coef:
            if entropies_B_T is None:
                raise ValueError("entropy_coef needs the entropies of the policy")
            losses = losses - self.entropy_coef * entropies_B_T
        return losses

    def _weight(self, log_engine: Tensor) -> Tensor:
        if self.engine_ratio_cap is None:
            return torch.ones_like(log_engine)
        weight = log_engine.exp().clamp(max=self.engine_ratio_cap)
        return torch.where(self._is_masked(log_engine), 0.0, weight)

    def _is_masked(self, log_engine: Tensor) -> Tensor:
        if self.engine_ratio_floor is None:
            return torch.zeros_like(log_engine, dtype=torch.bool)
        return (log_engine.exp() < self.engine_ratio_floor) | self._is_capped(log_engine)

    def _is_capped(self, log_engine: Tensor) -> Tensor:
        cap = float("inf") if self.engine_ratio_cap is None else self.engine_ratio_cap
        return log_engine.exp() > cap
