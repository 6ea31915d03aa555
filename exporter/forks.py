"""Shares numbered parts of a work out among forks of this process.

For command lines. A fork has all that was made already, so the work needs no way to it; only what
comes out is sent.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Final

from world_builder.templates.sharing import PartT, alone

FEW_PARTS: Final = 40
"""Fewer are done sooner than processes start."""
_MOST_PROCESSES: Final = 8


def can_fork() -> bool:
    """A fork has no other thread of this process, but whatever these had locked."""
    return sys.platform == "linux" and threading.active_count() == 1


def num_processes() -> int:
    """How many work at a time."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES)


def forked(work: Callable[[int], PartT], num_parts: int, /) -> list[PartT]:
    """What the work gives for each number, in order; done here where that is quicker or safer."""
    if num_parts < FEW_PARTS or num_processes() < 2 or not can_fork():
        return alone(work, num_parts)
    _work[:] = [work]
    try:
        with ProcessPoolExecutor(num_processes(), get_context("fork")) as pool:
            return list(pool.map(_part, range(num_parts)))
    finally:
        _work.clear()


_work: list[Callable[[int], Any]] = []


def _part(number: int) -> Any:
    return _work[0](number)
