"""Looks at the tasks of a large world in several processes: fills a cache before the gates ask it.

For command lines. Where it can be done, the processes are forks, which have the world and all that
was compiled already. What comes out is the same as without it, only sooner.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from itertools import groupby
from multiprocessing import get_context
from typing import Final, NamedTuple, TypeAlias

from exporter.forks import can_fork, num_processes
from exporter.gates import similar_prompts
from exporter.run_cache import SOUND, RunCache, RunKeys
from exporter.task_gates import OnTask
from exporter.task_runs import TaskRunner
from world_builder.tasks import Task
from world_builder.validation import Surroundings, has_errors, surroundings, task_problems
from world_builder.world import World

FEW_TASKS = 200
"""Fewer are run sooner than processes start."""
_MOST_TOGETHER: Final = 24
Meanwhile: TypeAlias = Callable[[], object]


class _Texts(NamedTuple):
    """What to keep of a task; None for nothing."""

    soundness: str | None
    answers: str | None = None
    planted: str | None = None


def fill(
    world: World,
    cache: RunCache,
    keys: RunKeys,
    on_task: OnTask = lambda: None,
    meanwhile: Meanwhile = lambda: None,
) -> None:
    """Puts what validating and running the tasks that the cache does not know says into it.

    The world has no errors, but for its tasks. While the processes are at it, all prompts are
    compared and `meanwhile` is called. Does nothing for a small world, and on a machine with one
    processor.
    """
    missing = [task for task in world.tasks if _is_missing(task, cache, keys)]
    num_workers = num_processes()
    if len(missing) < FEW_TASKS or num_workers < 2:
        return
    way = get_context("fork" if can_fork() else "spawn")
    with ProcessPoolExecutor(num_workers, way, initializer=_start, initargs=(world,)) as pool:
        found = pool.map(_look_at, _batches(missing))
        similar_prompts(world, keys, cache)
        meanwhile()
        for task, texts in zip(missing, (t for batch in found for t in batch), strict=True):
            _keep(cache, keys, task, texts)
            on_task()


def _is_missing(task: Task, cache: RunCache, keys: RunKeys) -> bool:
    """An empty cache is asked for no key: these take a while, in which the processes could run."""
    return (
        cache.is_empty
        or cache.get(keys.answers(task)) is None
        or cache.get(keys.planted(task)) is None
    )


def _batches(tasks: Iterable[Task]) -> Iterator[tuple[str, ...]]:
    """Ids of tasks in their order. Those of a scenario share patterns, compiled by one process."""
    for _, group in groupby(tasks, key=lambda task: task.scenario):
        ids = [task.id for task in group]
        for start in range(0, len(ids), _MOST_TOGETHER):
            yield tuple(ids[start : start + _MOST_TOGETHER])


def _keep(cache: RunCache, keys: RunKeys, task: Task, texts: _Texts) -> None:
    named = (keys.soundness, keys.answers, keys.planted)
    for key, text in zip(named, texts, strict=True):
        if text is not None:
            cache.put(key(task), text)


class _Worker:
    """In a process of the pool: the one world it looks at."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._runner = TaskRunner(world)
        self._tasks = {task.id: task for task in world.tasks}

    @cached_property
    def _around(self) -> Surroundings:
        return surroundings(self._world)

    def look_at(self, task_id: str) -> _Texts:
        """A task with errors is not run."""
        task = self._tasks[task_id]
        problems = tuple(task_problems(task, self._around))
        soundness = None if problems else SOUND
        if has_errors(problems):
            return _Texts(soundness)
        planted = self._runner.planted(task)
        answers = self._runner.answers(task)
        text = None if planted is None else planted.model_dump_json()
        return _Texts(soundness, answers.model_dump_json(), text)


_worker: list[_Worker] = []


def _start(world: World) -> None:
    gc.disable()  # a process of the pool ends soon, and most of what it makes lasts until then
    _worker[:] = [_Worker(world)]


def _look_at(task_ids: tuple[str, ...]) -> list[_Texts]:
    return [_worker[0].look_at(task_id) for task_id in task_ids]
