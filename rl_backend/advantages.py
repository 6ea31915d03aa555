"""Group advantages: how much better one rollout was than the others of its task.

Between the judges, which give rewards, and the batch, which carries one advantage per token.
Pure arithmetic on floats; which rollouts belong to a group is decided by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MIN_SPREAD = 1e-6
STD_EPSILON = 1e-6


class AdvantageNorm(StrEnum):
    """What a centred reward is divided by."""

    STD = "std"
    """The group's standard deviation, as in GRPO (arXiv 2402.03300)."""
    NONE = "none"
    """One, as in Dr. GRPO (arXiv 2503.20783): hard and easy tasks weigh the same."""


class GroupDrop(StrEnum):
    """Why a group teaches nothing."""

    TOO_FEW_SCORED = "too_few_scored"
    NO_SPREAD = "no_spread"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAdvantages:
    """Advantages of one group, in the order of its rewards."""

    advantages: tuple[float | None, ...]
    """None where the rollout was unscored; all zero when the group was dropped."""
    mean: float | None
    """Mean of the scored rewards; None when none was scored."""
    std: float | None
    """Population standard deviation of the scored rewards; None when none was scored."""
    drop: GroupDrop | None
    """None when the group is to be trained on."""


def group_advantages(
    rewards: Sequence[float | None],
    *,
    norm: AdvantageNorm = AdvantageNorm.STD,
    std_floor: float = 0.0,
    min_scored: int = 2,
) -> GroupAdvantages:
    """A_i = (r_i - mean(r)) / (max(std(r), std_floor) + 1e-6), over the scored rollouts.

    None in `rewards` is an unscored rollout: it moves neither mean nor deviation. `std_floor`
    bounds how far a tiny spread (often judge noise) is blown up. A group whose largest and
    smallest reward differ by less than 1e-6, or with fewer than `min_scored` scored rollouts,
    is dropped: its advantages are zero.

    >>> group_advantages([1.0, 0.0, None, 0.0, 1.0]).advantages
    (0.999998000004, -0.999998000004, None, -0.999998000004, 0.999998000004)
    >>> group_advantages([1.0, 0.0, 0.5], norm=AdvantageNorm.NONE).advantages
    (0.5, -0.5, 0.0)
    >>> group_advantages([0.7, 0.7, 0.7]).drop
    <GroupDrop.NO_SPREAD: 'no_spread'>

    Raises:
        ValueError: a reward is not finite, or `std_floor` is negative.

    Source: paper section 4.4; DeepSeekMath, arXiv 2402.03300, section 4.1.1; dropping groups
    without spread: DAPO, arXiv 2503.14476, section 3.2.
    """
    if std_floor < 0:
        raise ValueError(f"std_floor must be 0 or more, got {std_floor}")
    scored = [reward for reward in rewards if reward is not None]
    if not all(math.isfinite(reward) for reward in scored):
        raise ValueError(f"rewards must be finite or None (unscored), got {list(rewards)}")
    mean = math.fsum(scored) / len(scored) if scored else None
    std = _population_std(scored, mean) if mean is not None else None
    drop = _drop_reason(scored, min_scored)
    if drop is not None or mean is None or std is None:
        values = tuple(None if reward is None else 0.0 for reward in rewards)
        return GroupAdvantages(advantages=values, mean=mean, std=std, drop=drop)
    scale = 1.0 if norm is AdvantageNorm.NONE else max(std, std_floor) + STD_EPSILON
    values = tuple(None if reward is None else (reward - mean) / scale for reward in rewards)
    return GroupAdvantages(advantages=values, mean=mean, std=std, drop=None)


def _population_std(scored: Sequence[float], mean: float) -> float:
    return math.sqrt(math.fsum((reward - mean) ** 2 for reward in scored) / len(scored))


def _drop_reason(scored: Sequence[float], min_scored: int) -> GroupDrop | None:
    if len(scored) < max(min_scored, 1):
        return GroupDrop.TOO_FEW_SCORED
    if max(scored) - min(scored) < MIN_SPREAD:
        return GroupDrop.NO_SPREAD
    return None
