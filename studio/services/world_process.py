"""The process in which long jobs on worlds run, and what goes over to it: only what is new.

One world is kept there, the last one. Of the next one the process gets the tasks that are other
objects than before, and the rest of the world when that is another object. It ends with the studio.
"""

import logging
import os
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, TypeAlias, TypeVar

from studio.errors import StudioError
from world_builder.tasks import Task
from world_builder.world import World

R = TypeVar("R")

OnTask: TypeAlias = Callable[[], None]
Job: TypeAlias = Callable[[World, OnTask], R]
"""A function of a module; it calls its second argument once a task."""

_PROGRESS_S = 0.05
_NICENESS = 5
"""Requests come first."""
log = logging.getLogger("studio")

_START = "import sys; from studio.services.world_process import serve; serve(int(sys.argv[1]))"


class Stopped(Exception):
    """A job was given up."""


class WorkFailed(StudioError):
    """A job broke, or its process ended; the log says where."""

    status = 503
    title = "This could not be worked out"


@dataclass(frozen=True, slots=True)
class _Order:
    """A job, and what makes the world from the one before."""

    job: Job[Any]
    core: str | None
    """The world without its tasks, as JSON; None when it is as before."""
    new_tasks: Mapping[int, str]
    """By token, as JSON."""
    tokens: tuple[int, ...]
    """All tasks in order."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """Progress, or how the job ended."""

    num_done: int = 0
    is_over: bool = False
    is_stopped: bool = False
    failure: str = ""
    result: Any = None


class WorldProcess:
    """The process, seen from the studio. One job at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._sent: World | None = None
        self._tokens: dict[int, int] = {}
        self._next = count()
        self._lock = Lock()

    def start(self, jobs: Sequence[Job[Any]] = ()) -> None:
        """Starts the process, unless it lives or is at work, and has it import the jobs."""
        if self._lock.acquire(blocking=False):
            try:
                self._connected().send(tuple(jobs))
            finally:
                self._lock.release()

    def run(self, job: Job[R], world: World, on_progress: Callable[[int], bool]) -> R:
        """The result of a job. `on_progress` gets the tasks done; False gives the job up.

        Raises Stopped, WorkFailed.
        """
        with self._lock:
            pipe = self._connected()
            try:
                pipe.send(self._order(job, world))
                return _awaited(pipe, on_progress)  # type: ignore[no-any-return]
            except (EOFError, OSError) as error:
                self._forget()
                raise WorkFailed(
                    "The process that runs tasks ended; load the page again."
                ) from error

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            self._forget()

    def _connected(self) -> Connection:
        if self._pipe is None or self._process is None or self._process.poll() is not None:
            self._forget()
            ours, theirs = socket.socketpair()
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, start_new_session=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
            theirs.close()
            self._pipe = Connection(ours.detach())
        return self._pipe

    def _forget(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._pipe, self._process, self._sent, self._tokens = None, None, None, {}

    def _order(self, job: Job[Any], world: World) -> _Order:
        is_same = self._sent is not None and is_same_core(self._sent, world)
        core = None if is_same else world.model_copy(update={"tasks": ()}).model_dump_json()
        known, tokens, new = self._tokens, {}, {}
        for task in world.tasks:
            token = known.get(id(task))
            if token is None:
                token = next(self._next)
                new[token] = task.model_dump_json()
            tokens[id(task)] = token
        # The world that was sent is kept, so that no id is given to another object.
        self._sent, self._tokens = world, tokens
        return _Order(job, core, new, tuple(tokens[id(task)] for task in world.tasks))


def is_same_core(one: World, other: World) -> bool:
    """True when two worlds are made of the same objects but for their tasks."""
    names = World.model_fields.keys() - {"tasks"}
    return all(getattr(one, name) is getattr(other, name) for name in names)


def _awaited(pipe: Connection, on_progress: Callable[[int], bool]) -> Any:
    num_done, is_told = 0, False
    while True:
        if not on_progress(num_done) and not is_told:
            pipe.send(None)
            is_told = True
        if not pipe.poll(_PROGRESS_S):
            continue
        answer: _Answer = pipe.recv()
        if answer.is_stopped:
            raise Stopped
        if answer.failure:
            log.error("a job on a world broke\n%s", answer.failure)
            raise WorkFailed("Running the tasks failed; the studio's log says where.")
        if answer.is_over:
            return answer.result
        num_done = answer.num_done


def serve(handle: int) -> None:
    """The process: does what comes through a pipe until the studio is gone."""
    pipe = Connection(handle)
    os.nice(_NICENESS)
    core: World | None = None
    tasks: dict[int, Task] = {}
    while True:
        try:
            order = pipe.recv()
        except EOFError:
            return
        if not isinstance(order, _Order):
            continue
        if order.core is not None:
            core = World.model_validate_json(order.core)
        tasks |= {token: Task.model_validate_json(text) for token, text in order.new_tasks.items()}
        tasks = {token: tasks[token] for token in order.tokens}
        if core is not None:
            world = core.model_copy(update={"tasks": tuple(tasks.values())})
            pipe.send(_done(order.job, world, pipe))


def _done(job: Job[Any], world: World, pipe: Connection) -> _Answer:
    num_done, told_at = 0, time.monotonic()

    def on_task() -> None:
        nonlocal num_done, told_at
        num_done += 1
        if pipe.poll():
            pipe.recv()
            raise Stopped
        if time.monotonic() - told_at > _PROGRESS_S:
            told_at = time.monotonic()
            pipe.send(_Answer(num_done=num_done))

    try:
        return _Answer(is_over=True, result=job(world, on_task))
    except Stopped:
        return _Answer(is_stopped=True)
    except Exception:  # the studio tells it
        return _Answer(failure=traceback.format_exc())
