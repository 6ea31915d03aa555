"""Form bodies <-> data. Reading collects every problem with its path; nothing is thrown away.

Names in a form are paths: `title`, `address.city`, `lines[0].quantity`; a list of plain values may
also come as one text, one item a line. Entities are read by their fields' kinds; other data by
the suffix of the name: `:json`, `:lines`, `:int`, `:bool`, `:optional` (empty means null).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from world_builder.entities import EntityType, Field, FieldKind
from world_builder.frozen import Json, Record
from world_builder.validation import Problem

FormItems = Iterable[tuple[str, object]]
"""The pairs of a form, such as `(await request.form()).multi_items()`."""

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class _Bad(ValueError):
    """A text that does not say a value of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadForm:
    """What a form says."""

    data: dict[str, Json]
    """A text that could not be read stays as it was written."""
    problems: tuple[Problem, ...] = ()


def nest(items: FormItems) -> dict[str, Any]:
    """The pairs as nested data; lists in the order of their numbers, the last of equal names wins.

    >>> nest([("a.b", "1"), ("l[5].x", "2"), ("l[2].x", "3")])
    {'a': {'b': '1'}, 'l': [{'x': '3'}, {'x': '2'}]}
    """
    root: dict[Any, Any] = {}
    for name, value in items:
        parts: list[str | int] = [int(n) if n else word for word, n in _PART.findall(name)]
        place = root
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            place = inner if isinstance(inner, dict) else place
        if parts:
            place[parts[-1]] = value
    return {str(key): _listed(value) for key, value in root.items()}


def read_data(items: FormItems) -> ReadForm:
    """Data of a tool, task or policy, read by the suffixes of the names."""
    problems: list[Problem] = []
    pairs: list[tuple[str, Json]] = []
    for name, value in items:
        path, _, suffix = name.partition(":")
        text = value if isinstance(value, str) else ""
        try:
            pairs.append((path, _by_suffix(suffix, text)))
        except _Bad as error:
            problems.append(Problem(path=path, message=str(error)))
            pairs.append((path, text))
    return ReadForm(data=nest(pairs), problems=tuple(problems))


def read_entity(entity_type: EntityType, items: FormItems, zone: tzinfo) -> ReadForm:
    """The record that a form of this type says; empty optional fields are left out.

    Dates and times without a zone are taken in `zone`, the world's.
    """
    given = nest(items)
    problems: list[Problem] = []
    record = _read_object(entity_type.fields, given, "", zone, problems)
    if isinstance(given.get("id"), str) and given["id"].strip():
        record = {"id": given["id"].strip()} | record
    return ReadForm(data=record, problems=tuple(problems))


def form_value(field: Field, value: Json, zone: tzinfo) -> Json:
    """What a form control shows for a stored value (a text; a list for lists of plain values)."""
    if value is None:
        return ""
    if field.kind is FieldKind.MONEY and isinstance(value, int):
        return f"{Decimal(value) / 100:.2f}"
    if field.kind is FieldKind.DATETIME and isinstance(value, str):
        return _local(value, zone)
    if field.kind is FieldKind.LIST and isinstance(value, list) and field.item:
        return [form_value(field.item, item, zone) for item in value]
    if field.kind is FieldKind.OBJECT and isinstance(value, dict):
        return {f.name: form_value(f, value.get(f.name), zone) for f in field.fields}
    return value if isinstance(value, bool | str | list | dict) else str(value)


def form_values(entity_type: EntityType, record: Record, zone: tzinfo) -> dict[str, Json]:
    """What the form of a record shows, by field name."""
    return {f.name: form_value(f, record.get(f.name), zone) for f in entity_type.fields}


def problems_by_path(problems: Iterable[Problem], prefix: str = "") -> dict[str, str]:
    """The messages beside the fields: path (without the prefix) -> text."""
    found: dict[str, str] = {}
    for problem in problems:
        path = problem.path.removeprefix(prefix).lstrip(".")
        text = f"{problem.message}. {problem.hint}".removesuffix(". ")
        found[path] = f"{found[path]} {text}" if path in found else text
    return found


def problems_by_part(problems: Iterable[Problem], prefix: str = "") -> dict[str, str]:
    """The messages by top-level part: for a part that is edited as one text.

    >>> problems_by_part([Problem(path="tools.t.operation.id", message="no name 'x'")], "tools.t")
    {'operation': "id: no name 'x'"}
    """
    found: dict[str, list[str]] = {}
    for path, text in problems_by_path(problems, prefix).items():
        part = re.split(r"[.\[]", path, maxsplit=1)[0]
        rest = path.removeprefix(part).lstrip(".")
        found.setdefault(part, []).append(f"{rest}: {text}" if rest else text)
    return {part: " · ".join(texts) for part, texts in found.items()}


def _read_object(
    fields: tuple[Field, ...],
    given: Mapping[str, Any],
    path: str,
    zone: tzinfo,
    into: list[Problem],
) -> dict[str, Json]:
    record: dict[str, Json] = {}
    for field in fields:
        value = _read(field, given.get(field.name), f"{path}{field.name}", zone, into)
        if value is not None:
            record[field.name] = value
    return record


def _read(field: Field, given: Any, path: str, zone: tzinfo, into: list[Problem]) -> Json:
    if field.kind is FieldKind.BOOLEAN:
        return given in {"true", "on", "1"}
    if field.kind is FieldKind.OBJECT:
        return _read_parts(field, given, path, zone, into)
    if field.kind is FieldKind.LIST:
        return _read_list(field, given, path, zone, into)
    text = given.strip() if isinstance(given, str) else ""
    if not text:
        if field.required:
            into.append(Problem(path=path, message=f"{field.label} is needed"))
        return None
    try:
        return _scalar(field.kind, text, zone)
    except _Bad as error:
        into.append(Problem(path=path, message=str(error)))
        return text


def _read_parts(field: Field, given: Any, path: str, zone: tzinfo, into: list[Problem]) -> Json:
    if isinstance(given, str):
        try:
            return _by_suffix("json", given) if given.strip() else None
        except _Bad as error:
            into.append(Problem(path=path, message=str(error)))
            return given
    if not isinstance(given, dict) or (not field.required and not _has_text(given)):
        return None
    return _read_object(field.fields, given, f"{path}.", zone, into)


def _read_list(field: Field, given: Any, path: str, zone: tzinfo, into: list[Problem]) -> Json:
    if field.item is None:
        return []
    if isinstance(given, str):
        is_json = field.item.kind in {FieldKind.OBJECT, FieldKind.LIST}
        if is_json:
            return _read_parts(field, given, path, zone, into)
        given = given.splitlines()
    rows = [row for row in given if _has_text(row)] if isinstance(given, list) else []
    values = [_read(field.item, row, f"{path}[{i}]", zone, into) for i, row in enumerate(rows)]
    return None if not values and not field.required else values


def _scalar(kind: FieldKind, text: str, zone: tzinfo) -> Json:
    if kind is FieldKind.INTEGER:
        return _integer(text)
    if kind is FieldKind.NUMBER:
        return float(_decimal(text))
    if kind is FieldKind.MONEY:
        cents = _decimal(text.lstrip("$€£")) * 100
        if cents != int(cents):
            raise _Bad(f"{text!r} has more than two decimals")
        return int(cents)
    if kind is FieldKind.DATETIME:
        return _datetime(text, zone)
    return text


def _integer(text: str) -> int:
    value = _decimal(text)
    if value != int(value):
        raise _Bad(f"{text!r} is not a whole number")
    return int(value)


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", "").replace(" ", ""))
    except InvalidOperation:
        raise _Bad(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise _Bad(f"{text!r} is not a number")
    return value


def _datetime(text: str, zone: tzinfo) -> str:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise _Bad(f"{text!r} is not a date and time such as 2025-09-15T10:30") from None
    return (
        (value if value.tzinfo else value.replace(tzinfo=zone)).isoformat().replace("+00:00", "Z")
    )


def _local(text: str, zone: tzinfo) -> str:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return text
    return value.astimezone(zone).replace(tzinfo=None).isoformat() if value.tzinfo else text


def _by_suffix(suffix: str, text: str) -> Json:
    if suffix == "json":
        try:
            parsed: Json = json.loads(text) if text.strip() else None
        except ValueError as error:
            raise _Bad(f"not JSON: {error}") from None
        return parsed
    if suffix == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if suffix == "int":
        return _integer(text)
    if suffix == "bool":
        return text in {"true", "on", "1"}
    return None if suffix == "optional" and not text.strip() else text


def _has_text(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_text(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_text(item) for item in value)
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_listed(value[key]) for key in sorted(value)]
    return {str(key): _listed(item) for key, item in value.items()}
