"""Long work on a world: what the process gets, how it is given up, what happens when it breaks."""

import os
import time
from collections.abc import Callable
from hashlib import sha256

import pytest

from studio.services.world_process import Job, OnTask, WorkFailed
from studio.services.world_work import work_on
from tests.studio.conftest import small_world
from world_builder.world import World

URL = "sqlite:///nowhere.db"
PATIENCE_S = 30.0


def digest(world: World, on_task: OnTask) -> str:
    for _ in world.tasks:
        on_task()
    return sha256(world.model_dump_json().encode()).hexdigest()


def endless(world: World, on_task: OnTask) -> str:
    while True:
        time.sleep(0.001)
        on_task()


def bad(world: World, on_task: OnTask) -> str:
    raise LookupError("no such shelf")


def fatal(world: World, on_task: OnTask) -> str:
    os._exit(3)


def digest_here(world: World) -> str:
    return digest(world, lambda: None)


def with_tasks(*prompts: str) -> World:
    task = small_world().tasks[0]
    tasks = tuple(task.model_copy(update={"id": p, "prompt": p}) for p in prompts)
    return small_world().model_copy(update={"tasks": tasks})


def test_the_process_has_the_very_world_also_after_changes() -> None:
    first = with_tasks("a", "b", "c")
    swapped = first.model_copy(update={"tasks": (first.tasks[2], first.tasks[0])})
    added = swapped.model_copy(update={"tasks": (*swapped.tasks, *with_tasks("d").tasks)})
    other = added.model_copy(update={"title": "Other", "entities": {"customer": (), "order": ()}})
    for world in (first, swapped, added, other, small_world(), first):
        assert work_on(URL, world, digest).wait(PATIENCE_S) == digest_here(world)


def test_a_world_is_worked_on_once_until_it_changes() -> None:
    world = with_tasks("a")
    work = work_on(URL, world, digest)
    assert work_on(URL, world, digest) is work
    work.wait(PATIENCE_S)
    changed = work_on(URL, with_tasks("b"), digest)
    assert changed is not work
    assert changed.outdated == work.result == digest_here(world)


def test_work_is_given_up_when_the_world_changes() -> None:
    endless_work = work_on(URL, with_tasks("a"), endless)
    _until(lambda: endless_work.num_done > 5)
    replaced = work_on(URL, with_tasks("b"), endless)
    assert endless_work.wait(PATIENCE_S) is None
    assert endless_work.result is None
    replaced.cancel()
    assert work_on(URL, with_tasks("c"), digest).wait(PATIENCE_S) == digest_here(with_tasks("c"))


@pytest.mark.parametrize("job", [bad, fatal])
def test_a_broken_job_is_said_and_tried_again(job: Job[str]) -> None:
    world = with_tasks("a")
    work = work_on(URL, world, job)
    with pytest.raises(WorkFailed):
        work.wait(PATIENCE_S)
    assert work.has_failed
    assert work.result is None
    again = work_on(URL, world, job)
    assert again is not work
    with pytest.raises(WorkFailed):
        again.wait(PATIENCE_S)
    assert work_on(URL, world, digest).wait(PATIENCE_S) == digest_here(world)


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
