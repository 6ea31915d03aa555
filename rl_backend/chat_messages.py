"""Messages and tools in the form that chat templates expect. Imports nothing heavy."""

from __future__ import annotations

from rl_backend.runtimes.base import OfferedTool
from world_builder.frozen import Json
from world_builder.trajectory import Message


def as_chat(message: Message) -> dict[str, Json]:
    """A message as chat templates expect it."""
    chat: dict[str, Json] = {"role": message.role.value, "content": message.content}
    if message.tool_calls:
        chat["tool_calls"] = [
            {"type": "function", "function": {"name": c.tool, "arguments": c.arguments}}
            for c in message.tool_calls
        ]
    if message.tool:
        chat["name"] = message.tool
    return chat


def as_function(tool: OfferedTool) -> dict[str, Json]:
    """A tool as chat templates expect it."""
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }
