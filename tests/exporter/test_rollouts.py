"""Rollouts of a process, without HTTP: reaping, capacity, retries."""

import pytest

from exporter.server.rollouts import REMEMBERED_CALLS, AtCapacity, Rollouts
from tests.exporter.small_world import library
from world_builder.tasks import Start
from world_builder.tools import ToolCall

LEND = ToolCall(tool="lend_book", arguments={"book": "bk-02", "reader": "Rosa"})


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def make(clock: Clock, capacity: int = 2) -> Rollouts:
    return Rollouts(library(), capacity=capacity, idle_s=60, clock_s=clock)


def test_idle_rollouts_are_reaped_and_used_ones_kept() -> None:
    clock = Clock()
    rollouts = make(clock)
    idle, used = rollouts.add(Start()), rollouts.add(Start())
    clock.now_s += 59
    assert rollouts.get(used.id) is used
    clock.now_s += 1
    assert rollouts.reap() == 1
    assert rollouts.get(idle.id) is None
    assert rollouts.get(used.id) is used
    assert len(rollouts) == 1


def test_capacity_is_refused_until_one_ends_or_was_idle_too_long() -> None:
    clock = Clock()
    rollouts = make(clock)
    first = rollouts.add(Start())
    rollouts.add(Start())
    with pytest.raises(AtCapacity, match="all 2 rollouts are in use"):
        rollouts.add(Start())
    assert rollouts.remove(first.id)
    assert not rollouts.remove(first.id)
    rollouts.add(Start())
    clock.now_s += 60
    assert rollouts.add(Start()).id
    assert len(rollouts) == 1


def test_old_answers_are_forgotten_first() -> None:
    rollout = make(Clock()).add(Start())
    first = rollout.call(LEND, "0")
    for n in range(1, REMEMBERED_CALLS + 1):
        rollout.call(ToolCall(tool="get_book", arguments={"id": "bk-01"}), str(n))
    assert first.value["id"] == "ln-002"
    assert rollout.call(LEND, "0").value["id"] == "ln-003"


def test_ids_are_long_and_differ() -> None:
    rollouts = make(Clock(), capacity=100)
    ids = {rollouts.add(Start()).id for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) >= 32
