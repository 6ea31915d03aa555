"""Samples become a batch, a batch becomes microbatches, and no token is lost or moved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_backend.batching import microbatches
from rl_backend.samples import demonstration_sample, to_batch, with_old_logprobs
from rl_backend.types import Batch, PolicyVersion, TrainingSample


def sample(length: int, name: str = "r") -> TrainingSample:
    return TrainingSample(
        task_id="t",
        rollout_id=name,
        token_ids=tuple(range(1, length + 1)),
        loss_mask=tuple(i > 0 for i in range(length)),
        engine_logprobs=tuple(-0.25 * i for i in range(length)),
        policy_versions=(PolicyVersion(3),) * length,
        advantage=float(length),
        reward=0.5,
    )


def batch_of(lengths: list[int]) -> Batch:
    return to_batch([sample(length) for length in lengths], pad_id=99)


def test_a_batch_is_padded_on_the_right() -> None:
    batch = batch_of([3, 1])
    assert batch.tokens_B_T.tolist() == [[1, 2, 3], [1, 99, 99]]
    assert batch.lengths_B.tolist() == [3, 1]
    assert batch.loss_mask_B_T.tolist() == [[False, True, True], [False, False, False]]
    assert batch.old_logprobs_B_T.tolist() == [[0.0, -0.25, -0.5], [0.0, 0.0, 0.0]]
    assert batch.advantages_B_T.tolist() == [[3.0, 3.0, 3.0], [1.0, 0.0, 0.0]]
    assert (batch.num_rows, batch.num_tokens) == (2, 4)


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=20),
    max_tokens=st.integers(1, 200),
    num_ranks=st.integers(1, 4),
    is_shared=st.booleans(),
)
def test_microbatches_hold_every_row_once_within_the_limit(
    lengths: list[int], max_tokens: int, num_ranks: int, is_shared: bool
) -> None:
    batch = batch_of(lengths)
    parts = microbatches(
        batch, max_tokens=max_tokens, num_ranks=num_ranks, share_prefixes=is_shared
    )
    assert sorted(row for part in parts for row in part.rows) == list(range(len(lengths)))
    assert len(parts) % num_ranks == 0
    for part in parts:
        assert len(part.rows) <= 1 or part.packed.num_tokens <= max(max_tokens, 2)
        for index, row in enumerate(part.rows):
            end = lengths[row]
            assert part.batch.tokens_B_T[index, :end].tolist() == list(range(1, end + 1))
            assert part.batch.loss_mask_B_T[index].sum() == end - 1
            assert part.batch.old_logprobs_B_T[index, :end] == pytest.approx(
                batch.old_logprobs_B_T[row, :end]
            )


def test_fillers_train_on_nothing() -> None:
    parts = microbatches(batch_of([4, 1]), max_tokens=100, num_ranks=3)
    assert [part.rows for part in parts] == [(1,), (0,), ()]
    assert not parts[2].batch.loss_mask_B_T.any()
    assert parts[2].batch.lengths_B.tolist() == [0]


def test_rows_with_a_common_beginning_are_cut_together() -> None:
    prompts = [list(range(50)), list(range(100, 150))]
    rows = [[*prompts[i % 2], 200 + i, 0] for i in range(6)]
    batch = to_batch(
        [
            demonstration_sample(
                task_id="t", rollout_id="r", token_ids=row, loss_mask=[n > 50 for n in range(52)]
            )
            for row in rows
        ],
        pad_id=0,
    )
    parts = microbatches(batch, max_tokens=110)
    assert [part.rows for part in parts] == [(0, 2, 4), (1, 3, 5)]
    assert [part.packed.num_tokens for part in parts] == [56, 56]
    apart = microbatches(batch, max_tokens=110, share_prefixes=False)
    assert [part.packed.num_tokens for part in apart] == [104, 104, 104]


def test_old_logprobs_can_be_the_trainers_own() -> None:
    batch = batch_of([3])
    own = np.full((1, 3), -7.0, dtype=np.float32)
    replaced = with_old_logprobs(batch, own)
    assert replaced.old_logprobs_B_T.tolist() == [[-7.0] * 3]
    assert replaced.engine_logprobs_B_T.tolist() == batch.engine_logprobs_B_T.tolist()
    with pytest.raises(ValueError, match="shape"):
        with_old_logprobs(batch, own[:, :2])


def test_a_demonstration_has_advantage_one_and_no_reward() -> None:
    demonstration = demonstration_sample(
        task_id="t", rollout_id="r", token_ids=[1, 2], loss_mask=[False, True]
    )
    assert (demonstration.advantage, demonstration.reward) == (1.0, None)
    assert demonstration.num_policy_tokens == 1


@pytest.mark.parametrize(
    ("tokens", "mask", "message"),
    [
        ([1, 2], [False], "one length"),
        ([], [], "at least one token"),
        ([1], [True], "first token"),
    ],
)
def test_a_sample_that_cannot_be_trained_on_is_refused(
    tokens: list[int], mask: list[bool], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        demonstration_sample(task_id="t", rollout_id="r", token_ids=tokens, loss_mask=mask)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        to_batch([], pad_id=0)
    with pytest.raises(ValueError, match="1 or more"):
        microbatches(batch_of([2]), max_tokens=0)
