"""A world's tools over MCP: one low-level server for all rollouts of a process.

The protocol has no sessions, so the URL says which world a request is about: `/mcp` or
`/rollouts/<id>/mcp`. Nothing here lists, makes or reads rollouts; that is `control`.
"""

from collections.abc import Callable
from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from mcp_types import Tool as McpTool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from exporter.mcp_tools import mcp_tool
from exporter.server.plain_calls import KEY_META, may_be_plain, plain_call
from exporter.server.rollouts import Rollout, call_tool
from world_builder.tools import Tool

KEY_HEADER: Final = "idempotency-key"

_ROLLOUT: Final = "corecraft.rollout"

Find = Callable[[HTTPConnection], Rollout | None]
"""The rollout that a request is addressed to; None when there is none."""


def session_manager(name: str, version: str, body_limit: int) -> StreamableHTTPSessionManager:
    """The stateless MCP transport of a world; enter its `run()` before the first request."""
    server: Server[Any] = Server(
        name,
        version=version,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
        get_tool_input_schema=lambda _: None,
    )
    server.middleware.clear()
    return StreamableHTTPSessionManager(
        app=server, json_response=True, stateless=True, max_request_body_size=body_limit
    )


class McpEndpoint:
    """ASGI application that hands a request, with its rollout, to the MCP transport.

    Plain tool calls of the handshake-era protocol are answered here (`plain_calls`).
    """

    def __init__(self, manager: StreamableHTTPSessionManager, find: Find) -> None:
        self._manager = manager
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rollout = self._find(HTTPConnection(scope))
        if rollout is None:
            message = "there is no such rollout: it never was, was deleted, or was idle too long"
            response = JSONResponse({"error": "not_found", "message": message}, 404)
            await response(scope, receive, send)
            return
        if may_be_plain(scope):
            receive, body = await _peeked(receive)
            if (plain := plain_call(body)) is not None:
                key = plain.key or Headers(scope=scope).get(KEY_HEADER) or None
                result = call_tool(rollout, plain.name, plain.arguments, key)
                await plain.response(result)(scope, receive, send)
                return
        scope[_ROLLOUT] = rollout
        await self._manager.handle_request(scope, receive, send)


async def _peeked(receive: Receive) -> tuple[Receive, bytes]:
    """The first part of a body, and a `receive` that gives it again."""
    first = await receive()
    waiting = [first]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    is_whole = first["type"] == "http.request" and not first.get("more_body", False)
    return again, first.get("body", b"") if is_whole else b""


async def _list_tools(
    ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None
) -> ListToolsResult:
    return ListToolsResult(tools=[_declared(tool) for tool in _rollout(ctx).tools])


async def _call_tool(
    ctx: ServerRequestContext[Any], params: CallToolRequestParams
) -> CallToolResult:
    """The canonical text alone: the same bytes that a rollout in process reads."""
    result = call_tool(_rollout(ctx), params.name, params.arguments, _key(ctx, params))
    return CallToolResult(content=[TextContent(text=result.text)], is_error=result.is_error)


def _declared(tool: Tool) -> McpTool:
    return McpTool.model_validate(mcp_tool(tool))


def _rollout(ctx: ServerRequestContext[Any]) -> Rollout:
    if ctx.request is None:
        raise RuntimeError("an MCP request came without its HTTP request")
    rollout: Rollout = ctx.request.scope[_ROLLOUT]
    return rollout


def _key(ctx: ServerRequestContext[Any], params: CallToolRequestParams) -> str | None:
    meta: Any = params.meta or {}
    named = meta.get(KEY_META) or (ctx.request and ctx.request.headers.get(KEY_HEADER))
    return str(named) if named else None
