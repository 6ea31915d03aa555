"""Validates entity types and entities: shapes, ids, references both ways, unique fields."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Record
from world_builder.patterns import ignoring_case
from world_builder.records import RecordValidator, references_in
from world_builder.validation.problems import Problem, duplicates, unknown

Ids = Mapping[str, set[str]]
"""The ids of a world's entities, by type."""


def type_problems(types: tuple[EntityType, ...]) -> Iterator[Problem]:
    """What is wrong with the declarations of types."""
    names = {t.name for t in types}
    yield from duplicates("entity_types", "entity type", (t.name for t in types))
    for entity_type in types:
        path = f"entity_types.{entity_type.name}"
        yield from _field_problems(path, entity_type.fields, names)
        if entity_type.title_field and entity_type.field(entity_type.title_field) is None:
            known = [f.name for f in entity_type.fields]
            yield unknown(f"{path}.title_field", "field", entity_type.title_field, known)
        if not re.search(r"\{n(:\d+)?\}", entity_type.id_format):
            hint = "such as ord-{n:4}, or ord-{date}-{n:3}"
            yield Problem(path=f"{path}.id_format", message="needs a counter slot {n}", hint=hint)


def _field_problems(path: str, fields: tuple[Field, ...], types: set[str]) -> Iterator[Problem]:
    yield from duplicates(f"{path}.fields", "field", (f.name for f in fields))
    for field in fields:
        yield from _one_field(f"{path}.fields.{field.name}", field, types)


def _one_field(path: str, field: Field, types: set[str]) -> Iterator[Problem]:
    if field.name == "id":
        yield Problem(path=path, message="`id` is every entity's own name", hint="rename the field")
    if field.kind is FieldKind.ENUM and not field.options:
        yield Problem(path=f"{path}.options", message="an enum needs options")
    if field.kind is FieldKind.REFERENCE and field.entity_type not in types:
        yield unknown(f"{path}.entity_type", "entity type", field.entity_type or "", types)
    if field.kind is FieldKind.OBJECT and not field.fields:
        yield Problem(path=f"{path}.fields", message="an object needs fields")
    if field.kind is FieldKind.LIST and field.item is None:
        yield Problem(path=f"{path}.item", message="a list needs to say what it holds")
    if field.pattern is not None and (error := regex_error(field.pattern)):
        yield Problem(path=f"{path}.pattern", message=f"not a regular expression: {error}")
    if field.item is not None:
        yield from _one_field(f"{path}.item", field.item, types)
    yield from _field_problems(path, field.fields, types)


def entity_problems(
    types: tuple[EntityType, ...], entities: Mapping[str, tuple[Record, ...]]
) -> Iterator[Problem]:
    """What is wrong with the entities of a world."""
    by_name = {t.name: t for t in types}
    ids: Ids = {t: {str(r.get("id")) for r in entities.get(t, ())} for t in by_name}
    for name, records in entities.items():
        if name not in by_name:
            yield unknown(f"entities.{name}", "entity type", name, by_name)
            continue
        yield from duplicates(f"entities.{name}", f"{name} id", (str(r.get("id")) for r in records))
        yield from _unique_problems(by_name[name], records)
        validator = _validator(by_name[name])
        for record in records:
            yield from record_problems(by_name[name], record, ids, validator)


def record_problems(
    entity_type: EntityType, record: Record, ids: Ids, validator: RecordValidator | None = None
) -> Iterator[Problem]:
    """What is wrong with one record: its shape and what it points at."""
    path = f"entities.{entity_type.name}.{record.get('id', '?')}"
    validator = validator or _validator(entity_type)
    if validator is None:
        return
    for where, message in validator.errors(record):
        yield Problem(path=f"{path}.{where}" if where else path, message=message)
    for where, target, entity_id in references_in(entity_type.fields, record):
        if entity_id not in ids.get(target, set()):
            yield unknown(f"{path}.{where}", target, entity_id, ids.get(target, ()))


def _validator(entity_type: EntityType) -> RecordValidator | None:
    try:
        return RecordValidator(entity_type)
    except ValueError:
        return None  # the type itself is wrong, and type_problems says so


def _unique_problems(entity_type: EntityType, records: tuple[Record, ...]) -> Iterator[Problem]:
    for field in entity_type.fields:
        if not field.unique:
            continue
        counts = Counter(str(r[field.name]) for r in records if r.get(field.name) is not None)
        for value, count in counts.items():
            if count > 1:
                yield Problem(
                    path=f"entities.{entity_type.name}.{field.name}",
                    message=f"{count} entities have {field.name} {value!r}",
                    hint="this field must be unique",
                )


def regex_error(pattern: str) -> str:
    """Why the pattern is not a regular expression; empty when it is one."""
    try:
        ignoring_case(pattern)
    except re.error as error:
        return str(error)
    return ""
