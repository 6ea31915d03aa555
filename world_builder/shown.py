"""What a tool shows of entities: their fields as asked for, and that as canonical JSON.

Most of what agents read was never changed, so both are remembered for the records of the base: they
are made when they are first shown, and changed records are written anew each time.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from world_builder.frozen import Json, Record
from world_builder.ids import canonical_json


class Shown:
    """A record as a tool shows it."""

    __slots__ = ("_around", "record", "text", "value")

    def __init__(self, record: Record, fields: tuple[str, ...]) -> None:
        """The record's id and the named fields; all fields when none are named."""
        self.record = record
        self.value: Mapping[str, Json] = project(record, fields)
        self.text = canonical_json(self.value)
        """Canonical JSON of the value."""
        self._around: dict[tuple[str, ...], tuple[str, ...]] | None = None

    def around(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The text of the value with gaps for members of these (sorted) names, one part more."""
        if self._around is None:
            self._around = {}
        parts = self._around.get(names)
        if parts is None:
            parts = self._around[names] = _parts(self.value, names)
        return parts


Joined: TypeAlias = Shown | list[Shown] | None
"""What stands under a name of its own in a result: related records, or one, or none."""


class Answer:
    """A result whose canonical JSON is known; its value is made for whoever asks."""

    __slots__ = ("text", "value")

    def __init__(self, text: str, value: Callable[[], dict[str, Json]]) -> None:
        self.text = text
        self.value = value
        """Gives a value that its reader may change."""


class ShownRecords:
    """The records of the base of one type, as they were shown."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records
        self._shown: dict[tuple[str, ...], dict[str, Shown]] = {}

    def show(self, records: Iterable[Record], fields: tuple[str, ...] = ()) -> list[Shown]:
        """The records as shown with these fields; remembered when they are the base's own."""
        known = self._shown.setdefault(fields, {})
        return [
            shown
            if (shown := known.get(str(record["id"]))) is not None and shown.record is record
            else self._new(record, fields, known)
            for record in records
        ]

    def _new(self, record: Record, fields: tuple[str, ...], known: dict[str, Shown]) -> Shown:
        shown, entity_id = Shown(record, fields), str(record["id"])
        if self._records.get(entity_id) is record:
            known[entity_id] = shown
        return shown


def project(record: Record, fields: tuple[str, ...]) -> dict[str, Json]:
    """The record's id and the named fields; all fields when none are named."""
    if not fields:
        return dict(record)
    return {"id": record["id"]} | {name: record.get(name) for name in fields}


def listed(count: int, results: list[Shown]) -> Answer:
    """The result of a search."""
    texts = ",".join([shown.text for shown in results])
    return Answer(
        f'{{"count":{count},"results":[{texts}]}}',
        lambda: {"count": count, "results": [dict(shown.value) for shown in results]},
    )


def joined(shown: Shown, joins: Mapping[str, Joined], names: tuple[str, ...]) -> Answer:
    """A record with related ones under names of their own, which replace fields of that name.

    `names` are those of the joins, sorted.
    """
    if not names:
        return Answer(shown.text, lambda: dict(shown.value))
    first, *others = shown.around(names)
    texts = [first]
    for name, part in zip(names, others, strict=True):
        texts += _text_of(joins[name]), part
    return Answer(
        "".join(texts),
        lambda: {**shown.value, **{name: _value_of(found) for name, found in joins.items()}},
    )


def _text_of(found: Joined) -> str:
    if isinstance(found, list):
        return f"[{','.join([shown.text for shown in found])}]"
    return "null" if found is None else found.text


def _value_of(found: Joined) -> Json:
    if isinstance(found, list):
        return [dict(shown.value) for shown in found]
    return None if found is None else dict(found.value)


def _parts(value: Mapping[str, Json], names: tuple[str, ...]) -> tuple[str, ...]:
    """Canonical JSON of the value, cut where members of these names belong."""
    parts = ["{"]
    for place, name in enumerate(sorted({*value, *names})):
        parts[-1] += f"{',' if place else ''}{_quoted(name)}:"
        if name in names:
            parts.append("")
        else:
            parts[-1] += canonical_json(value[name])
    return (*parts[:-1], parts[-1] + "}")


@lru_cache(maxsize=4096)
def _quoted(name: str) -> str:
    return canonical_json(name)
