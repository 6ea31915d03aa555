"""The arithmetic of pass rates: intervals, pass^k and pass@k, paired tests.

Pure functions of counts and flags, each with its source; what was counted is `report`'s and
`pairing`'s affair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from pydantic import Field as Declared

from rl_backend.seeding import generator
from world_builder.frozen import Frozen


class Interval(Frozen):
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(share: float, num: int, *, confidence: float = 0.95) -> Interval:
    """The Wilson score interval of a share of `num` independent trials.

    >>> wilson(0.5, 10)
    Interval(value=0.5, low=0.236593, high=0.763407)

    Raises:
        ValueError: no trial, or a share outside [0, 1].

    Source: E. B. Wilson, JASA 22 (1927), 209-212.
    """
    if num < 1 or not 0.0 <= share <= 1.0:
        raise ValueError(f"a share in [0, 1] of at least one trial is needed: {share} of {num}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    scale = 1 + z * z / num
    centre = (share + z * z / (2 * num)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / num + z * z / (4 * num * num))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Interval(value=share, low=round(low, 6), high=round(high, 6))


def pass_at_k(num_rollouts: int, num_passed: int, k: int) -> float:
    """Chance that at least one of k rollouts passes: 1 - C(n - c, k) / C(n, k), unbiased.

    >>> round(pass_at_k(4, 1, 2), 6)
    0.5

    Raises:
        ValueError: fewer than k rollouts, or more passed than there are.

    Source: arXiv 2107.03374, equation 1.
    """
    _check_counts(num_rollouts, num_passed, k)
    return 1.0 - math.comb(num_rollouts - num_passed, k) / math.comb(num_rollouts, k)


def pass_hat_k(num_rollouts: int, num_passed: int, k: int) -> float:
    """Chance that all of k rollouts pass: C(c, k) / C(n, k), unbiased.

    >>> round(pass_hat_k(4, 3, 2), 6)
    0.5

    Raises:
        ValueError: fewer than k rollouts, or more passed than there are.

    Source: tau-bench, arXiv 2406.12045, section 3.
    """
    _check_counts(num_rollouts, num_passed, k)
    return math.comb(num_passed, k) / math.comb(num_rollouts, k)


class PairedTest(Frozen):
    """McNemar's exact test on tasks that two policies both worked on."""

    num_gained: int = Declared(ge=0)
    """Passed by the second policy alone."""
    num_lost: int = Declared(ge=0)
    """Passed by the first policy alone."""
    p_value: float
    """Two-sided; 1.0 when the policies never differ."""


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> PairedTest:
    """Whether two policies differ on the same tasks, by the exact binomial test.

    >>> mcnemar([False] * 5 + [True], [True] * 5 + [False]).p_value
    0.21875

    Raises:
        ValueError: the sequences differ in length.
    """
    pairs = list(zip(first, second, strict=True))
    gained = sum(b and not a for a, b in pairs)
    lost = sum(a and not b for a, b in pairs)
    num = gained + lost
    tail = sum(math.comb(num, i) for i in range(min(gained, lost) + 1))
    p_value = min(1.0, 2 * tail / 2**num)
    return PairedTest(num_gained=gained, num_lost=lost, p_value=p_value)


def paired_gain(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0, num_resamples: int = 2000
) -> Interval | None:
    """Mean of second - first with its 95 % bootstrap interval over tasks; None without tasks.

    Tasks are drawn again with both of their figures, so what is hard for both cancels out.

    Raises:
        ValueError: the sequences differ in length.
    """
    gains = [b - a for a, b in zip(first, second, strict=True)]
    if not gains:
        return None
    draw = generator(seed, "paired_gain")
    means = sorted(
        math.fsum(draw.choices(gains, k=len(gains))) / len(gains) for _ in range(num_resamples)
    )
    cut = round(0.025 * num_resamples)
    mean = math.fsum(gains) / len(gains)
    return Interval(value=mean, low=means[cut], high=means[num_resamples - 1 - cut])


def _check_counts(num_rollouts: int, num_passed: int, k: int) -> None:
    if not 0 <= num_passed <= num_rollouts or not 1 <= k <= num_rollouts:
        raise ValueError(
            f"need 0 <= passed <= rollouts and 1 <= k <= rollouts: "
            f"{num_passed} of {num_rollouts}, k = {k}"
        )
