"""The kiosk with tools that run Python code."""

from world_builder.engine import Engine
from world_builder.frozen import Json
from world_builder.operations import Python
from world_builder.state import WorldState
from world_builder.tools import Tool, ToolCall, ToolResult
from world_builder.world import World


def python_tool(source: str, *, is_read_only: bool = False, **limits: int) -> Tool:
    """A tool `act` that runs the source, and takes any argument."""
    return Tool(
        name="act",
        title="Act",
        description="Acts.",
        is_read_only=is_read_only,
        parameters={"type": "object"},
        operation=Python(source=source, **limits),
    )


def with_tools(world: World, *tools: Tool) -> World:
    return world.model_copy(update={"tools": tools})


def act(state: WorldState, tool: Tool | str, **arguments: Json) -> ToolResult:
    """What a tool, or one that runs a source, answers in a state."""
    declared = tool if isinstance(tool, Tool) else python_tool(tool)
    engine = Engine(with_tools(state.base.world, declared))
    return engine.apply(state, ToolCall(tool="act", arguments=arguments))


def message(result: ToolResult) -> str:
    assert result.is_error, result.value
    return str(result.value["message"])
