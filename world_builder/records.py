"""Checks one record against its entity type: shape and references.

Used by the engine on every write, by validation on every entity and by forms. It stores nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import jsonschema_rs

from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Json, Record
from world_builder.plain_values import Check, plain_check
from world_builder.schema import json_schema

_HOLDERS = frozenset({FieldKind.REFERENCE, FieldKind.LIST, FieldKind.OBJECT})
"""Kinds of fields that may hold a reference."""

Find: TypeAlias = Callable[[str, str], object]
"""Gives the entity of a type and an id, None where there is none."""


class Validator(Protocol):
    """A compiled JSON Schema."""

    def is_valid(self, instance: object) -> bool: ...

    def iter_errors(self, instance: object) -> Iterator[jsonschema_rs.ValidationError]: ...


def compile_schema(schema: dict[str, Json]) -> Validator:
    """The compiled validator of a JSON Schema, formats included.

    Raises jsonschema_rs.ValidationError when the schema itself is wrong.
    """
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def schema_errors(validator: Validator, value: object) -> list[tuple[str, str]]:
    """All errors as (path, message), paths such as `lines[0].quantity`; empty when valid."""
    if validator.is_valid(value):
        return []
    return [(_path(error.instance_path), error.message) for error in validator.iter_errors(value)]


def is_text(value: Json) -> bool:
    """False when some text in a value holds half a character (a lone surrogate).

    JSON can write one by an escape; it has no bytes, and so no place in a state or an answer.
    """
    waiting: list[Json] = [value]
    for item in waiting:  # grows; no recursion: an agent may nest as deeply as it likes
        if isinstance(item, str):
            if not item.isascii() and any("\ud800" <= c <= "\udfff" for c in item):
                return False
        elif isinstance(item, dict):
            waiting += item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return True


class RecordValidator:
    """Validates the records of one entity type."""

    def __init__(self, entity_type: EntityType) -> None:
        self.entity_type = entity_type
        self.referring = tuple(field for field in entity_type.fields if _may_refer(field))
        """The fields that may hold references."""
        self._links = tuple((f.name, f.entity_type or "") for f in self.referring if _is_link(f))
        self._nested = tuple((f.name, _linker(f)) for f in self.referring if not _is_link(f))
        self.defaults = {f.name: f.default for f in entity_type.fields if f.default is not None}
        """Values of a new record's fields that are not set."""
        self._schema = json_schema(entity_type)
        self._validator = compile_schema(self._schema)
        self._known: dict[str, Record] = {}

    @cached_property
    def _checks(self) -> dict[str, Check]:
        """For each field: whether a value fits it."""
        properties = self._schema["properties"]
        declared = properties.items() if isinstance(properties, dict) else ()
        return {name: _field_check(schema) for name, schema in declared}

    def is_valid(self, record: Record) -> bool:
        """Whether the record's shape is right."""
        return self._validator.is_valid(record)

    def is_valid_change(self, known: Record, changes: Mapping[str, Json]) -> bool:
        """Whether a record of the base has the right shape with these fields set.

        A schema of ours asks each field by itself, so only what changes is looked at again.
        """
        entity_id = str(known["id"])
        if self._known.get(entity_id) is not known:
            if not self.is_valid(known):
                return self.is_valid({**known, **changes})
            self._known[entity_id] = known
        checks = self._checks
        return all(name in checks and checks[name](value) for name, value in changes.items())

    def is_linked(self, record: Record, get: Find) -> bool:
        """Whether all that the record refers to is there; `get` gives None for what is not."""
        for name, target in self._links:
            value = record.get(name)
            if isinstance(value, str) and get(target, value) is None:
                return False
        nested = self._nested
        return not nested or all(links(record.get(name), get) for name, links in nested)

    def errors(self, record: Record) -> list[tuple[str, str]]:
        """All shape errors as (path, message); empty when valid."""
        return schema_errors(self._validator, record)


def _field_check(schema: Json) -> Check:
    validator = compile_schema(schema if isinstance(schema, dict) else {})
    plain = plain_check(schema)
    if plain is None:
        return validator.is_valid
    return lambda value: plain(value) or validator.is_valid(value)


def references_in(fields: tuple[Field, ...], record: Record) -> Iterator[tuple[str, str, str]]:
    """Every reference that a record holds, as (path, entity type, id)."""
    for field in fields:
        if field.kind in _HOLDERS:
            yield from _references(field, record.get(field.name), field.name)


def _is_link(field: Field) -> bool:
    return field.kind is FieldKind.REFERENCE and bool(field.entity_type)


def _linker(field: Field) -> Callable[[Any, Find], bool]:
    """Tells whether all is there that a value of the field refers to."""
    if _is_link(field):
        target = field.entity_type or ""
        return lambda value, get: not isinstance(value, str) or get(target, value) is not None
    if field.kind is FieldKind.LIST and field.item is not None and _may_refer(field.item):
        inner = _linker(field.item)
        return lambda value, get: (
            not isinstance(value, list) or all(inner(item, get) for item in value)
        )
    if field.kind is FieldKind.OBJECT:
        return _object_linker(tuple((f.name, _linker(f)) for f in field.fields if _may_refer(f)))
    return lambda value, get: True


def _object_linker(
    parts: tuple[tuple[str, Callable[[Any, Find], bool]], ...],
) -> Callable[[Any, Find], bool]:
    def is_linked(value: Any, get: Find) -> bool:
        if isinstance(value, dict):
            for name, links in parts:
                if not links(value.get(name), get):
                    return False
        return True

    return is_linked


def _may_refer(field: Field) -> bool:
    inner = (field.item,) if field.item else ()
    return field.kind is FieldKind.REFERENCE or any(map(_may_refer, (*inner, *field.fields)))


def _references(field: Field, value: Json, path: str) -> Iterator[tuple[str, str, str]]:
    if field.kind is FieldKind.REFERENCE and isinstance(value, str) and field.entity_type:
        yield path, field.entity_type, value
    elif field.kind is FieldKind.LIST and isinstance(value, list) and field.item:
        for i, item in enumerate(value if field.item.kind in _HOLDERS else ()):
            yield from _references(field.item, item, f"{path}[{i}]")
    elif field.kind is FieldKind.OBJECT and isinstance(value, dict):
        for name, target, entity_id in references_in(field.fields, value):
            yield f"{path}.{name}", target, entity_id


def searchable_text(record: Record, fields: tuple[str, ...]) -> str:
    """The text of some fields, lower case, lists and objects included."""
    return " ".join(_flat(record.get(name)) for name in fields).lower()


def _flat(value: Json) -> str:
    if isinstance(value, list):
        return " ".join(_flat(v) for v in value)
    if isinstance(value, dict):
        return " ".join(_flat(v) for v in value.values())
    return "" if value is None else str(value)


def _path(parts: list[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.lstrip(".")
