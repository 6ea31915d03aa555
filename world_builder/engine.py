"""Applies one tool call to a state: validate the arguments, run, commit or roll back.

The same engine runs in preview, tests, the environment server and training. A bad call never
raises: it gets a result that says what to mend, and the state is as it was.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property

from world_builder.errors import (
    ExpressionError,
    PythonError,
    StateError,
    UnknownName,
    WorldError,
)
from world_builder.execution import Runner, runner
from world_builder.frozen import Json
from world_builder.names import Names
from world_builder.operations import Operation, Python, Search, Sequence
from world_builder.plain_values import plain_arguments
from world_builder.records import (
    RecordValidator,
    Validator,
    compile_schema,
    is_text,
    schema_errors,
)
from world_builder.refusals import Refusal
from world_builder.shown import Answer
from world_builder.state import WorldState
from world_builder.storing import Catalogue
from world_builder.tools import (
    Tool,
    ToolCall,
    ToolErrorCode,
    ToolResult,
    WrittenResult,
    tool_error,
    tool_result,
)
from world_builder.whole_numbers import holds_float, with_integers
from world_builder.world import DEFAULT_SURFACE, World


class Engine:
    """The tools of one surface of a world, compiled."""

    def __init__(self, world: World, surface: str = DEFAULT_SURFACE) -> None:
        """Compile the surface's tools.

        Raises UnknownName for a surface the world does not have, WorldError for a bad schema.
        """
        self.tools: tuple[Tool, ...] = world.surface_tools(surface)
        catalogue = Catalogue(
            types={t.name: t for t in world.entity_types},
            validators={t.name: RecordValidator(t) for t in world.entity_types},
            finders=_finders(self.tools),
        )
        reading = replace(catalogue, may_write=False)
        self._compiled = {
            tool.name: _CompiledTool(tool, reading if tool.is_read_only else catalogue)
            for tool in self.tools
        }

    def apply(self, state: WorldState, call: ToolCall) -> ToolResult:
        """What the call answers; an error leaves the state unchanged.

        Raises SandboxError when a Python tool cannot run here; the state is unchanged then, too.
        """
        tool = self._compiled.get(call.tool)
        if tool is None:
            return tool_error(call.tool, ToolErrorCode.UNKNOWN_TOOL, self._unknown(call.tool))
        arguments = call.arguments
        if not tool.accepts(arguments):
            if message := tool.argument_problems(arguments):
                return tool_error(call.tool, ToolErrorCode.INVALID_ARGUMENTS, message)
            arguments = tool.with_integers(arguments)
        try:
            result = tool.run(state, arguments)
        except Refusal as refusal:
            return tool_error(call.tool, refusal.code, str(refusal))
        except (ExpressionError, PythonError, StateError, UnknownName) as error:
            message = f"{call.tool} itself failed, nothing was changed: {error}"
            return tool_error(call.tool, ToolErrorCode.TOOL_BROKEN, message)
        if isinstance(result, Answer):
            return WrittenResult(call.tool, result.text, result.value)
        return tool_result(call.tool, result)

    def _unknown(self, name: str) -> str:
        close = get_close_matches(name, self._compiled, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"there is no tool {name!r}{hint} The tools are: {', '.join(self._compiled)}"


class _CompiledTool:
    """A tool with its argument validator, and what runs its operation from the first call on."""

    def __init__(self, tool: Tool, catalogue: Catalogue) -> None:
        self.declared = tool
        self._catalogue = catalogue
        try:
            self._validator: Validator = compile_schema(tool.parameters)
        except ValueError as error:
            raise WorldError(
                f"tool {tool.name!r}: bad JSON Schema of parameters: {error}"
            ) from error
        self.accepts = plain_arguments(tool.parameters)
        properties = tool.parameters.get("properties")
        self._defaults: dict[str, Json] = {
            name: schema.get("default") if isinstance(schema, dict) else None
            for name, schema in (properties.items() if isinstance(properties, dict) else ())
        }

    def run(self, state: WorldState, arguments: dict[str, Json]) -> dict[str, Json] | Answer:
        """The result of valid arguments. Raises what a `Runner` raises."""
        completed = {**self._defaults, **arguments}
        names = Names({"args": completed, "now": state.now}, state)
        if self.declared.is_read_only:
            return self._runner(state, names)
        with state.transaction():
            return self._runner(state, names)

    @cached_property
    def _runner(self) -> Runner:
        return runner(self.declared.operation, self._catalogue)

    def with_integers(self, arguments: dict[str, Json]) -> dict[str, Json]:
        """Valid arguments with whole numbers as integers where the tool wants such."""
        if not holds_float(arguments):
            return arguments
        given = with_integers(arguments, self.declared.parameters)
        return given if isinstance(given, dict) else {}

    def argument_problems(self, arguments: dict[str, Json]) -> str:
        """What is wrong with the arguments, in one sentence; empty when nothing is."""
        if not is_text(arguments):
            return f"bad arguments for {self.declared.name}: half a character is not text"
        errors = schema_errors(self._validator, arguments)
        if not errors:
            return ""
        told = "; ".join(f"{path}: {text}" if path else text for path, text in errors)
        names = ", ".join(self.declared.parameter_names) or "none"
        return f"bad arguments for {self.declared.name}: {told}. Its arguments are: {names}"


def _finders(tools: tuple[Tool, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for tool in tools:
        if isinstance(tool.operation, Search):
            found.setdefault(tool.operation.entity_type, tool.name)
    return found


def flattened(operation: Operation) -> Iterator[Operation]:
    """The operation and, for a sequence, all operations inside it."""
    yield operation
    if isinstance(operation, Sequence):
        for step in operation.steps:
            yield from flattened(step.operation)


def python_tools(tools: Iterable[Tool]) -> tuple[str, ...]:
    """The names of those tools that run Python code."""
    return tuple(
        t.name for t in tools if any(isinstance(o, Python) for o in flattened(t.operation))
    )
