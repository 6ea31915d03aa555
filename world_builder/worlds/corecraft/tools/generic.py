"""The second surface: generic queries over the same entities, instead of a tool for each type."""

from world_builder.entities import EntityType, FieldKind
from world_builder.frozen import Json
from world_builder.ids import canonical_json
from world_builder.operations import (
    Comparison,
    Compute,
    Filter,
    Let,
    Precondition,
    Search,
    Sequence,
    Step,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.corecraft.tools.arguments import LIMIT, LOOK_UPS, choice, moment, text
from world_builder.worlds.corecraft.types import ENTITY_TYPES

_NAMES = tuple(declared.name for declared in ENTITY_TYPES)
_TYPE: dict[str, Json] = choice(_NAMES, "Type of the records.")
_ID_FIELD = "id"


def _told(declared: EntityType) -> str:
    """CEL: the fields of a type, each with its kind."""
    shown = {field.name: field.kind.value for field in declared.fields}
    return canonical_json({_ID_FIELD: "text", **shown})


def _names(declared: EntityType) -> str:
    """CEL: the names of a type's fields."""
    return canonical_json([_ID_FIELD, *(field.name for field in declared.fields)])


def _by_type(values: dict[str, str], otherwise: str) -> str:
    """CEL: the value of the type that is asked for."""
    cases = "".join(f"args.type == '{name}' ? {value} : " for name, value in values.items())
    return f"{cases}{otherwise}"


def _dated(declared: EntityType) -> str | None:
    """The field that says when a record began."""
    for field in declared.fields:
        if field.kind in (FieldKind.DATETIME, FieldKind.DATE):
            return field.name
    return None


def _texts(declared: EntityType) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in declared.fields
        if field.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.LIST, FieldKind.OBJECT)
    )


DESCRIBE_TYPE = Tool(
    name="describe_type",
    title="Describe a type",
    description="The fields of a type of records, each with its kind.",
    group=LOOK_UPS,
    parameters=object_schema({"type": _TYPE}, ("type",)),
    operation=Compute(
        result=(
            Let(name="type", value="args.type"),
            Let(name="fields", value=_by_type({t.name: _told(t) for t in ENTITY_TYPES}, "{}")),
        ),
    ),
)

GET_RECORD = Tool(
    name="get_record",
    title="Get a record",
    description="One record of any type by its id.",
    group=LOOK_UPS,
    parameters=object_schema({"type": _TYPE, "id": text("The record's id.")}, ("type", "id")),
    operation=Compute(
        lets=(Let(name="found", value="lookup(args.type, args.id)"),),
        preconditions=(
            Precondition(
                check="found != null",
                message="no {args.type} has the id {args.id}; look it up with search_records",
            ),
        ),
        result=(Let(name="record", value="found"),),
    ),
)

FIND_RECORDS = Tool(
    name="find_records",
    title="Find records by a field",
    description="Records of any type whose field equals a value, oldest id first: all orders of a "
    "customer, all payments of an order. The field must hold a text, not a list.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "type": _TYPE,
            "field": text("A field of the type; see describe_type."),
            "value": text("What it must equal."),
            "limit": LIMIT,
        },
        ("type", "field", "value"),
    ),
    operation=Compute(
        lets=(
            Let(name="known", value=_by_type({t.name: _names(t) for t in ENTITY_TYPES}, "[]")),
            Let(name="found", value="find(args.type, args.field, args.value)"),
        ),
        preconditions=(
            Precondition(
                check="args.field in known",
                message="{args.type} has no field {args.field}; its fields are: "
                "{join(known, ', ')}",
            ),
        ),
        result=(
            Let(name="count", value="found.size()"),
            Let(name="results", value="first(found, args.limit)"),
        ),
    ),
)


def _searched(declared: EntityType) -> Step:
    dated = _dated(declared)
    filters = [Filter(argument="text", fields=_texts(declared), comparison=Comparison.TEXT)]
    if dated is not None:
        filters += [
            Filter(argument="after", fields=(dated,), comparison=Comparison.AFTER),
            Filter(argument="before", fields=(dated,), comparison=Comparison.BEFORE),
        ]
    return Step(
        name=declared.name,
        when=f"args.type == '{declared.name}'",
        operation=Search(
            entity_type=declared.name,
            filters=tuple(filters),
            sort=f"-{dated}" if dated else "id",
            limit_argument="limit",
        ),
    )


SEARCH_RECORDS = Tool(
    name="search_records",
    title="Search records",
    description="Records of any type by words in their texts and by time, newest first. The time "
    "is the first date or time among the type's fields.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "type": _TYPE,
            "text": text("Words that must all occur."),
            "after": moment("Later."),
            "before": moment("Earlier."),
            "limit": LIMIT,
        },
        ("type",),
    ),
    operation=Sequence(
        steps=tuple(_searched(declared) for declared in ENTITY_TYPES),
        result=(
            Let(name="count", value=_by_type({n: f"{n}.count" for n in _NAMES}, "0")),
            Let(name="results", value=_by_type({n: f"{n}.results" for n in _NAMES}, "[]")),
        ),
    ),
)
