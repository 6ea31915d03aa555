"""The settings of advantages and of the objective: a part of `config`."""

from __future__ import annotations

from typing import Self

from pydantic import Field as Declared
from pydantic import model_validator

from rl_backend.advantages import AdvantageNorm
from rl_backend.config_section import Section
from rl_backend.objective_kinds import (
    Aggregation,
    ClipSignal,
    RatioLevel,
    RewardKind,
    Surrogate,
)


class AdvantageConfig(Section):
    """How rewards of a group become advantages."""

    reward: RewardKind = RewardKind.PROPORTION
    """`proportion` of the criteria that are met, or `all_or_nothing`. Figures, filters of the warm
    start and reviews keep to the proportion."""
    norm: AdvantageNorm = AdvantageNorm.STD
    """`std` divides by the group's deviation, `none` does not."""
    std_floor: float = Declared(default=0.0, ge=0)
    """Smallest deviation divided by, in reward; 0 leaves tiny spreads as they are."""
    overlong_max_tokens: int | None = Declared(default=None, ge=1)
    """Sampled tokens of a rollout at which 1 is taken off the reward that advantages are made of
    (DAPO's soft overlong punishment); None: never."""
    overlong_buffer_tokens: int = Declared(default=1, ge=1)
    """The last tokens before that, over which the punishment grows in a line."""

    @model_validator(mode="after")
    def _buffer_fits(self) -> Self:
        if self.overlong_max_tokens is not None and (
            self.overlong_buffer_tokens > self.overlong_max_tokens
        ):
            raise ValueError(
                f"overlong_buffer_tokens ({self.overlong_buffer_tokens}) must not exceed "
                f"overlong_max_tokens ({self.overlong_max_tokens})"
            )
        return self


class AdaptiveClipConfig(Section):
    """A clip_high that follows what updates report; off unless a signal is chosen."""

    signal: ClipSignal = ClipSignal.OFF
    """`off`, `clip_fraction` (it widens when more tokens are cut than the target says; wants
    `trainer.num_minibatches` above 1) or `entropy` (it widens when there is less)."""
    target: float = Declared(default=0.0, ge=0)
    """Wanted share of tokens cut at the upper bound, or entropy in nats."""
    gain: float = Declared(default=0.1, gt=0)
    """Change of log(clip_high) per update when the signal is off by as much as the target."""
    lowest: float = Declared(default=0.1, gt=0)
    """Smallest clip_high, which begins within these limits."""
    highest: float = Declared(default=0.5, gt=0)
    """Largest clip_high."""

    @model_validator(mode="after")
    def _can_steer(self) -> Self:
        if self.signal is not ClipSignal.OFF and self.target == 0:
            raise ValueError(f"target must be above 0 for the signal {self.signal}")
        if self.lowest > self.highest:
            raise ValueError(f"lowest ({self.lowest}) must not exceed highest ({self.highest})")
        return self


class ObjectiveConfig(Section):
    """The policy objective; the defaults are the paper's, section 4.4."""

    clip_low: float = Declared(default=0.2, ge=0, le=1)
    """The ratio is clipped at 1 - clip_low; 1 is no lower bound."""
    clip_high: float = Declared(default=0.28, ge=0)
    """The ratio is clipped at 1 + clip_high; equal to clip_low it is GRPO."""
    dual_clip: float | None = Declared(default=None, gt=1)
    """Bound on the loss of a token with a negative advantage, in advantages; None: no bound. Only
    with the surrogate `clip`."""
    ratio_level: RatioLevel = RatioLevel.TOKEN
    """`token`, or `sequence` for GSPO (with bounds near 3e-4 and aggregation `sequence`)."""
    surrogate: Surrogate = Surrogate.CLIP
    """`clip` (PPO, GRPO, DAPO) or `cispo` (clipped weights on every token's gradient)."""
    aggregation: Aggregation = Aggregation.TOKEN
    """Mean over `token` (DAPO), over `sequence` (GRPO's paper), or by `constant` (Dr. GRPO)."""
    constant_length: int | None = Declared(default=None, ge=1)
    """Tokens that `constant` divides each response by; None takes `rollout.max_new_tokens`."""
    kl_coef: float = Declared(default=0.0, ge=0)
    """Weight of the divergence from the policy that the reinforcement phase began with."""
    entropy_coef: float = Declared(default=0.0, ge=0)
    """Weight of the entropy bonus."""
    engine_ratio_cap: float | None = Declared(default=None, ge=1)
    """Cap of the importance weight between trainer and engine; None: no weight."""
    engine_ratio_floor: float | None = Declared(default=None, ge=0, le=1)
    """With a cap: tokens whose weight is outside [floor, cap] teach nothing; None: only capped."""
    adaptive_clip: AdaptiveClipConfig = AdaptiveClipConfig()

    @model_validator(mode="after")
    def _floor_has_a_cap(self) -> Self:
        if self.engine_ratio_floor is not None and self.engine_ratio_cap is None:
            raise ValueError("engine_ratio_floor needs an engine_ratio_cap")
        return self

    @model_validator(mode="after")
    def _adaptive_clip_begins_within_its_limits(self) -> Self:
        steer = self.adaptive_clip
        is_within = steer.lowest <= self.clip_high <= steer.highest
        if steer.signal is not ClipSignal.OFF and not is_within:
            raise ValueError(
                f"clip_high ({self.clip_high}) must lie between adaptive_clip.lowest "
                f"({steer.lowest}) and adaptive_clip.highest ({steer.highest})"
            )
        return self

    @model_validator(mode="after")
    def _dual_clip_has_a_part(self) -> Self:
        if self.dual_clip is not None and self.surrogate is Surrogate.CISPO:
            raise ValueError("dual_clip has no part in the surrogate cispo; leave one of them out")
        return self
