"""Rows as a prefix tree: every token sees its own row, and shared tokens stand once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_backend.packing import NO_PARENT, Packed, pack

ROWS = st.lists(
    st.lists(st.integers(1, 2), min_size=0, max_size=60), min_size=1, max_size=12
).filter(any)


def packed_of(rows: list[list[int]], *, share_prefixes: bool = True) -> Packed:
    width = max(len(row) for row in rows)
    tokens = np.array([row + [0] * (width - len(row)) for row in rows], dtype=np.int64)
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    return pack(tokens, lengths, share_prefixes=share_prefixes)


def seen(packed: Packed, place: int) -> list[int]:
    """The tokens that the one at a place sees, itself last."""
    [number] = [n for n, (a, b, _) in enumerate(packed.segments_S) if a <= place < b]
    start, _, parent = packed.segments_S[number]
    tokens: list[int] = packed.tokens_L[start : place + 1].tolist()
    while parent != NO_PARENT:
        start, end, parent = packed.segments_S[parent]
        tokens = packed.tokens_L[start:end].tolist() + tokens
    return tokens


@given(rows=ROWS, is_shared=st.booleans())
def test_every_token_is_predicted_from_exactly_the_tokens_before_it(
    rows: list[list[int]], is_shared: bool
) -> None:
    packed = packed_of(rows, share_prefixes=is_shared)
    assert packed.lookup_B_T.shape == (len(rows), max(len(row) for row in rows))
    for number, row in enumerate(rows):
        assert not packed.lookup_B_T[number, len(row) :].any()
        for place, found in enumerate(packed.lookup_B_T[number, : len(row)].tolist()):
            assert (found == 0) == (place == 0)
            if found:
                assert packed.targets_N[found - 1] == row[place]
                assert seen(packed, packed.sources_N[found - 1]) == row[:place]
    for place, position in enumerate(packed.positions_L.tolist()):
        assert len(seen(packed, place)) == position + 1


@given(rows=ROWS)
def test_sharing_never_adds_tokens(rows: list[list[int]]) -> None:
    apart = packed_of(rows, share_prefixes=False)
    assert apart.num_tokens == sum(len(row) for row in rows)
    assert packed_of(rows).num_tokens <= apart.num_tokens


def test_a_common_prompt_stands_once_and_branches_may_branch() -> None:
    tools, task = list(range(100, 130)), list(range(200, 240))
    rows = [[*tools, *task, n] * 1 + [n] * 5 for n in (1, 2)]
    rows.append([*tools, 7, 8])
    packed = packed_of(rows)
    assert packed.segments_S.tolist() == [
        [0, 30, NO_PARENT],
        [30, 32, 0],
        [32, 72, 0],
        [72, 78, 2],
        [78, 84, 2],
    ]
    assert packed.num_tokens == 30 + 40 + 6 + 6 + 2


def test_equal_rows_are_one() -> None:
    packed = packed_of([[5] * 20, [5] * 20])
    assert packed.num_tokens == 20
    assert packed.lookup_B_T[0].tolist() == packed.lookup_B_T[1].tolist()


def test_fewer_predictions_may_be_wanted() -> None:
    packed = packed_of([[1, 2, 3, 4], [9, 8, 7]])
    wanted = np.array([[False, False, True, False], [False, True, False, False]])
    fewer = packed.only(wanted)
    assert fewer.targets_N.tolist() == [3, 8]
    assert (fewer.lookup_B_T > 0).tolist() == wanted.tolist()
    nothing = packed.only(np.zeros_like(wanted))
    assert len(nothing.targets_N) == 1
    assert not nothing.lookup_B_T[wanted].any()


def test_nothing_cannot_be_packed() -> None:
    with pytest.raises(ValueError, match="nothing to pack"):
        pack(np.zeros((2, 3), dtype=np.int64), np.zeros(2, dtype=np.int64))
