"""Tools for people: the list, the controls of a tool's arguments, what an agent sees of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from exporter.mcp_tools import mcp_tool
from studio.repository import ENTITY_TYPES, TOOLS, Stored
from studio.repository.usage import tool_usage
from world_builder.engine import flattened
from world_builder.entities import EntityType, FieldKind, target_of
from world_builder.frozen import Json
from world_builder.operations import Create, Get, Operation, Search, Sequence, Update
from world_builder.tools import Tool
from world_builder.validation import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRow:
    """A tool in the list."""

    name: str
    title: str
    group: str
    description: str
    is_read_only: bool
    operation: str
    num_tasks: int
    """Tasks whose reference solution calls it."""
    is_draft: bool
    """True while its declaration does not have a tool's shape: agents do not get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """The control of one argument."""

    name: str
    kind: str
    """As the macro `ui.field` names it; `code` takes JSON."""
    type_text: str
    """The JSON type in a word or two."""
    help: str
    is_required: bool
    options: tuple[tuple[str, str], ...]
    entity_type: str
    """The type whose ids it takes; empty for other arguments."""
    default: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """A tool as agents get it, and what is wrong with its declaration."""

    definition: Json
    """The entry of MCP's `tools/list`; None while the declaration has no tool's shape."""
    text: str
    """The same as indented JSON, its names in the declared order; empty without one."""
    problems: tuple[Problem, ...]


def list_tools(session: Session, world_id: int) -> tuple[ToolRow, ...]:
    """All tools in the world's order."""
    used = tool_usage(session, world_id)
    return tuple(_row(item, used) for item in TOOLS.all(session, world_id))


def entity_types(session: Session, world_id: int) -> tuple[EntityType, ...]:
    """The readable entity types, in the world's order."""
    return tuple(t.value for t in ENTITY_TYPES.all(session, world_id) if t.value is not None)


def agent_view(tool: Tool | None, problems: tuple[Problem, ...]) -> AgentView:
    """What an agent sees of a tool."""
    if tool is None:
        return AgentView(definition=None, text="", problems=problems)
    definition = mcp_tool(tool)
    text = json.dumps(definition, indent=2, ensure_ascii=False)
    return AgentView(definition=definition, text=text, problems=problems)


def arguments(
    parameters: Mapping[str, Json], tool: Tool | None, types: tuple[EntityType, ...]
) -> tuple[Argument, ...]:
    """The controls for a JSON Schema of parameters, in its order."""
    properties = parameters.get("properties")
    required = parameters.get("required")
    names = required if isinstance(required, list) else []
    takes = _takes_ids(tool, types) if tool is not None else {}
    by_name = {t.name for t in types}
    return tuple(
        _argument(name, schema if isinstance(schema, dict) else {}, name in names,
                  takes.get(name) or _named_type(name, by_name))
        for name, schema in (properties.items() if isinstance(properties, dict) else ())
    )  # fmt: skip


def concise(operation: Operation) -> dict[str, Json]:
    """An operation as an author writes it: without what is as it would be anyway."""
    data: dict[str, Json] = {
        "kind": operation.kind,
        **operation.model_dump(mode="json", exclude_defaults=True),
    }
    if isinstance(operation, Sequence):
        data["steps"] = [
            {
                **step.model_dump(mode="json", exclude_defaults=True, exclude={"operation"}),
                "operation": concise(step.operation),
            }
            for step in operation.steps
        ]
    return data


def without_source(operation: Json) -> tuple[Json, str]:
    """A Python operation without its source, and the source; others as they are, and none."""
    if not isinstance(operation, dict) or operation.get("kind") != "python":
        return operation, ""
    source = operation.get("source")
    rest: dict[str, Json] = {name: v for name, v in operation.items() if name != "source"}
    return (rest, source) if isinstance(source, str) else (operation, "")


def with_source(operation: Json, source: str) -> Json:
    """A Python operation with the source of a text field; others as they are."""
    if not isinstance(operation, dict) or operation.get("kind") != "python":
        return operation
    return {**operation, "source": source} if source.strip() else operation


def read_arguments(declared: tuple[Argument, ...], given: Mapping[str, str]) -> dict[str, Json]:
    """The arguments that a form says; what cannot be read goes to the tool as text, as an agent
    might send it, so that its refusal is seen."""
    texts = {a.name: given.get(a.name, "").strip() for a in declared}
    return {a.name: _value(a, texts[a.name]) for a in declared if texts[a.name]}


def _row(item: Stored[Tool], used: Mapping[str, tuple[str, ...]]) -> ToolRow:
    payload: Any = item.payload
    operation = payload.get("operation")
    return ToolRow(
        name=item.ref.key, title=item.title, group=str(payload.get("group") or ""),
        description=str(payload.get("description") or ""),
        is_read_only=payload.get("is_read_only", True) is not False,
        operation=str(operation.get("kind", "")) if isinstance(operation, dict) else "",
        num_tasks=len(used.get(item.ref.key, ())), is_draft=item.value is None,
    )  # fmt: skip


def _argument(name: str, schema: dict[str, Any], is_required: bool, entity_type: str) -> Argument:
    json_type = _json_type(schema)
    enum = schema.get("enum")
    options = tuple((_spelled(o), _spelled(o)) for o in enum if o is not None) if enum else ()
    item_type = _json_type(schema.get("items") or {})
    return Argument(
        name=name,
        kind=_kind(json_type, item_type, str(schema.get("format", "")), bool(options), entity_type),
        type_text=_type_text(json_type, item_type, schema),
        help=str(schema.get("description") or ""), is_required=is_required,
        options=options or (_TRUTHS if json_type == "boolean" else ()),
        entity_type=entity_type if json_type == "string" else "", default=schema.get("default"),
    )  # fmt: skip


_TRUTHS = (("true", "true"), ("false", "false"))


def _kind(json_type: str, item_type: str, form: str, has_options: bool, entity_type: str) -> str:
    if has_options or json_type == "boolean":
        return "enum"
    if json_type in {"integer", "number"}:
        return json_type
    if json_type == "array" and item_type in {"string", "integer", "number"}:
        return "list"
    if json_type == "string":
        return "reference" if entity_type else "date" if form == "date" else "text"
    return "code"


def _json_type(schema: Mapping[str, Any]) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        return str(next((t for t in declared if t != "null"), ""))
    return str(declared or "")


def _type_text(json_type: str, item_type: str, schema: Mapping[str, Any]) -> str:
    parts = [f"list of {item_type or 'values'}" if json_type == "array" else json_type or "any"]
    if schema.get("format"):
        parts.append(str(schema["format"]))
    for word, name in (("from", "minimum"), ("to", "maximum")):
        if name in schema:
            parts.append(f"{word} {schema[name]}")
    return " ".join(parts)


def _value(argument: Argument, text: str) -> Json:
    try:
        if argument.kind == "list":
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            return [json.loads(one) if "string" not in argument.type_text else one for one in lines]
        if argument.kind in {"integer", "number", "code"} or argument.options == _TRUTHS:
            value: Json = json.loads(text)
            return value
    except ValueError:
        return text
    return text


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _named_type(name: str, types: set[str]) -> str:
    return next((t for t in (name, name.removesuffix("_id")) if t in types), "")


def _takes_ids(tool: Tool, types: tuple[EntityType, ...]) -> dict[str, str]:
    """Which argument takes ids of which type, as the operation uses it."""
    by_name = {t.name: t for t in types}
    found: dict[str, str] = {}
    for source, target in _id_uses(tool, by_name):
        if source.startswith("args.") and source[5:] in tool.parameter_names:
            found.setdefault(source[5:], target)
    return found


def _id_uses(tool: Tool, types: Mapping[str, EntityType]) -> Iterator[tuple[str, str]]:
    for operation in flattened(tool.operation):
        if isinstance(operation, Get | Update):
            yield operation.id.strip(), operation.entity_type
        for binding in getattr(operation, "bindings", ()):
            yield binding.id.strip(), binding.entity_type
        if isinstance(operation, Search):
            for item in operation.filters:
                yield from _if_reference(
                    types, operation.entity_type, item.fields[0], f"args.{item.argument}"
                )
        if isinstance(operation, Create | Update):
            for value in operation.values:
                yield from _if_reference(
                    types, operation.entity_type, value.field, value.value.strip()
                )


def _if_reference(
    types: Mapping[str, EntityType], type_name: str, field_name: str, source: str
) -> Iterator[tuple[str, str]]:
    owner = types.get(type_name)
    if field_name == "id":
        yield source, type_name
    field = owner.field(field_name) if owner is not None else None
    target = target_of(field) if field is not None else None
    if field is not None and target and field.kind in {FieldKind.REFERENCE, FieldKind.LIST}:
        yield source, target
