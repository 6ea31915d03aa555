"""`python -m exporter.bench.sdk_peer BUNDLE PORT`: a bundle's tools on the MCP SDK's own server.

The peer of `start`: every call gets the same constant answer, so nothing of a world is loaded.
"""

import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)

from exporter import layout


def main(bundle: Path, port: int) -> None:
    """Serves until stopped."""
    listed = json.loads((bundle / layout.MCP_TOOLS).read_bytes())
    tools = [Tool.model_validate(tool) for tool in listed]

    async def list_tools(
        ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(
        ctx: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        return CallToolResult(content=[TextContent(text="{}")])

    server: Server[Any] = Server("peer", on_list_tools=list_tools, on_call_tool=call_tool)
    app = server.streamable_http_app(json_response=True, stateless_http=True)
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
