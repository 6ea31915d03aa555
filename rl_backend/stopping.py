"""Waiting that a stop ends: every await of a run that may last goes through `unless`.

Between `progress`, which is told of a stop in a thread of its own, and the coroutines of a run.
What must not be cut short, such as an update, is not awaited here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from rl_backend.progress import Progress

AnswerT = TypeVar("AnswerT")

LINGER_S = 2.0
"""Seconds that cancelled work gets to clean up before nobody waits for it any more."""


class Stopped(Exception):
    """A stop was asked for while the process waited for something."""


def stop_event(progress: Progress) -> asyncio.Event:
    """Set once a stop was asked for, from whichever thread."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with suppress(RuntimeError):  # the event loop may have ended meanwhile
            loop.call_soon_threadsafe(stopping.set)

    progress.on_stop(tell)
    return stopping


async def unless(stopping: asyncio.Event, work: Awaitable[AnswerT]) -> AnswerT:
    """The work's answer. Raises Stopped when a stop is asked for before it is there."""
    task, stop = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Stopped
        return task.result()
    finally:
        await cancel(task, stop)


async def cancel(*work: asyncio.Future[Any]) -> None:
    """Ends what still runs of it, and waits a little for that; results and errors are dropped."""
    for each in work:
        each.cancel()
    if not work:
        return
    done, _ = await asyncio.wait(work, timeout=LINGER_S)
    for each in done:
        if not each.cancelled():
            each.exception()
