"""The small world served by the MCP SDK's own server: the measure of what ours answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from mcp_types import Tool as McpTool

from exporter.mcp_tools import mcp_tool
from world_builder.engine import Engine
from world_builder.state import WorldBase, WorldState
from world_builder.tools import ToolCall
from world_builder.world import World

HOST = "http://localhost"


@asynccontextmanager
async def sdk_client(world: World, version: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the world, served at `/mcp` as the SDK serves it: stateless, JSON answers."""
    engine, state = Engine(world), WorldState(WorldBase(world))

    async def list_tools(
        ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[McpTool.model_validate(mcp_tool(t)) for t in engine.tools])

    async def call_tool(
        ctx: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        call = ToolCall(tool=params.name, arguments=params.arguments or {})
        result = engine.apply(state, call)
        return CallToolResult(content=[TextContent(text=result.text)], is_error=result.is_error)

    server: Server[Any] = Server(
        world.name, version=version, on_list_tools=list_tools, on_call_tool=call_tool
    )
    server.middleware.clear()
    app = server.streamable_http_app(json_response=True, stateless_http=True, host="a.test")
    async with server.session_manager.run(), _client(app) as client:
        yield client


@asynccontextmanager
async def _client(app: Any) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


def our_client(app: Any) -> httpx2.AsyncClient:
    """A client of our own application, in this process."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=HOST)
