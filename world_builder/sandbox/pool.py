"""The sandboxes of this process: started when they are wanted, replaced when they are lost.

One pool serves all engines of a process (`shared`); a fork of the process starts its own.
"""

import atexit
import os
from functools import lru_cache
from threading import Condition
from typing import Any, Final

from world_builder.sandbox.outcome import Desk, Outcome
from world_builder.sandbox.process import Sandbox

_MOST: Final = 4


class SandboxPool:
    """Sandboxes for calls from any thread."""

    def __init__(self, most: int = _MOST) -> None:
        """`most` calls run at a time; others wait."""
        self._most = most
        self._start_afresh()

    def call(self, order: dict[str, Any], desk: Desk) -> Outcome:
        """How the call goes. Raises SandboxError, and whatever the desk raises."""
        sandbox = self._taken()
        try:
            outcome = sandbox.call(order, desk)
        except BaseException:
            self._lost(sandbox)
            raise
        self._given_back(sandbox)
        return outcome

    @property
    def num_idle(self) -> int:
        return len(self._idle)

    def close(self) -> None:
        """Ends the sandboxes that are at rest."""
        with self._condition:
            for sandbox in self._idle:
                sandbox.kill()
            self._num_alive -= len(self._idle)
            self._idle.clear()

    def after_fork(self) -> None:
        """Leaves the sandboxes to the process that this one was forked from."""
        idle = self._idle
        self._start_afresh()
        for sandbox in idle:
            sandbox.forget()

    def _start_afresh(self) -> None:
        self._idle: list[Sandbox] = []
        self._num_alive = 0
        self._condition = Condition()

    def _taken(self) -> Sandbox:
        with self._condition:
            while not self._idle and self._num_alive >= self._most:
                self._condition.wait()
            if self._idle:
                return self._idle.pop()
            self._num_alive += 1
        try:
            return Sandbox()
        except BaseException:
            self._one_less()
            raise

    def _given_back(self, sandbox: Sandbox) -> None:
        with self._condition:
            self._idle.append(sandbox)
            self._condition.notify()

    def _lost(self, sandbox: Sandbox) -> None:
        sandbox.kill()
        self._one_less()

    def _one_less(self) -> None:
        with self._condition:
            self._num_alive -= 1
            self._condition.notify()


@lru_cache(maxsize=1)
def shared() -> SandboxPool:
    """The pool of this process."""
    pool = SandboxPool()
    atexit.register(pool.close)
    os.register_at_fork(after_in_child=pool.after_fork)
    return pool
