"""A batch cut into microbatches of packed rows, for memory and speed.

Inside the trainer's update: rows with common beginnings stand side by side, so that they are cut
together and what they share is computed once (`packing`). The cut is a function of the batch alone
and never changes the update.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rl_backend.packing import MIN_SHARED, Packed, common_length, pack, prefix_order
from rl_backend.types import Batch

ScalarT = TypeVar("ScalarT", bound=np.generic)
MIN_WIDTH = 2
"""A row of one token predicts nothing; the trainer needs a position to look at all the same."""
ROOM = 1.1
"""How much above its even share a microbatch may grow, so that the last one is no remainder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Microbatch:
    """Some rows of a batch, as arrays padded to their longest row and as one packed line."""

    rows: tuple[int, ...]
    """Which row of the whole batch each row here is; empty for a filler."""
    batch: Batch
    packed: Packed


def microbatches(
    batch: Batch, *, max_tokens: int, num_ranks: int = 1, share_prefixes: bool = True
) -> tuple[Microbatch, ...]:
    """Microbatches that together hold each row once, of similar size.

    Args:
        batch: the rows to cut.
        max_tokens: packed tokens that one microbatch may have; a single row longer than this gets
            a microbatch of its own.
        num_ranks: data-parallel ranks; fillers without a trained token make the number of
            microbatches a multiple of it, so that every rank makes as many steps.
        share_prefixes: whether common beginnings are computed once.

    Raises:
        ValueError: a number is below 1.
    """
    if min(max_tokens, num_ranks) < 1:
        raise ValueError("max_tokens and num_ranks must be 1 or more")
    order, costs = _ordered(batch, share_prefixes=share_prefixes)
    num_even = _round_up(-(-sum(costs) // max_tokens), num_ranks)
    limit = min(max_tokens, int(ROOM * sum(costs) / num_even) + 1)
    cut = [
        _microbatch(batch, rows, share_prefixes=share_prefixes)
        for rows in _filled(order, costs, batch.lengths_B.tolist(), limit)
    ]
    num_fillers = -len(cut) % num_ranks
    return tuple(cut) + (_filler(cut[0]),) * num_fillers


def take_rows(batch: Batch, rows: list[int]) -> Batch:
    """The given rows in the given order, padded to their own longest row."""
    lengths = batch.lengths_B[rows]
    width = max(int(lengths.max()), MIN_WIDTH)
    reference = batch.reference_logprobs_B_T
    return Batch(
        tokens_B_T=_fit(batch.tokens_B_T[rows], width),
        lengths_B=lengths,
        loss_mask_B_T=_fit(batch.loss_mask_B_T[rows], width),
        engine_logprobs_B_T=_fit(batch.engine_logprobs_B_T[rows], width),
        old_logprobs_B_T=_fit(batch.old_logprobs_B_T[rows], width),
        advantages_B_T=_fit(batch.advantages_B_T[rows], width),
        reference_logprobs_B_T=None if reference is None else _fit(reference[rows], width),
    )


def _ordered(batch: Batch, *, share_prefixes: bool) -> tuple[list[int], list[int]]:
    """The rows in the order of the cut, and how many tokens each adds at most to the one before."""
    rows = [
        row[:length]
        for row, length in zip(batch.tokens_B_T.tolist(), batch.lengths_B.tolist(), strict=True)
    ]
    if not share_prefixes:
        order = sorted(range(len(rows)), key=lambda number: (len(rows[number]), number))
        return order, [max(len(rows[number]), 1) for number in order]
    order = prefix_order(rows)
    saved = [0] + [max(0, common_length(rows[a], rows[b]) - MIN_SHARED) for a, b in pairwise(order)]
    costs = [max(len(rows[n]) - s, 1) for n, s in zip(order, saved, strict=True)]
    return order, costs


def _filled(
    order: Sequence[int], costs: Sequence[int], lengths: Sequence[int], limit: int
) -> list[list[int]]:
    """The rows in parts of at most `limit` tokens; the first of a part shares with none."""
    parts: list[list[int]] = []
    size = 0
    for row, cost in zip(order, costs, strict=True):
        if parts and size + cost <= limit:
            parts[-1].append(row)
            size += cost
        else:
            parts.append([row])
            size = lengths[row]
    return parts


def _microbatch(batch: Batch, rows: list[int], *, share_prefixes: bool) -> Microbatch:
    part = take_rows(batch, rows)
    lengths = np.maximum(part.lengths_B, MIN_WIDTH)
    packed = pack(part.tokens_B_T, lengths, share_prefixes=share_prefixes)
    return Microbatch(rows=tuple(rows), batch=part, packed=packed)


def _filler(like: Microbatch) -> Microbatch:
    """A microbatch of one row that trains on nothing."""
    batch = take_rows(like.batch, [0])
    lengths = np.maximum(batch.lengths_B, MIN_WIDTH)
    zeros = np.zeros_like(batch.old_logprobs_B_T)
    nothing = Batch(
        tokens_B_T=batch.tokens_B_T,
        lengths_B=np.zeros_like(batch.lengths_B),
        loss_mask_B_T=np.zeros_like(batch.loss_mask_B_T),
        engine_logprobs_B_T=zeros,
        old_logprobs_B_T=zeros,
        advantages_B_T=zeros,
        reference_logprobs_B_T=None if batch.reference_logprobs_B_T is None else zeros,
    )
    return Microbatch(rows=(), batch=nothing, packed=pack(batch.tokens_B_T, lengths))


def _fit(array_B_T: NDArray[ScalarT], width: int) -> NDArray[ScalarT]:
    missing = width - array_B_T.shape[1]
    if missing <= 0:
        return np.ascontiguousarray(array_B_T[:, :width])
    return np.pad(array_B_T, ((0, 0), (0, missing)))


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
