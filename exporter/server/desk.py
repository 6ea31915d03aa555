"""Makes a rollout once, however often the request for it comes.

A trainer that got no answer to POST /rollouts asks again with the same `Idempotency-Key` and gets
the rollout that was made for it. How one is made is not known here.
"""

import asyncio
from collections import OrderedDict
from functools import partial
from typing import Final

from exporter.server.asgi import Handler, Reply, Request, refusal

KEY_HEADER: Final = "idempotency-key"
REMEMBERED_ROLLOUTS: Final = 4096
"""Keys of rollouts that were made; the oldest are forgotten first."""

_MADE: Final = 201


class Desk:
    """Answers requests for new rollouts."""

    def __init__(self, make: Handler) -> None:
        self._make = make
        self._made: OrderedDict[str, tuple[bytes, asyncio.Future[Reply]]] = OrderedDict()

    async def create(self, request: Request) -> Reply:
        """The reply of `make`; for a key that was seen, the one it got or is about to get."""
        key = request.headers.get(KEY_HEADER)
        if not key:
            return await self._make(request)
        if key in self._made:
            body, made = self._made[key]
            return await asyncio.shield(made) if body == request.body else _used(key)
        return await self._first(key, request)

    async def _first(self, key: str, request: Request) -> Reply:
        made = asyncio.ensure_future(self._make(request))
        made.add_done_callback(partial(self._done, key))
        self._made[key] = (request.body, made)
        return await asyncio.shield(made)

    def _done(self, key: str, made: "asyncio.Future[Reply]") -> None:
        if made.cancelled() or made.exception() is not None or made.result().status != _MADE:
            del self._made[key]
        elif len(self._made) > REMEMBERED_ROLLOUTS:
            self._made.popitem(last=False)


def _used(key: str) -> Reply:
    message = f"the idempotency key {key!r} was used for another start; use a new one"
    return refusal(422, "key_used", message)
