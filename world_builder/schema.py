"""An entity type as JSON Schema: what a record must look like.

Used to validate records (tools, forms, imports) and written to `entities/schema.json`.
"""

from typing import Any

from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Json

_PLAIN: dict[FieldKind, dict[str, Json]] = {
    FieldKind.TEXT: {"type": "string"},
    FieldKind.LONG_TEXT: {"type": "string"},
    FieldKind.INTEGER: {"type": "integer"},
    FieldKind.NUMBER: {"type": "number"},
    FieldKind.MONEY: {"type": "integer"},
    FieldKind.BOOLEAN: {"type": "boolean"},
    FieldKind.DATE: {"type": "string", "format": "date"},
    FieldKind.DATETIME: {"type": "string", "format": "date-time"},
    FieldKind.REFERENCE: {"type": "string", "minLength": 1},
}


def json_schema(entity_type: EntityType) -> dict[str, Json]:
    """The JSON Schema (2020-12) of the type's records."""
    schema = _object(entity_type.fields)
    properties: Any = schema["properties"]
    required: Any = schema["required"]
    schema["properties"] = {
        "id": {"type": "string", "pattern": entity_type.id_pattern}
    } | properties
    schema["required"] = ["id", *required]
    return {"title": entity_type.title, "description": entity_type.description, **schema}


def field_schema(field: Field) -> dict[str, Json]:
    """The JSON Schema of one field; an optional field may also be null."""
    schema = _of_kind(field)
    numeric = field.kind in {FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.MONEY}
    low, high = ("minimum", "maximum") if numeric else ("minLength", "maxLength")
    if field.kind is FieldKind.LIST:
        low, high = "minItems", "maxItems"
    if field.minimum is not None:
        schema[low] = field.minimum if field.kind is FieldKind.NUMBER else int(field.minimum)
    if field.maximum is not None:
        schema[high] = field.maximum if field.kind is FieldKind.NUMBER else int(field.maximum)
    if field.pattern is not None:
        schema["pattern"] = field.pattern
    return schema if field.required else _or_null(schema)


def _of_kind(field: Field) -> dict[str, Json]:
    if field.kind is FieldKind.ENUM:
        return {"type": "string", "enum": list(field.options)}
    if field.kind is FieldKind.LIST:
        item = field.item
        return {"type": "array"} | ({"items": field_schema(_needed(item))} if item else {})
    if field.kind is FieldKind.OBJECT:
        return _object(field.fields)
    return dict(_PLAIN[field.kind])


def _object(fields: tuple[Field, ...]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": {field.name: field_schema(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _needed(field: Field) -> Field:
    return field.model_copy(update={"required": True})


def _or_null(schema: dict[str, Json]) -> dict[str, Json]:
    optional = {**schema, "type": [schema["type"], "null"]}
    if isinstance(options := schema.get("enum"), list):
        optional["enum"] = [*options, None]
    return optional
