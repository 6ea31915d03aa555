"""What a reward becomes before its group's advantages are taken; reports always show it as judged.

Between the judges and `advantages`. Shaping moves only what the update sees.
"""

from __future__ import annotations

from dataclasses import dataclass

from rl_backend.objective_kinds import RewardKind
from world_builder.rubrics import Judgement


def trained_reward(judgement: Judgement | None, kind: RewardKind) -> float | None:
    """The reward in [0, 1] that advantages are made of; None when the rollout was not scored."""
    if judgement is None or judgement.reward is None or judgement.is_pass is None:
        return None
    return judgement.reward if kind is RewardKind.PROPORTION else float(judgement.is_pass)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlongPenalty:
    """A soft punishment of responses near or beyond a length, from 0 down to -1.

    Source: DAPO, arXiv 2503.14476, section 3.4, equation 13.
    """

    max_tokens: int
    """Sampled tokens of a rollout from which on the whole penalty falls."""
    buffer_tokens: int
    """The last tokens before that, over which it grows in a line."""

    def __post_init__(self) -> None:
        if not 1 <= self.buffer_tokens <= self.max_tokens:
            raise ValueError(
                "the buffer of the overlong penalty must be at least 1 token and at most its "
                f"maximum, got {self.buffer_tokens} of {self.max_tokens}"
            )

    def of(self, num_sampled: int) -> float:
        """The penalty, 0 or less.

        >>> penalty = OverlongPenalty(max_tokens=100, buffer_tokens=20)
        >>> penalty.of(80), penalty.of(90), penalty.of(100), penalty.of(500)
        (0.0, -0.5, -1.0, -1.0)
        """
        over = num_sampled - (self.max_tokens - self.buffer_tokens)
        return 0.0 - max(0.0, min(1.0, over / self.buffer_tokens))
