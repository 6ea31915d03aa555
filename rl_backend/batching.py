"""A batch cut into microbatches of similar length, for memory and speed.

Inside the trainer's update: rows are sorted by length and grouped while the padded size fits.
Rows are padded on the right and never packed together, because the attention that runs without
a GPU cannot keep packed rows apart. The cut is a function of the batch alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rl_backend.types import Batch

ScalarT = TypeVar("ScalarT", bound=np.generic)
MIN_WIDTH = 2
"""A row of one token predicts nothing; the trainer needs a position to look at all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Microbatch:
    """Some rows of a batch, padded only to their own longest row."""

    rows: tuple[int, ...]
    """Which row of the whole batch each row here is; empty for a filler."""
    batch: Batch


def microbatches(
    batch: Batch, *, max_tokens: int, num_ranks: int = 1, length_multiple: int = 1
) -> tuple[Microbatch, ...]:
    """Microbatches that together hold each row once, shortest first.

    Args:
        batch: the rows to cut.
        max_tokens: padded size (rows x longest row) that one microbatch may have; a single row
            longer than this gets a microbatch of its own.
        num_ranks: data-parallel ranks; fillers without a trained token make the number of
            microbatches a multiple of it, so that every rank makes as many steps.
        length_multiple: padded lengths are rounded up to this (sequence parallelism needs it).

    Raises:
        ValueError: a number is below 1.
    """
    if min(max_tokens, num_ranks, length_multiple) < 1:
        raise ValueError("max_tokens, num_ranks and length_multiple must be 1 or more")
    order = sorted(range(batch.num_rows), key=lambda row: (int(batch.lengths_B[row]), row))
    parts: list[list[int]] = []
    for row in order:
        length = _round_up(max(int(batch.lengths_B[row]), MIN_WIDTH), length_multiple)
        if parts and length * (len(parts[-1]) + 1) <= max_tokens:
            parts[-1].append(row)
        else:
            parts.append([row])
    cut = [
        Microbatch(rows=tuple(rows), batch=take_rows(batch, rows, length_multiple))
        for rows in parts
    ]
    num_fillers = -len(cut) % num_ranks
    return tuple(cut) + (_filler(cut[0]),) * num_fillers


def take_rows(batch: Batch, rows: list[int], length_multiple: int = 1) -> Batch:
    """The given rows in the given order, padded to their own longest row."""
    lengths = batch.lengths_B[rows]
    width = _round_up(max(int(lengths.max()), MIN_WIDTH), length_multiple)
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


def _filler(like: Microbatch) -> Microbatch:
    """A microbatch of the same shape that trains on nothing."""
    batch = like.batch
    zeros = np.zeros_like(batch.old_logprobs_B_T)
    return Microbatch(
        rows=(),
        batch=Batch(
            tokens_B_T=batch.tokens_B_T,
            lengths_B=np.zeros_like(batch.lengths_B),
            loss_mask_B_T=np.zeros_like(batch.loss_mask_B_T),
            engine_logprobs_B_T=zeros,
            old_logprobs_B_T=zeros,
            advantages_B_T=zeros,
            reference_logprobs_B_T=None if batch.reference_logprobs_B_T is None else zeros,
        ),
    )


def _fit(array_B_T: NDArray[ScalarT], width: int) -> NDArray[ScalarT]:
    missing = width - array_B_T.shape[1]
    if missing <= 0:
        return np.ascontiguousarray(array_B_T[:, :width])
    return np.pad(array_B_T, ((0, 0), (0, missing)))


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
