"""Tool calls as MCP over JSON: requests, and what their answers mean.

Shared by the runtimes that reach worlds over HTTP; how a request travels is their business.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.base import OfferedTool
from world_builder.frozen import Json
from world_builder.tools import ToolCall, ToolResult

IDEMPOTENCY_KEY: Final = "corecraft/idempotency-key"
"""Name of the key in the `_meta` of a call."""

HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json, text/event-stream",
    "Content-Type": "application/json",
    "Mcp-Protocol-Version": "2025-06-18",
}


def rpc_text(method: str, params: Mapping[str, Json]) -> str:
    """The body of an MCP request."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": dict(params)})


def rpc_result(method: str, answer: Any) -> Any:
    """The result in an answer's JSON. Raises WorldRuntimeError for a protocol error."""
    if not isinstance(answer, dict) or "result" not in answer:
        told = answer.get("error") if isinstance(answer, dict) else answer
        raise WorldRuntimeError(
            f"The environment server refused {method}: {told}.",
            hint="Check that bundle and client are of the same release.",
        )
    return answer["result"]


def call_params(call: ToolCall, key: str) -> dict[str, Json]:
    """The parameters of `tools/call`; a call with a key that was seen is not applied again."""
    return {"name": call.tool, "arguments": call.arguments, "_meta": {IDEMPOTENCY_KEY: key}}


def tool_result(call: ToolCall, result: Any) -> ToolResult:
    """The tool's answer. Raises WorldRuntimeError for what is none."""
    try:
        text = result["content"][0]["text"]
        value: dict[str, Json] = json.loads(text)
        return ToolResult(tool=call.tool, value=value, is_error=bool(result.get("isError")))
    except (LookupError, TypeError, ValueError) as error:
        raise unreadable(f"to a call of {call.tool}") from error


def offered_tools(listed: Any) -> tuple[OfferedTool, ...]:
    """The tools that `tools/list` told. Raises WorldRuntimeError for what is no list of tools."""
    try:
        return tuple(
            OfferedTool(
                name=tool["name"],
                description=tool.get("description") or "",
                parameters=tool["inputSchema"],
            )
            for tool in listed["tools"]
        )
    except (LookupError, TypeError) as error:
        raise unreadable("for the list of tools") from error


def unreadable(what: str) -> WorldRuntimeError:
    """The error for an answer that makes no sense."""
    return WorldRuntimeError(
        f"The environment server gave an unreadable answer {what}.",
        hint="Check that it is an environment server of this release.",
    )
