"""A tool as MCP's `tools/list` shows it.

One function for the file `mcp-tools.json` and for the environment server, so that both say the
same. It needs no MCP package.
"""

from collections.abc import Iterable

from world_builder.frozen import Json
from world_builder.tools import Tool


def mcp_tool(tool: Tool) -> dict[str, Json]:
    """The tool's MCP definition: name, title, description, inputSchema, annotations."""
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.parameters,
        "annotations": {
            "readOnlyHint": tool.is_read_only,
            "destructiveHint": False,
            "idempotentHint": tool.is_read_only,
            "openWorldHint": False,
        },
    }


def mcp_tools(tools: Iterable[Tool]) -> list[Json]:
    """The definitions of several tools, in order."""
    return [mcp_tool(tool) for tool in tools]
