"""A world's tools over MCP's streamable HTTP, stateless: each POST is answered with JSON.

The URL says which world a request is about: `/mcp` or `/rollouts/<id>/mcp`. Nothing is streamed,
since a tool answers at once and nothing ever happens without a call; a GET is refused, as the
protocol allows. The methods themselves are in `mcp_methods`.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

from exporter.server.asgi import Reply, Request, json_reply
from exporter.server.desk import KEY_HEADER
from exporter.server.jsonrpc import Call, Code, Fault, answer, error_answer, read_message
from exporter.server.mcp_methods import (
    HANDSHAKE_VERSIONS,
    MODERN_VERSIONS,
    Asked,
    McpMethods,
    envelope_version,
)
from exporter.server.rollouts import Rollout
from world_builder.frozen import Json

_VERSION_HEADER: Final = "mcp-protocol-version"
_METHOD_HEADER: Final = "mcp-method"
_NAME_HEADER: Final = "mcp-name"
_ROUTING_HEADERS: Final = (_VERSION_HEADER, _METHOD_HEADER, _NAME_HEADER)

_ACCEPTED: Final = frozenset({"application/json", "application/*", "*/*"})
_MODERN_STATUS: Final = {Code.METHOD_NOT_FOUND: 404}
"""HTTP status of a 2026 error where it is not 400; errors of the handshake era have 200."""


class McpEndpoint:
    """Answers the HTTP requests to one world after the other."""

    def __init__(self, methods: McpMethods) -> None:
        self._methods = methods

    async def answer(self, request: Request, rollout: Rollout) -> Reply:
        """The reply, whatever was sent."""
        if (refused := _not_acceptable(request)) is not None:
            return refused
        version = request.headers.get(_VERSION_HEADER)
        is_modern = version is not None and version not in HANDSHAKE_VERSIONS
        try:
            call = read_message(request.body)
        except Fault as fault:
            return json_reply(error_answer(None, fault), 400)
        if call is None:
            return _acknowledged(str(version) if is_modern else None)
        asked = Asked(call=call, rollout=rollout, header_key=request.headers.get(KEY_HEADER))
        return await (self._modern(request, asked) if is_modern else self._handshake(asked))

    async def _handshake(self, asked: Asked) -> Reply:
        try:
            return json_reply(answer(asked.call, await _done(self._methods.handshake, asked)))
        except Fault as fault:
            return json_reply(error_answer(asked.call.id, fault))

    async def _modern(self, request: Request, asked: Asked) -> Reply:
        try:
            _check_routing(request, asked.call)
            return json_reply(answer(asked.call, await _done(self._methods.modern, asked)))
        except Fault as fault:
            status = _MODERN_STATUS.get(fault.code, 400)
            return json_reply(error_answer(asked.call.id, fault), status)


async def _done(method: Callable[[Asked], dict[str, Any]], asked: Asked) -> dict[str, Any]:
    """The result of a method, in a thread where it may take long. Raises Fault."""
    if not asked.rollout.is_slow:
        return method(asked)
    async with asked.rollout.turn():
        return await asyncio.to_thread(method, asked)


def _not_acceptable(request: Request) -> Reply | None:
    """A refusal of what is no JSON request that takes a JSON answer; None when it is one."""
    if request.method != "POST":
        message = "send JSON-RPC by POST: this server keeps no session and streams nothing"
        return _refused(405, message, {"allow": "POST"})
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type.strip().lower() != "application/json":
        return _refused(415, "Content-Type must be application/json")
    accepted = request.headers.get("accept", "").lower().split(",")
    if _ACCEPTED.isdisjoint(kind.partition(";")[0].strip() for kind in accepted):
        return _refused(406, "the answer is application/json: the Accept header must allow it")
    return None


def _refused(status: int, message: str, headers: dict[str, str] | None = None) -> Reply:
    return json_reply(error_answer(None, Fault(Code.INVALID_REQUEST, message)), status, headers)


def _acknowledged(modern_version: str | None) -> Reply:
    """The reply to a notification: none of them changes anything here."""
    if modern_version is None or modern_version in MODERN_VERSIONS:
        return Reply(status=202)
    return json_reply(error_answer(None, _unsupported(modern_version)), 400)


def _check_routing(request: Request, call: Call) -> None:
    """Headers that a proxy may route by must say what the body says. Raises Fault."""
    for header in _ROUTING_HEADERS:
        if header in request.repeated:
            raise Fault(Code.HEADER_MISMATCH, f"{header} header appears more than once")
    version = envelope_version(call)
    _match(_VERSION_HEADER, request.headers.get(_VERSION_HEADER), version)
    _match(_METHOD_HEADER, request.headers.get(_METHOD_HEADER), call.method)
    name = call.params.get("name")
    if call.method == "tools/call" and name is not None:
        _match(_NAME_HEADER, _decoded(request.headers.get(_NAME_HEADER)), name)
    if version not in MODERN_VERSIONS:
        raise _unsupported(version)


def _match(header: str, said: str | None, expected: object) -> None:
    if said != expected:
        raise Fault(Code.HEADER_MISMATCH, f"{header} header does not match the request's body")


def _decoded(value: str | None) -> str | None:
    """The value of a header: what is no plain ASCII comes as `=?base64?...?=`."""
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _unsupported(version: str) -> Fault:
    data: Json = {"supported": [*MODERN_VERSIONS], "requested": version}
    return Fault(Code.UNSUPPORTED_VERSION, "Unsupported protocol version", data)
