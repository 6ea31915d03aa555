"""The contract of a runtime: it starts isolated worlds, and a world answers tool calls.

Every runtime gives byte-identical results for the same calls; one conformance suite holds all of
them to it. The environment drives a `RunningWorld`; policies and judges never see one.
"""

from typing import Protocol, runtime_checkable

from pydantic import Field as Declared

from world_builder.diff import StateDiff
from world_builder.frozen import Frozen, Json
from world_builder.tasks import Start
from world_builder.tools import Tool, ToolCall, ToolResult


class OfferedTool(Frozen):
    """A tool as a policy is told of it."""

    name: str
    description: str
    parameters: dict[str, Json] = Declared(default_factory=dict)
    """JSON Schema of the arguments."""

    @classmethod
    def of(cls, tool: Tool) -> "OfferedTool":
        return cls(name=tool.name, description=tool.description, parameters=tool.parameters)


class FinalState(Frozen):
    """What a rollout did to its world."""

    diff: StateDiff
    """Changes since the start of the task."""
    state_hash: str


@runtime_checkable
class RunningWorld(Protocol):
    """One isolated world, of one rollout."""

    @property
    def tools(self) -> tuple[OfferedTool, ...]:
        """The tools of the task's surface, in its order."""

    async def call(self, call: ToolCall) -> ToolResult:
        """The answer of a tool; refused calls are results. Raises WorldRuntimeError."""

    async def finish(self) -> FinalState:
        """What changed, and the hash of the state as it is now. Raises WorldRuntimeError."""

    async def close(self) -> None:
        """Give the world back. May be called twice; never raises, and waits for nobody long."""


@runtime_checkable
class Runtime(Protocol):
    """Starts worlds of one bundle, many at a time."""

    async def start(self, start: Start) -> RunningWorld:
        """A fresh world, as the task begins. Raises WorldRuntimeError."""

    async def close(self) -> None:
        """Release everything; worlds that still run are closed with it."""
