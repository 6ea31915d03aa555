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
from pydantic import ValidationError
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from exporter.mcp_tools import mcp_tool
from exporter.server.rollouts import Rollout
from world_builder.tools import Tool, ToolCall, ToolErrorCode, ToolResult, tool_error

KEY_HEADER: Final = "idempotency-key"
KEY_META: Final = "corecraft/idempotency-key"

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
    """ASGI application that hands a request, with its rollout, to the MCP transport."""

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
        scope[_ROLLOUT] = rollout
        await self._manager.handle_request(scope, receive, send)


async def _list_tools(
    ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None
) -> ListToolsResult:
    return ListToolsResult(tools=[_declared(tool) for tool in _rollout(ctx).tools])


async def _call_tool(
    ctx: ServerRequestContext[Any], params: CallToolRequestParams
) -> CallToolResult:
    try:
        call = ToolCall(tool=params.name, arguments=params.arguments or {})
    except ValidationError as error:
        message = f"the arguments are no JSON: {error.errors()[0]['msg']}"
        return _answer(tool_error(params.name, ToolErrorCode.MALFORMED_CALL, message))
    return _answer(_rollout(ctx).call(call, _key(ctx, params)))


def _answer(result: ToolResult) -> CallToolResult:
    """The canonical text alone: the same bytes that a rollout in process reads."""
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
