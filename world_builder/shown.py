"""What a tool shows of entities: their fields as asked for, and that as canonical JSON.

Most of what agents read was never changed, so both are remembered for the records of the base: they
are made when they are first shown, and changed records are written anew each time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from world_builder.frozen import Json, Record
from world_builder.ids import Written, canonical_json


@dataclass(frozen=True)
class Shown:
    """A record as a tool shows it."""

    value: Mapping[str, Json]
    text: str
    """Canonical JSON of the value."""

    @cached_property
    def members(self) -> tuple[tuple[str, str], ...]:
        """The value's names and, for each, its member of the text; sorted."""
        return tuple((name, _member(name, self.value[name])) for name in sorted(self.value))


def show(record: Record, fields: tuple[str, ...]) -> Shown:
    """The record's id and the named fields; all fields when none are named."""
    value = project(record, fields)
    return Shown(value, canonical_json(value))


def project(record: Record, fields: tuple[str, ...]) -> dict[str, Json]:
    """The record's id and the named fields; all fields when none are named."""
    if not fields:
        return dict(record)
    return {"id": record["id"]} | {name: record.get(name) for name in fields}


def _member(name: str, value: Json) -> str:
    """A name and its value as they stand in canonical JSON."""
    return f"{_quoted(name)}:{canonical_json(value)}"


@lru_cache(maxsize=4096)
def _quoted(name: str) -> str:
    return canonical_json(name)


class ShownRecords:
    """The records of the base of one type, as they were shown."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records
        self._shown: dict[tuple[str, ...], dict[str, Shown]] = {}

    def show(self, record: Record, fields: tuple[str, ...] = ()) -> Shown:
        """The record as shown with these fields; remembered when it is the base's own."""
        entity_id = str(record["id"])
        if self._records.get(entity_id) is not record:
            return show(record, fields)
        known = self._shown.get(fields)
        if known is None:
            known = self._shown[fields] = {}
        found = known.get(entity_id)
        if found is None:
            found = known[entity_id] = show(record, fields)
        return found


def listed(count: int, results: list[Shown]) -> Written:
    """The result of a search."""
    values: list[Json] = [dict(shown.value) for shown in results]
    texts = ",".join([shown.text for shown in results])
    return Written({"count": count, "results": values}, f'{{"count":{count},"results":[{texts}]}}')


def joined(shown: Shown, joins: Mapping[str, Shown | list[Shown] | None]) -> Written:
    """A record with related ones under names of their own, which replace fields of that name."""
    if not joins:
        return Written(dict(shown.value), shown.text)
    members = [pair for pair in shown.members if pair[0] not in joins]
    members += [
        (name, f"{canonical_json(name)}:{_text_of(found)}") for name, found in joins.items()
    ]
    values = {name: _value_of(found) for name, found in joins.items()}
    text = _object([text for _, text in sorted(members)])
    return Written({**shown.value, **values}, text)


def _text_of(found: Shown | list[Shown] | None) -> str:
    if isinstance(found, list):
        return f"[{','.join([shown.text for shown in found])}]"
    return "null" if found is None else found.text


def _value_of(found: Shown | list[Shown] | None) -> Json:
    if isinstance(found, list):
        return [dict(shown.value) for shown in found]
    return None if found is None else dict(found.value)


def _object(members: Iterable[str]) -> str:
    return f"{{{','.join(members)}}}"
