"""The buffer keeps samples until an update, and both parts survive a checkpoint."""

import json

import pytest

from rl_backend.buffer import DataBuffer, TaskSource
from rl_backend.types import PolicyVersion, TrainingSample


def sample(task_id: str, *, version: int, step: int = 1) -> TrainingSample:
    return TrainingSample(
        task_id=task_id,
        rollout_id=f"s{step:06d}-0-{task_id}-{version:02d}",
        token_ids=(1, 2, 3),
        loss_mask=(False, True, True),
        engine_logprobs=(0.0, -0.5, -0.25),
        policy_versions=(PolicyVersion(9), PolicyVersion(version), PolicyVersion(9)),
        advantage=1.0,
        reward=0.5,
    )


def test_the_oldest_sampled_token_decides_what_is_stale() -> None:
    buffer = DataBuffer(max_policy_lag=1)
    buffer.add([sample("a", version=9), sample("b", version=8), sample("c", version=7)])
    assert buffer.num_groups == 3
    taken = buffer.take(PolicyVersion(9))
    assert [s.task_id for s in taken.samples] == ["a", "b"]
    assert (taken.num_stale, taken.policy_lag) == (1, 1)
    assert len(buffer) == 0


def test_the_rollouts_of_a_task_in_two_steps_are_two_groups() -> None:
    buffer = DataBuffer()
    buffer.add([sample("a-b", version=9), sample("a-b", version=8)])
    assert buffer.num_groups == 1
    buffer.add([sample("a-b", version=9, step=2)])
    assert buffer.num_groups == 2


def test_an_empty_buffer_gives_nothing() -> None:
    taken = DataBuffer().take(PolicyVersion(3))
    assert (taken.samples, taken.num_stale, taken.policy_lag) == ((), 0, 0)


def test_samples_survive_json() -> None:
    buffer, again = DataBuffer(), DataBuffer()
    buffer.add([sample("a", version=9)])
    again.restore(json.loads(json.dumps(buffer.to_json())))
    assert again.take(PolicyVersion(9)) == buffer.take(PolicyVersion(9))
    with pytest.raises(ValueError, match="tuple"):
        again.restore({"not": "samples"})


def test_an_epoch_holds_every_task_once_in_an_order_of_its_own() -> None:
    tasks = tuple("abcdefgh")
    source = TaskSource(tasks, seed=1)
    first, second = source.next(8), source.next(8)
    assert set(first) == set(second) == set(tasks)
    assert first != second
    assert TaskSource(tasks, seed=1).next(8) == first
    assert TaskSource(tasks, seed=2).next(8) != first


def test_a_source_goes_on_where_it_was() -> None:
    source = TaskSource("abcde", seed=1)
    source.next(3)
    again = TaskSource("abcde", seed=1, position=source.position)
    assert again.next(4) == source.next(4)


def test_a_step_never_holds_a_task_twice() -> None:
    source = TaskSource("abc", seed=1)
    for _ in range(20):
        step = source.next(2)
        assert len(set(step)) == 2
    assert sorted(source.next(5)) == ["a", "b", "c"]


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(ValueError, match="no task in its training split"):
        TaskSource([], seed=1)
