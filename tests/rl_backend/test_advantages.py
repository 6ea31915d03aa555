"""Group advantages: the formula by hand, and what must hold for any rewards."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_backend.advantages import AdvantageNorm, GroupDrop, group_advantages

REWARDS = st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=2, max_size=16)


def test_divides_the_centred_reward_by_the_population_deviation() -> None:
    group = group_advantages([1.0, 0.0, 0.0, 0.0])
    std = math.sqrt(3) / 4
    assert group.mean == 0.25
    assert group.std == pytest.approx(std)
    assert group.advantages == pytest.approx((0.75 / (std + 1e-6),) + (-0.25 / (std + 1e-6),) * 3)


def test_a_floor_bounds_how_far_a_small_spread_is_blown_up() -> None:
    group = group_advantages([0.51, 0.49], std_floor=0.1)
    assert group.advantages == pytest.approx((0.01 / 0.100001, -0.01 / 0.100001))


def test_unscored_rollouts_move_nothing_and_get_no_advantage() -> None:
    with_gap = group_advantages([1.0, None, 0.0])
    without = group_advantages([1.0, 0.0])
    assert with_gap.advantages == (without.advantages[0], None, without.advantages[1])


@pytest.mark.parametrize(
    ("rewards", "reason"),
    [
        ([0.5, 0.5 + 9e-7, None], GroupDrop.NO_SPREAD),
        ([None, 0.5], GroupDrop.TOO_FEW_SCORED),
        ([None, None], GroupDrop.TOO_FEW_SCORED),
        ([], GroupDrop.TOO_FEW_SCORED),
    ],
)
def test_a_group_that_teaches_nothing_says_why(
    rewards: list[float | None], reason: GroupDrop
) -> None:
    group = group_advantages(rewards)
    assert group.drop is reason
    assert group.advantages == tuple(None if r is None else 0.0 for r in rewards)


@given(rewards=REWARDS, norm=st.sampled_from(AdvantageNorm))
def test_advantages_of_a_group_sum_to_zero(
    rewards: list[float | None], norm: AdvantageNorm
) -> None:
    advantages = group_advantages(rewards, norm=norm).advantages
    assert sum(a for a in advantages if a is not None) == pytest.approx(0.0, abs=1e-6)


@given(rewards=REWARDS)
def test_a_better_reward_never_has_a_smaller_advantage(rewards: list[float | None]) -> None:
    advantages = group_advantages(rewards).advantages
    pairs = sorted(
        (r, a) for r, a in zip(rewards, advantages, strict=True) if r is not None and a is not None
    )
    assert [a for _, a in pairs] == sorted(a for _, a in pairs)


@pytest.mark.parametrize("reward", [math.nan, math.inf])
def test_a_reward_that_is_no_number_is_refused(reward: float) -> None:
    with pytest.raises(ValueError, match="finite or None"):
        group_advantages([reward, 1.0])


def test_a_negative_floor_is_refused() -> None:
    with pytest.raises(ValueError, match="std_floor"):
        group_advantages([0.0, 1.0], std_floor=-0.1)
