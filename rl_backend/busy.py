"""A clock that runs while at least one of several concurrent things is going on.

Engine and judge are asked by many rollouts at once; how long anybody waited for them is not a sum
over rollouts. For one event loop.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class BusyClock:
    """Seconds in which something was going on."""

    def __init__(self) -> None:
        self._num_going_on = 0
        self._seconds = 0.0
        self._since = 0.0

    @property
    def seconds(self) -> float:
        """So far, what goes on now included."""
        running = time.monotonic() - self._since if self._num_going_on else 0.0
        return self._seconds + running

    @contextmanager
    def running(self) -> Iterator[None]:
        """Something goes on inside the block."""
        if not self._num_going_on:
            self._since = time.monotonic()
        self._num_going_on += 1
        try:
            yield
        finally:
            self._num_going_on -= 1
            if not self._num_going_on:
                self._seconds += time.monotonic() - self._since
