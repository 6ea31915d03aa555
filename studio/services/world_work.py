"""Long work on a world, done beside the requests in a process of its own.

A thread would do, but for Python's lock: while a thread runs a thousand tasks, a request waits for
the lock at every row it reads. `WorldWork` is one job on one state of a world; `work_on` gives the
one under way. The world is a frozen snapshot: nothing here touches the database.
"""

import atexit
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from threading import Lock
from typing import Any, Generic, TypeAlias, TypeVar

from studio.services.world_process import Job, Stopped, WorldProcess
from world_builder.world import World

R = TypeVar("R")

_Key: TypeAlias = tuple[str, str, Callable[..., Any]]


class WorldWork(Generic[R]):
    """One job on one state of a world."""

    def __init__(self, job: Job[R], world: World, earlier: "WorldWork[R] | None" = None) -> None:
        self.world = world
        self.num_tasks = len(world.tasks)
        self.num_done = 0
        self.outdated: R | None = None if earlier is None else earlier.result or earlier.outdated
        """The result for an earlier state of the world; None when there is none."""
        self._is_cancelled = False
        self._future: Future[R] = _pool.submit(self._run, job)

    def wait(self, timeout_s: float | None = None) -> R | None:
        """The result; None when it is not there within the time, or was cancelled.

        Raises WorkFailed.
        """
        try:
            return self._future.result(timeout_s)
        except (NotYet, CancelledError):
            return None

    @property
    def result(self) -> R | None:
        """None while it runs, and when it came to nothing."""
        is_there = self._future.done() and not self._future.cancelled()
        return self._future.result() if is_there and self._future.exception() is None else None

    @property
    def has_failed(self) -> bool:
        """True when it ended without a result."""
        is_over = self._future.done() and not self._future.cancelled()
        return is_over and self._future.exception() is not None

    def cancel(self) -> None:
        """Gives the work up at the next task."""
        self._is_cancelled = True
        self._future.cancel()

    def _run(self, job: Job[R]) -> R:
        try:
            return _process.run(job, self.world, self._on_progress)
        except Stopped as stopped:
            raise CancelledError from stopped

    def _on_progress(self, num_done: int) -> bool:
        self.num_done = num_done
        return not self._is_cancelled


_process = WorldProcess()
atexit.register(_process.close)
_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="world-work")
_under_way: dict[_Key, WorldWork[Any]] = {}
_lock = Lock()


def prepare(*jobs: Job[Any]) -> None:
    """Starts the process, so that the first page with one of the jobs waits for no imports."""
    _process.start(jobs)


def give_up(database_url: str) -> None:
    """Gives up all that runs on the worlds of a database."""
    with _lock:
        for key, work in _under_way.items():
            if key[0] == database_url:
                work.cancel()


def work_on(database_url: str, world: World, job: Job[R]) -> WorldWork[R]:
    """The job on this very world, started when there is none yet.

    What runs for an earlier state of the world is given up.
    """
    key = (database_url, world.name, job)
    with _lock:
        known: WorldWork[R] | None = _under_way.get(key)
        if known is not None and known.world is world and not known.has_failed:
            return known
        if known is not None:
            known.cancel()
        _under_way[key] = WorldWork(job, world, known)
        return _under_way[key]
