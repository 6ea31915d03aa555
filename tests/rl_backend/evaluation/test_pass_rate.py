"""Numbers that were computed by hand or with an independent tool."""

import pytest

from rl_backend.evaluation.pass_rate import mcnemar, paired_gain, pass_at_k, pass_hat_k, wilson


def test_wilson_agrees_with_the_textbook_and_stays_inside() -> None:
    assert wilson(0.0, 20).low == 0.0
    assert wilson(0.0, 20).high == pytest.approx(0.161125, abs=1e-6)
    assert wilson(1.0, 20).high == 1.0
    assert wilson(1.0, 20).low == pytest.approx(1 - 0.161125, abs=1e-6)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(0.5, 0)


def test_pass_k_counts_the_subsets() -> None:
    # of the 6 pairs of 4 rollouts, 2 passed: 1 pair passes wholly, 5 at least once
    assert pass_hat_k(4, 2, 2) == pytest.approx(1 / 6)
    assert pass_at_k(4, 2, 2) == pytest.approx(5 / 6)
    assert pass_at_k(3, 0, 3) == 0.0
    assert pass_hat_k(3, 3, 3) == 1.0
    with pytest.raises(ValueError, match="k = 5"):
        pass_at_k(4, 2, 5)


def test_mcnemar_is_the_two_sided_binomial_test() -> None:
    # 5 gained, 1 lost: 2 * (C(6,0) + C(6,1)) / 64
    assert mcnemar([False] * 5 + [True], [True] * 5 + [False]).p_value == 14 / 64
    assert mcnemar([True, False], [True, False]).p_value == 1.0
    # 1 gained, 1 lost: both tails are everything
    assert mcnemar([True, False], [False, True]).p_value == 1.0


def test_the_gain_is_paired_and_reproducible() -> None:
    first, second = [0.0, 0.2, 0.4, 0.6], [0.5, 0.7, 0.9, 1.1]
    gain = paired_gain(first, second)
    assert gain is not None
    # every task gains the same, so drawing tasks again changes nothing
    assert (gain.value, gain.low, gain.high) == pytest.approx((0.5, 0.5, 0.5))
    mixed = paired_gain([0.0] * 10, [1.0] * 5 + [0.0] * 5)
    assert mixed is not None
    assert 0.1 <= mixed.low < mixed.value == 0.5 < mixed.high <= 0.9
    assert paired_gain([0.0] * 10, [1.0] * 5 + [0.0] * 5) == mixed
    assert paired_gain([], []) is None
