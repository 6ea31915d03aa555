"""The ASGI side of the server: a whole request in, a whole reply out.

Just enough of the protocol for a server whose answers are small JSON bodies, so that nothing has to
be imported for it. `app` says what is answered; uvicorn speaks HTTP.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from world_builder.frozen import Json

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_BODY_S: Final = 30.0
"""A request's body must be there so long after its head."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request."""

    method: str
    path: str
    origin: str
    """What comes before the path in a URL of this server, as the client addressed it."""
    headers: Mapping[str, str]
    """By lower-case name; the first one where a name is repeated."""
    repeated: frozenset[str] = frozenset()
    """Names of headers that came more than once."""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler: TypeAlias = Callable[[Request], Awaitable[Reply]]
Guard: TypeAlias = Callable[[Request], Reply | None]
"""Why a request may not go on, before its body is read; None when it may."""


def json_reply(value: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a JSON body."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Reply(
        status=status, body=body, headers={"content-type": "application/json", **(headers or {})}
    )


def refusal(
    status: int, error: str, message: str, headers: Mapping[str, str] | None = None
) -> Reply:
    """An answer that says what is wrong and what to do."""
    return json_reply({"error": error, "message": message}, status, headers)


class Application:
    """An ASGI application that answers whole requests while all of `running` is entered."""

    def __init__(
        self,
        answer: Handler,
        *,
        guard: Guard,
        body_limit: int,
        running: Iterable[Callable[[], AbstractAsyncContextManager[None]]] = (),
        body_s: float = _BODY_S,
    ) -> None:
        self._answer = answer
        self._guard = guard
        self._body_limit = body_limit
        self._running = tuple(running)
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif (reply := await self._reply(_request(scope), receive)) is not None:
            await _send(reply, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            for enter in self._running:
                await stack.enter_async_context(enter())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _reply(self, request: Request, receive: Receive) -> Reply | None:
        """None when the client went away before it had said everything."""
        if (refused := self._guard(request)) is not None:
            return refused
        try:
            async with asyncio.timeout(self._body_s):
                body = await _read(request, receive, self._body_limit)
        except TimeoutError:
            return _too_late(self._body_s)
        if not isinstance(body, bytes):
            return body
        return await answered(self._answer, replace(request, body=body))


async def answered(answer: Handler, request: Request) -> Reply:
    """The reply of a handler, or, when it fails, one that says so."""
    try:
        return await answer(request)
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return refusal(500, "internal", "the server failed; its log says more")


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    repeated = set()
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        if name in headers:
            repeated.add(name)
        else:
            headers[name] = raw_value.decode("latin-1")
    return Request(
        method=scope["method"],
        path=scope["path"],
        origin=f"{scope.get('scheme', 'http')}://{headers.get('host', '')}",
        headers=headers,
        repeated=frozenset(repeated),
    )


async def _read(request: Request, receive: Receive, limit: int) -> bytes | Reply | None:
    """The body; a refusal when it is too long, None when the client went away."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        return _too_long(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return _too_long(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_long(limit: int) -> Reply:
    return refusal(413, "too_long", f"a request's body may have at most {limit:,} bytes")


def _too_late(limit_s: float) -> Reply:
    message = f"a request's body must be there within {limit_s:g} s of its head"
    return refusal(408, "too_late", message, {"connection": "close"})


async def _send(reply: Reply, send: Send) -> None:
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
