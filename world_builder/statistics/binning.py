"""Histograms: the values of a spread in a few intervals of one width, gaps included."""

from dataclasses import dataclass

from world_builder.statistics.types import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """How many things have a value from `low` to `high`, both included."""

    low: int
    high: int
    count: int

    @property
    def label(self) -> str:
        """The interval as people write it."""
        return str(self.low) if self.low == self.high else f"{self.low}–{self.high}"


def binned(spread: Spread, most: int = 12) -> tuple[Bin, ...]:
    """The histogram of a spread in at most so many bins; empty when nothing was counted.

    >>> spread = Spread.of([1, 1, 2, 5, 6])
    >>> [(b.label, b.count) for b in binned(spread)]
    [('1', 2), ('2', 1), ('3', 0), ('4', 0), ('5', 1), ('6', 1)]
    >>> [(b.label, b.count) for b in binned(spread, most=3)]
    [('1–2', 3), ('3–4', 0), ('5–6', 2)]
    """
    if spread.minimum is None or spread.maximum is None:
        return ()
    width = -(-(spread.maximum - spread.minimum + 1) // most)
    lows = range(spread.minimum, spread.maximum + 1, width)
    return tuple(
        Bin(
            low=low, high=low + width - 1,
            count=sum(spread.counts.get(value, 0) for value in range(low, low + width)),
        )
        for low in lows
    )  # fmt: skip
