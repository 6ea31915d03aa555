"""Says what a long command is at: beside a spinner on a terminal, else in lines now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console

SECONDS_BETWEEN_LINES: Final = 30.0

Told = Callable[[str], None]


@contextmanager
def telling(
    first: str, console: Console | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Told]:
    """A function that takes each new stage; `console` None is standard error.

    In a pipe or a log, the first stage is told at once and later ones at most every half a minute.
    """
    console = console or Console(stderr=True)
    if console.is_terminal:
        with console.status(first) as status:
            yield status.update
        return
    told_at = clock()
    console.print(first, markup=False)

    def tell(stage: str) -> None:
        nonlocal told_at
        if clock() - told_at >= SECONDS_BETWEEN_LINES:
            console.print(stage, markup=False)
            told_at = clock()

    yield tell
