"""Runs the tasks of a large world in several processes, to fill a cache before the gates ask it.

For command lines: each process starts anew and gets the world as JSON. What comes out is the same
as without it, only sooner.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from exporter.run_cache import RunCache, RunKeys
from exporter.task_gates import OnTask
from exporter.task_runs import TaskRunner
from world_builder.tasks import Task
from world_builder.world import World

FEW_TASKS = 200
"""Fewer are run sooner than processes start."""
_CHUNK = 8

_runner: list[tuple[TaskRunner, dict[str, Task]]] = []
"""In a worker: the one world it runs."""


def fill(world: World, cache: RunCache, on_task: OnTask = lambda: None) -> None:
    """Puts the runs of all tasks that the cache does not know into it.

    The world has no errors. Does nothing for a small one, and on a machine with one processor.
    """
    keys = RunKeys(world)
    missing = [
        task
        for task in world.tasks
        if cache.get(keys.answers(task)) is None or cache.get(keys.planted(task)) is None
    ]
    num_workers = min(os.cpu_count() or 1, 8)
    if len(missing) < FEW_TASKS or num_workers < 2:
        return
    for task, (answers, planted) in zip(missing, _run(world, missing, num_workers), strict=True):
        cache.put(keys.answers(task), answers)
        if planted is not None:
            cache.put(keys.planted(task), planted)
        on_task()


def _run(world: World, tasks: Iterable[Task], num_workers: int) -> Iterator[tuple[str, str | None]]:
    with ProcessPoolExecutor(
        num_workers, get_context("spawn"), initializer=_start, initargs=(world.model_dump_json(),)
    ) as pool:
        yield from pool.map(_task, [task.id for task in tasks], chunksize=_CHUNK)


def _start(world_json: str) -> None:
    world = World.model_validate_json(world_json)
    _runner[:] = [(TaskRunner(world), {task.id: task for task in world.tasks})]


def _task(task_id: str) -> tuple[str, str | None]:
    runner, tasks = _runner[0]
    task = tasks[task_id]
    planted = runner.planted(task)
    answers = runner.answers(task)
    return answers.model_dump_json(), None if planted is None else planted.model_dump_json()
