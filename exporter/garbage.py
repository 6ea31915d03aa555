"""Lets a short command that makes millions of lasting objects leave its garbage lie.

For command lines. Python would look at all of these objects again and again, and find next to
nothing; what a command leaves goes with its process.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage meanwhile; what is not part of a cycle goes as ever.

    What was made meanwhile is never searched afterwards, either, nor when the process ends.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
