"""Rollouts of a process, without HTTP: reaping, capacity, retries, figures."""

import pytest

from exporter.server.affinity import Home, home_of
from exporter.server.answers import MOST_ANSWERS, MOST_WRITES
from exporter.server.board import Board, Column
from exporter.server.rollouts import AtCapacity, Rollout, Rollouts, Worlds, call_tool
from tests.exporter.small_world import library
from world_builder.tasks import Start
from world_builder.tools import ToolCall

LEND = ToolCall(tool="lend_book", arguments={"book": "bk-02", "reader": "Rosa"})
READ = ToolCall(tool="get_book", arguments={"id": "bk-01"})


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def make(clock: Clock, capacity: int = 2) -> Rollouts:
    return Rollouts(Worlds(library()), capacity=capacity, idle_s=60, clock_s=clock)


def num_loans(rollout: Rollout) -> int:
    return len(rollout.state.records("loan"))


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
    told = [rollouts.tally[c] for c in (Column.CREATED, Column.DELETED, Column.REAPED)]
    assert (told, rollouts.tally[Column.ACTIVE]) == ([4, 1, 2], 1)


def test_an_old_write_is_not_made_again_although_its_answer_is_forgotten() -> None:
    rollout = make(Clock()).add(Start())
    first = rollout.call(LEND, "0")
    assert rollout.call(LEND, "0") == first
    for n in range(1, MOST_ANSWERS + 1):
        rollout.call(READ, str(n))
    before = num_loans(rollout)
    again = rollout.call(LEND, "0")
    assert again.is_error
    assert "was made; its answer is no longer kept" in again.text
    other = rollout.call(LEND.model_copy(update={"arguments": {}}), "0")
    assert "was used for another call" in other.text
    assert num_loans(rollout) == before


def test_an_old_read_is_made_again() -> None:
    rollout = make(Clock()).add(Start())
    first = rollout.call(READ, "0")
    for n in range(1, MOST_ANSWERS + 1):
        rollout.call(READ, str(n))
    assert rollout.call(READ, "0") == first
    assert rollout._tally.calls["repeated"] == 0


def test_the_oldest_writes_are_forgotten_first() -> None:
    rollout = make(Clock()).add(Start())
    for n in range(MOST_WRITES + MOST_ANSWERS + 1):
        rollout.call(LEND, str(n))
    before = num_loans(rollout)
    assert "no longer kept" in rollout.call(LEND, "1").text
    assert num_loans(rollout) == before
    rollout.call(LEND, "0")
    assert num_loans(rollout) == before + 1


def test_calls_are_counted_by_what_they_came_to() -> None:
    rollout = make(Clock()).add(Start())
    tally = rollout._tally
    for key in ("1", "1", None):
        rollout.call(LEND, key)
    rollout.call(ToolCall(tool="burn_book"))
    call_tool(rollout, "get_book", {"id": b"no JSON"}, None)  # type: ignore[dict-item]
    counted = {outcome: number for outcome, number in tally.calls.items() if number}
    assert counted == {"ok": 2, "repeated": 1, "unknown_tool": 1, "malformed_call": 1}
    assert sum(tally.buckets) == 5
    assert tally.call_seconds > 0


def test_ids_are_long_and_differ() -> None:
    rollouts = make(Clock(), capacity=100)
    ids = {rollouts.add(Start()).id for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) >= 32


def test_an_id_names_its_worker_and_whether_that_has_ended() -> None:
    board = Board(3)
    board.rows[1][Column.IS_ALIVE] = 1
    home = Home(worker=1, generation=0)
    rollouts = Rollouts(Worlds(library()), capacity=1, idle_s=60, tally=board.rows[1], home=home)
    rollout_id = rollouts.add(Start()).id
    assert home_of(rollout_id, board) == home
    assert home.is_of(board)
    assert not home.has_ended(board)
    board.rows[1].add(Column.GENERATION)
    assert not home.is_of(board)
    assert home.has_ended(board)


@pytest.mark.parametrize("rollout_id", ["", "x", "1.x.y", "1.0", "3.0.x", "-1.0.x", "\u00b2.0.x"])
def test_what_names_no_worker_is_nobodys(rollout_id: str) -> None:
    assert home_of(rollout_id, Board(3)) is None
