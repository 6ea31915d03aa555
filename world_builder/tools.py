"""Tools as declared data, the calls an agent makes and the results it gets.

`operations` says what a tool does; `engine` applies a call to a state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pydantic import Field as Declared

from world_builder.frozen import Frozen, Json
from world_builder.ids import SLUG_PATTERN, Written, canonical_json
from world_builder.operations import Operation, object_schema


class Tool(Frozen):
    """One thing an agent can do in a world."""

    name: str = Declared(pattern=SLUG_PATTERN)
    title: str
    description: str
    group: str = ""
    """A heading for people, such as `look-ups` or `updates`."""
    parameters: dict[str, Json] = Declared(default_factory=lambda: object_schema({}))
    """JSON Schema of the arguments: an object."""
    is_read_only: bool = True
    operation: Operation

    @property
    def parameter_names(self) -> tuple[str, ...]:
        properties = self.parameters.get("properties")
        return tuple(properties) if isinstance(properties, dict) else ()


class ToolSurface(Frozen):
    """A named choice of tools over the same entities."""

    name: str = Declared(pattern=SLUG_PATTERN)
    title: str
    tools: tuple[str, ...]


class ToolCall(Frozen):
    """What an agent asks for."""

    tool: str
    arguments: dict[str, Json] = Declared(default_factory=dict)


class ToolErrorCode(StrEnum):
    """Why a call was refused; the state is unchanged in every case."""

    UNKNOWN_TOOL = "unknown_tool"
    MALFORMED_CALL = "malformed_call"
    INVALID_ARGUMENTS = "invalid_arguments"
    NOT_FOUND = "not_found"
    PRECONDITION_FAILED = "precondition_failed"
    INVALID_VALUE = "invalid_value"
    TIMED_OUT = "timed_out"
    """A Python tool used up its processor time."""
    TOOL_BROKEN = "tool_broken"
    """The tool's own declaration failed: its author's fault, not the agent's."""


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """What a call answered: a JSON object, or an error the agent can act on."""

    tool: str
    value: dict[str, Json]
    """The result; for an error `{error: code, message: what to mend}`."""
    is_error: bool = False

    @cached_property
    def text(self) -> str:
        """What the agent reads: canonical JSON, the same bytes in every runtime."""
        return canonical_json(self.value)


def tool_result(tool: str, value: dict[str, Json]) -> ToolResult:
    """The result of a call that went well, made with less ado: it is frozen, and there are many."""
    made = ToolResult.__new__(ToolResult)
    made.__dict__.update(tool=tool, value=value, is_error=False)
    return made


class WrittenResult(ToolResult):
    """A result whose text is known before its value, which is made when it is first read."""

    def __init__(self, tool: str, text: str, make: Callable[[], dict[str, Json]]) -> None:
        self.__dict__.update(tool=tool, text=text, make=make)  # frozen; and most read only the text

    @cached_property
    def value(self) -> dict[str, Json]:  # type: ignore[override]  # a field that is made late
        make: Callable[[], dict[str, Json]] = self.__dict__["make"]
        return Written(make(), self.text)


def tool_error(tool: str, code: ToolErrorCode, message: str) -> ToolResult:
    """The result of a refused call."""
    return ToolResult(tool=tool, value={"error": code.value, "message": message}, is_error=True)
