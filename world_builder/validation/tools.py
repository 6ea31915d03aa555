"""Validates tools: schemas, operations, code, every CEL expression and every name in it."""

from collections.abc import Iterator, Mapping

from world_builder.entities import EntityType
from world_builder.errors import ExpressionError
from world_builder.expressions import compile_expression, message_expressions
from world_builder.operations import (
    Binding,
    Compute,
    Create,
    Get,
    Let,
    Operation,
    Python,
    Rules,
    Search,
    Sequence,
    Update,
)
from world_builder.records import compile_schema
from world_builder.tools import Tool, ToolSurface
from world_builder.validation.problems import Problem, duplicates, unknown
from world_builder.validation.python import python_problems

Types = Mapping[str, EntityType]


def surface_problems(surfaces: tuple[ToolSurface, ...], tools: set[str]) -> Iterator[Problem]:
    """What is wrong with the tool surfaces."""
    yield from duplicates("surfaces", "tool surface", (s.name for s in surfaces))
    for surface in surfaces:
        for name in surface.tools:
            if name not in tools:
                yield unknown(f"surfaces.{surface.name}.tools", "tool", name, tools)


def tool_problems(tool: Tool, types: Types) -> Iterator[Problem]:
    """What is wrong with one tool."""
    path = f"tools.{tool.name}"
    if not tool.description.strip():
        hint = "agents choose a tool by its description"
        yield Problem(path=f"{path}.description", message="is empty", hint=hint)
    yield from _schema_problems(f"{path}.parameters", tool)
    if tool.is_read_only and (kind := _writes(tool.operation)):
        hint = "untick read-only, or change the operation"
        message = f"a read-only tool cannot {kind}"
        yield Problem(path=f"{path}.is_read_only", message=message, hint=hint)
    yield from _Operations(tool, types).problems(
        f"{path}.operation", tool.operation, ("args", "now")
    )


def _schema_problems(path: str, tool: Tool) -> Iterator[Problem]:
    if tool.parameters.get("type") != "object":
        yield Problem(path=path, message='must be a JSON Schema of type "object"')
    try:
        compile_schema(tool.parameters)
    except ValueError as error:
        yield Problem(
            path=path, message=f"not a JSON Schema: {error.args[0] if error.args else error}"
        )
    required = tool.parameters.get("required")
    for name in required if isinstance(required, list) else ():
        if name not in tool.parameter_names:
            yield unknown(f"{path}.required", "parameter", name, tool.parameter_names)


def _writes(operation: Operation) -> str:
    if isinstance(operation, Create | Update):
        return operation.kind
    if isinstance(operation, Sequence):
        return next((kind for s in operation.steps if (kind := _writes(s.operation))), "")
    return ""


class _Operations:
    """Walks the operations of one tool."""

    def __init__(self, tool: Tool, types: Types) -> None:
        self.parameters = tool.parameter_names
        self.types = types

    def problems(
        self, path: str, operation: Operation, names: tuple[str, ...]
    ) -> Iterator[Problem]:
        match operation:
            case Get():
                yield from self._get(path, operation, names)
            case Search():
                yield from self._search(path, operation, names)
            case Create() | Update():
                yield from self._write(path, operation, names)
            case Compute():
                names, found = self._prepared(path, operation, names)
                yield from found
                yield from self._lets(f"{path}.result", operation.result, names)[1]
            case Rules():
                names, found = self._prepared(path, operation, names)
                yield from found
                yield from duplicates(f"{path}.rules", "rule", (r.id for r in operation.rules))
                for rule in operation.rules:
                    yield from expression_problems(f"{path}.rules.{rule.id}.when", rule.when, names)
                    yield from message_problems(
                        f"{path}.rules.{rule.id}.message", rule.message, names
                    )
            case Python():
                yield from python_problems(path, operation)
            case Sequence():
                yield from self._sequence(path, operation, names)

    def _get(self, path: str, operation: Get, names: tuple[str, ...]) -> Iterator[Problem]:
        yield from self._type(f"{path}.entity_type", operation.entity_type)
        yield from expression_problems(f"{path}.id", operation.id, names)
        yield from self._fields(f"{path}.fields", operation.entity_type, operation.fields)
        for join in operation.joins:
            owner = join.entity_type if join.is_reverse else operation.entity_type
            yield from self._type(f"{path}.joins.{join.name}.entity_type", join.entity_type)
            yield from self._fields(f"{path}.joins.{join.name}.reference", owner, (join.reference,))

    def _search(self, path: str, operation: Search, names: tuple[str, ...]) -> Iterator[Problem]:
        yield from self._type(f"{path}.entity_type", operation.entity_type)
        used = [item.argument for item in operation.filters]
        if operation.limit_argument:
            used.append(operation.limit_argument)
        for argument in used:
            if argument not in self.parameters:
                yield unknown(f"{path}.filters.{argument}", "parameter", argument, self.parameters)
        for item in operation.filters:
            where = f"{path}.filters.{item.argument}.fields"
            yield from self._fields(where, operation.entity_type, item.fields)
        yield from self._fields(f"{path}.fields", operation.entity_type, operation.fields)
        sort = operation.sort.lstrip("-")
        yield from self._fields(f"{path}.sort", operation.entity_type, (sort,))
        if operation.where is not None:
            yield from expression_problems(f"{path}.where", operation.where, (*names, "it"))

    def _write(
        self, path: str, operation: Create | Update, names: tuple[str, ...]
    ) -> Iterator[Problem]:
        yield from self._type(f"{path}.entity_type", operation.entity_type)
        if isinstance(operation, Update):
            yield from expression_problems(f"{path}.id", operation.id, names)
            names = (*names, "it")
            fields = tuple(t.field for t in operation.transitions)
            yield from self._fields(f"{path}.transitions", operation.entity_type, fields)
        names, found = self._prepared(path, operation, names)
        yield from found
        for value in operation.values:
            where = f"{path}.values.{value.field}"
            yield from self._fields(where, operation.entity_type, (value.field,))
            yield from expression_problems(where, value.value, names)
            if value.when is not None:
                yield from expression_problems(f"{where}.when", value.when, names)

    def _sequence(
        self, path: str, operation: Sequence, names: tuple[str, ...]
    ) -> Iterator[Problem]:
        yield from duplicates(f"{path}.steps", "step", (s.name for s in operation.steps))
        for step in operation.steps:
            where = f"{path}.steps.{step.name}"
            if step.when is not None:
                yield from expression_problems(f"{where}.when", step.when, names)
            yield from self.problems(f"{where}.operation", step.operation, names)
            names = (*names, step.name)
        yield from self._lets(f"{path}.result", operation.result, names)[1]

    def _prepared(
        self, path: str, operation: Create | Update | Compute | Rules, names: tuple[str, ...]
    ) -> tuple[tuple[str, ...], list[Problem]]:
        found: list[Problem] = []
        for binding in operation.bindings:
            found += self._binding(f"{path}.bindings.{binding.name}", binding, names)
            names = (*names, binding.name)
        names, more = self._lets(f"{path}.lets", operation.lets, names)
        found += more
        for i, precondition in enumerate(operation.preconditions):
            where = f"{path}.preconditions[{i}]"
            found += expression_problems(f"{where}.check", precondition.check, names)
            found += message_problems(f"{where}.message", precondition.message, names)
        return names, found

    def _binding(self, path: str, binding: Binding, names: tuple[str, ...]) -> list[Problem]:
        found = list(self._type(f"{path}.entity_type", binding.entity_type))
        return found + list(expression_problems(f"{path}.id", binding.id, names))

    def _lets(
        self, path: str, lets: tuple[Let, ...], names: tuple[str, ...]
    ) -> tuple[tuple[str, ...], list[Problem]]:
        found: list[Problem] = []
        for let in lets:
            found += expression_problems(f"{path}.{let.name}", let.value, names)
            names = (*names, let.name)
        return names, found

    def _type(self, path: str, name: str) -> Iterator[Problem]:
        if name not in self.types:
            yield unknown(path, "entity type", name, self.types)

    def _fields(self, path: str, type_name: str, fields: tuple[str, ...]) -> Iterator[Problem]:
        entity_type = self.types.get(type_name)
        if entity_type is None:
            return
        known = {"id"} | {f.name for f in entity_type.fields}
        for name in fields:
            if name not in known:
                yield unknown(path, f"field of {type_name}", name, known)


def expression_problems(path: str, source: str, names: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with one CEL expression that sees these names."""
    try:
        strange = compile_expression(source).unknown_names(names)
    except ExpressionError as error:
        yield Problem(path=path, message=str(error), hint="see the CEL language of expressions")
        return
    for name in strange:
        yield unknown(path, "name", name, names)


def message_problems(path: str, template: str, names: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with the CEL parts of a message."""
    for source in message_expressions(template):
        yield from expression_problems(path, source, names)
