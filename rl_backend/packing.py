"""Rows of tokens packed into one line without padding, what they share computed once.

Under `batching`. The rows of a group begin with the same prompt, those of a world with the same
tools: a prefix tree holds each shared beginning once. A segment of the tree sees itself and its
ancestors, so every token sees exactly the tokens before it in its row.

Axes: `_B` rows, `_T` tokens of a row, `_L` the packed line, `_N` predicted tokens, `_S` segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MIN_SHARED = 16
"""Shared tokens that are worth a segment of their own."""
NO_PARENT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Rows as one line of segments, parents before their children."""

    tokens_L: NDArray[np.int64]
    positions_L: NDArray[np.int64]
    """Of each token in its row."""
    segments_S: NDArray[np.int64]
    """`[S, 3]`: start, end (exclusive) and number of the parent, -1 for none."""
    sources_N: NDArray[np.int64]
    """Where the logits are that predict token n."""
    targets_N: NDArray[np.int64]
    lookup_B_T: NDArray[np.int64]
    """1 + n for token t of row b; 0 where nothing is predicted: position 0 and padding."""

    @property
    def num_tokens(self) -> int:
        return len(self.tokens_L)

    def only(self, wanted_B_T: NDArray[np.bool_]) -> Packed:
        """The same line, predicting only the wanted tokens of the rows, but at least one."""
        kept = np.unique(self.lookup_B_T[wanted_B_T])
        kept = kept[kept > 0] if kept.any() else np.ones(1, dtype=np.int64)
        renumbered = np.zeros(len(self.sources_N) + 1, dtype=np.int64)
        renumbered[kept] = np.arange(1, len(kept) + 1)
        return Packed(
            tokens_L=self.tokens_L,
            positions_L=self.positions_L,
            segments_S=self.segments_S,
            sources_N=self.sources_N[kept - 1],
            targets_N=self.targets_N[kept - 1],
            lookup_B_T=renumbered[self.lookup_B_T],
        )


def pack(
    tokens_B_T: NDArray[np.int64], lengths_B: NDArray[np.int64], *, share_prefixes: bool = True
) -> Packed:
    """The rows as one line; with `share_prefixes` False each row is a segment of its own.

    Raises:
        ValueError: no row has a token.
    """
    rows = [tuple(r[:n]) for r, n in zip(tokens_B_T.tolist(), lengths_B.tolist(), strict=True)]
    if not any(rows):
        raise ValueError("there is nothing to pack: every row is empty")
    tree = _Tree(rows)
    if share_prefixes:
        tree.grow()
    else:
        for row in range(len(rows)):
            tree.add([row], 0, len(rows[row]), NO_PARENT)
    return tree.packed(tokens_B_T.shape[1])


def prefix_order(rows: Sequence[Sequence[int]]) -> list[int]:
    """Numbers of the rows, those with common beginnings side by side."""
    return sorted(range(len(rows)), key=lambda number: (tuple(rows[number]), number))


def common_length(first: Sequence[int], second: Sequence[int]) -> int:
    """Number of tokens that both begin with."""
    shortest = min(len(first), len(second))
    same = np.asarray(first[:shortest]) == np.asarray(second[:shortest])
    return shortest if same.all() else int(same.argmin())


class _Tree:
    """The segments as they are added, and where the tokens of each row went."""

    def __init__(self, rows: Sequence[tuple[int, ...]]) -> None:
        self._rows = rows
        self._segments: list[tuple[int, int, int]] = []
        self._tokens: list[int] = []
        self._positions: list[int] = []
        self._sources: list[int] = []
        self._places: list[list[int]] = [[] for _ in rows]

    def grow(self) -> None:
        """Adds all rows, shared beginnings once."""
        order = [number for number in prefix_order(self._rows) if self._rows[number]]
        shared = [common_length(self._rows[a], self._rows[b]) for a, b in pairwise(order)]
        self._branch(order, shared, 0, NO_PARENT)

    def add(self, rows: Sequence[int], start: int, end: int, parent: int) -> int:
        """Tokens `start` to `end` of some rows that agree there; the segment's number."""
        if end <= start:
            return parent
        at = len(self._tokens)
        self._tokens += self._rows[rows[0]][start:end]
        self._positions += range(start, end)
        before = NO_PARENT if parent == NO_PARENT else self._segments[parent][1] - 1
        self._sources += [before, *range(at, at + end - start - 1)]
        self._segments.append((at, at + end - start, parent))
        for row in rows:
            self._places[row] += range(at, at + end - start)
        return len(self._segments) - 1

    def packed(self, width: int) -> Packed:
        sources = np.array(self._sources, dtype=np.int64)
        is_predicted = sources >= 0
        number = np.where(is_predicted, np.cumsum(is_predicted), 0)
        lookup = np.zeros((len(self._rows), width), dtype=np.int64)
        for row, places in enumerate(self._places):
            lookup[row, : len(places)] = number[places]
        tokens = np.array(self._tokens, dtype=np.int64)
        return Packed(
            tokens_L=tokens,
            positions_L=np.array(self._positions, dtype=np.int64),
            segments_S=np.array(self._segments, dtype=np.int64),
            sources_N=sources[is_predicted],
            targets_N=tokens[is_predicted],
            lookup_B_T=lookup,
        )

    def _branch(self, order: list[int], shared: list[int], depth: int, parent: int) -> None:
        """Adds rows that agree up to `depth`; `shared` says how far neighbours agree."""
        for start, end in _runs(shared, depth + MIN_SHARED):
            rows, within = order[start:end], shared[start : end - 1]
            if len(rows) == 1:
                self.add(rows, depth, len(self._rows[rows[0]]), parent)
            else:
                common = min(within)
                self._branch(rows, within, common, self.add(rows, depth, common, parent))


def _runs(shared: Sequence[int], least: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows whose neighbours agree in at least so many tokens."""
    start = 0
    for place, common in enumerate(shared, start=1):
        if common < least:
            yield start, place
            start = place
    yield start, len(shared) + 1
