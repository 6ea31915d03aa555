"""How a run reports itself: its status, its heartbeat, and whether it should stop.

The training process owns one `Progress`. A thread renews the heartbeat and looks for the stop file
while the process computes; a signal may ask for the same stop. It decides nothing about training,
and says when a process that was told to stop takes too long.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Self

from rl_backend.records import EventKind, RunState, Status
from rl_backend.rundir import RunDir

HEARTBEAT_S = 2.0
STOP_LOOK_S = 0.25
PATIENCE_S = 4.0
"""Seconds from a stop until a process that has not ended by itself is overdue."""


class Progress:
    """The status of the run that this process works on; a context manager."""

    def __init__(self, run: RunDir, *, on_overdue: Callable[[], None] = lambda: None) -> None:
        """`on_overdue` is called once, from the heartbeat's thread, when a stop takes too long."""
        self._run = run
        self._on_overdue = on_overdue
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._stop = threading.Event()
        self._on_stop: Callable[[], None] = lambda: None
        self._num_unbroken = 0
        self._patient_since = time.monotonic()
        self._status = run.stored_status()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        now = datetime.now(UTC)
        self._write(
            state=RunState.STARTING,
            reason="",
            pid=os.getpid(),
            process_started_at=now,
            started_at=self._status.started_at or now,
        )
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def status(self) -> Status:
        """As last written."""
        return self._status

    @property
    def is_stopping(self) -> bool:
        """True once a stop was asked for, by file or by signal."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Asks for a stop at the next safe point."""
        self._stop.set()

    def on_stop(self, call: Callable[[], None]) -> None:
        """Has `call` made once, from the heartbeat's thread, when a stop is asked for."""
        self._on_stop = call

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """Inside, the process is never overdue: for work that ends by itself and must be whole."""
        self._num_unbroken += 1
        try:
            yield
        finally:
            self._patient_since = time.monotonic()
            self._num_unbroken -= 1

    def enter(self, state: RunState, reason: str = "") -> None:
        """Goes over to another state, and says so in the run's history.

        A run that is stopping stays so until its `end`.
        """
        if self.is_stopping or (state is self._status.state and reason == self._status.reason):
            return
        self._enter(state, reason)

    def end(self, state: RunState, reason: str = "") -> None:
        """The last state of this process."""
        self._over.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._enter(state, reason)

    def _enter(self, state: RunState, reason: str) -> None:
        self._write(state=state, reason=reason)
        text = f"{state.value}: {reason}" if reason else state.value
        self._run.append_event(EventKind.STATE, self._status.step, text)

    def finished(self, *, step: int | None = None, warm_start_step: int | None = None) -> None:
        """Counts finished steps; None leaves a count as it is."""
        given: dict[str, Any] = {"step": step, "warm_start_step": warm_start_step}
        self._write(**{name: n for name, n in given.items() if n is not None})

    def at_version(self, policy_version: int) -> None:
        """Notes which policy is in force."""
        self._write(policy_version=policy_version)

    def _write(self, *, is_durable: bool = True, **changes: Any) -> None:
        with self._lock:
            now = datetime.now(UTC)
            self._status = self._status.model_copy(update={**changes, "updated_at": now})
            self._run.write_status(self._status, is_durable=is_durable)

    def _beat(self) -> None:
        last = time.monotonic()
        is_told = is_overdue = False
        while not self._over.wait(STOP_LOOK_S):
            if self._run.is_stop_requested():
                self._stop.set()
            if self._stop.is_set() and not is_told:
                is_told, self._patient_since = True, time.monotonic()
                self._enter(RunState.STOPPING, "")
                self._on_stop()
            if is_told and not is_overdue and self._is_overdue():
                is_overdue = True
                self._on_overdue()
            if time.monotonic() - last >= HEARTBEAT_S:
                last = time.monotonic()
                self._write(is_durable=False)

    def _is_overdue(self) -> bool:
        waited = time.monotonic() - self._patient_since
        return not self._num_unbroken and waited > PATIENCE_S


def stop_event(progress: Progress) -> asyncio.Event:
    """Set once a stop was asked for, from whichever thread."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with suppress(RuntimeError):  # the event loop may have ended meanwhile
            loop.call_soon_threadsafe(stopping.set)

    progress.on_stop(tell)
    return stopping
