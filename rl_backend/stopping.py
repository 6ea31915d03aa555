"""Waiting that a stop ends: every await of a run that may last goes through `unless`.

The event is set from `progress`, which is told of a stop in a thread of its own. What must not be
cut short, such as an update, is not awaited here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

AnswerT = TypeVar("AnswerT")

LINGER_S = 2.0
"""Seconds that cancelled work gets to clean up before nobody waits for it any more."""


class Stopped(Exception):
    """A stop was asked for while the process waited for something."""


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
