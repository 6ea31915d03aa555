"""Starts the worker processes of a server, starts those again that end, and stops them all.

It forks once the world is in memory, so that the workers share it. It answers no request: the
workers accept from one address themselves.
"""

import gc
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from exporter.served import ServedBundle
from exporter.server.affinity import Home
from exporter.server.board import Board, Column
from exporter.server.doors import Doors
from exporter.server.process import SHUTDOWN_S, announce, end_by, failed
from exporter.server.rollouts import Worlds
from exporter.server.settings import ServerSettings
from exporter.server.worker import BUNDLE_CHANGED, Shared, work

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
_POLL_S: Final = 0.2
_SPARE_S: Final = 2.0
"""Workers that have not ended so long after the time they had are killed."""
_STEADY_S: Final = 5.0
"""A worker that ended sooner did not start well."""
_MOST_BAD_STARTS: Final = 5
_FIRST_WAIT_S: Final = 0.1


def supervise(
    bundle: ServedBundle,
    settings: ServerSettings,
    listener: socket.socket,
    announced: str,
    port_file: Path | None,
) -> int:
    """Runs the workers until told to stop; returns the exit code.

    Raises WorldError for a surface that the world does not have, OSError when there is no place for
    the workers' sockets or no way to fork.
    """
    if not hasattr(os, "fork"):
        raise OSError("this system cannot fork: leave --workers out")
    worlds = Worlds(bundle.world)
    worlds.warm(settings.surface)
    gc.freeze()  # what the workers share is looked at by no collection, and so stays shared
    with Doors(settings.num_workers) as doors:
        shared = Shared(
            bundle=bundle,
            worlds=worlds,
            settings=settings,
            board=Board(settings.num_workers),
            doors=doors,
            listener=listener,
        )
        supervisor = Supervisor(shared, announced, port_file)
        code = supervisor.run()
    if supervisor.signal:
        end_by(supervisor.signal)
    return code


class Supervisor:
    """The parent of the workers."""

    def __init__(self, shared: Shared, announced: str, port_file: Path | None) -> None:
        self.signal = 0
        """The one that stopped it."""
        self._shared = shared
        self._announced = announced
        self._port_file = port_file
        self._workers: dict[int, int] = {}
        """Places by process id."""
        self._started_s: dict[int, float] = {}
        self._due_s: dict[int, float] = dict.fromkeys(range(shared.settings.num_workers), 0.0)
        """When a place that has no process gets one."""
        self._num_bad_starts = 0
        self._code: int | None = None
        self._is_hurried = False
        self._waker: tuple[int, int] = (-1, -1)

    def run(self) -> int:
        """Returns the exit code once no worker is left."""
        self._listen_to_signals()
        while self._code is None and not self._shared.board.is_draining:
            self._start_due()
            self._announce()
            self._wait()
        self._stop()
        return self._code or 0

    def _listen_to_signals(self) -> None:
        self._waker = os.pipe()
        for end in self._waker:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker[1], warn_on_full_buffer=False)
        for each in _STOPPING:
            signal.signal(each, self._heard)
        signal.signal(signal.SIGCHLD, lambda sig, frame: None)

    def _heard(self, sig: int, frame: FrameType | None) -> None:
        self._is_hurried = bool(self.signal)
        self.signal = sig
        if not self._is_hurried:
            self._shared.board.drain(self._shared.settings.drain_s)

    def _start_due(self) -> None:
        now_s = time.monotonic()
        for worker in [w for w, due_s in self._due_s.items() if due_s <= now_s]:
            del self._due_s[worker]
            process_id = self._start(worker)
            self._workers[process_id] = worker
            self._started_s[worker] = now_s

    def _start(self, worker: int) -> int:
        row = self._shared.board.rows[worker]
        home = Home(worker=worker, generation=row[Column.GENERATION])
        process_id = os.fork()
        if process_id == 0:
            self._be_a_worker(home)
        row[Column.PROCESS_ID] = process_id
        return process_id

    def _be_a_worker(self, home: Home) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in _STOPPING:
                signal.signal(each, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in self._waker:
                os.close(end)
            code = work(self._shared, home)
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _announce(self) -> None:
        alive = self._shared.board.total(Column.IS_ALIVE)
        if self._announced and alive == len(self._shared.board.rows):
            announce(self._announced, self._shared.listener, self._port_file)
            self._announced = ""

    def _wait(self) -> None:
        """Until a worker ends, a signal comes or a moment has passed."""
        seconds = 0.01 if self._announced else _POLL_S
        if select.select([self._waker[0]], [], [], seconds)[0]:
            os.read(self._waker[0], 4096)
        self._collect()

    def _collect(self) -> None:
        while self._workers:
            process_id, status = os.waitpid(-1, os.WNOHANG)
            if process_id == 0:
                return
            if (worker := self._workers.pop(process_id, None)) is not None:
                self._ended(worker, os.waitstatus_to_exitcode(status))

    def _ended(self, worker: int, code: int) -> None:
        row = self._shared.board.rows[worker]
        row[Column.IS_ALIVE] = 0
        row.add(Column.LOST, row[Column.ACTIVE])
        lost, row[Column.ACTIVE] = row[Column.ACTIVE], 0
        if self._shared.board.is_draining or self._code is not None:
            return
        if code == BUNDLE_CHANGED:
            self._code = 1
            return
        self._again(worker, f"worker {worker} ended with code {code}, {lost} of its rollouts lost")

    def _again(self, worker: int, told: str) -> None:
        lived_s = time.monotonic() - self._started_s[worker]
        self._num_bad_starts = 0 if lived_s > _STEADY_S else self._num_bad_starts + 1
        if self._num_bad_starts > _MOST_BAD_STARTS:
            self._code = failed(RuntimeError(f"{told}; workers do not start well, giving up"))
            return
        sys.stderr.write(f"{told}; starting it again\n")
        self._shared.board.rows[worker].add(Column.GENERATION)
        wait_s = _FIRST_WAIT_S * 2**self._num_bad_starts if self._num_bad_starts > 1 else 0.0
        self._due_s[worker] = time.monotonic() + wait_s

    def _stop(self) -> None:
        """Lets the workers end in the time they have, and kills those that do not."""
        if self._code is not None:
            self._shared.board.drain(0.0)
        self._shared.listener.close()
        time_s = (0.0 if self._code else self._shared.settings.drain_s) + SHUTDOWN_S + _SPARE_S
        until_s = time.monotonic() + time_s
        while self._workers and time.monotonic() < until_s and not self._is_hurried:
            self._wait()
        for process_id in self._workers:
            os.kill(process_id, signal.SIGKILL)
        for process_id in self._workers:
            os.waitpid(process_id, 0)
