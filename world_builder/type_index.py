"""What is known of the base entities of one type: by value, by size, by time, by word, in order.

Each index is built when a search first needs it and never changes, as the base never does. Changed
entities are none of its business.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from world_builder.frozen import Json, Record
from world_builder.records import searchable_text

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Column:
    """Ids in the order of a field's values, without those that have none."""

    values: Sequence[Any]
    ids: Sequence[str]
    places: Mapping[str, int]

    def above(self, limit: Any, *, or_equal: bool) -> tuple[int, int]:
        """The range of places with a greater value."""
        bisect = bisect_left if or_equal else bisect_right
        return bisect(self.values, limit), len(self.values)

    def below(self, limit: Any, *, or_equal: bool) -> tuple[int, int]:
        """The range of places with a smaller value."""
        bisect = bisect_right if or_equal else bisect_left
        return 0, bisect(self.values, limit)


class WordIndex:
    """Which entities hold a word in some of their texts, also inside longer words."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        holders: dict[str, list[str]] = {}
        for entity_id, text in texts.items():
            for word in set(_WORD.findall(text)):
                holders.setdefault(word, []).append(entity_id)
        self._holders = [frozenset(ids) for ids in holders.values()]
        self._vocabulary = "\n".join(holders)
        self._starts = [0, *(m.end() for m in re.finditer("\n", self._vocabulary))]

    def with_word(self, word: str) -> frozenset[str]:
        """The ids of the entities whose texts hold the word."""
        found: list[frozenset[str]] = []
        at = self._vocabulary.find(word)
        while at >= 0:
            place = bisect_right(self._starts, at)
            found.append(self._holders[place - 1])
            if place == len(self._starts):
                break
            at = self._vocabulary.find(word, self._starts[place])
        return found[0] if len(found) == 1 else frozenset().union(*found)


class TypeIndex:
    """The indexes of one type's base records."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self.records = records
        self._by_value: dict[str, dict[Json, tuple[str, ...]]] = {}
        self._listing: set[str] = set()
        self._texts: dict[tuple[str, ...], dict[str, str]] = {}
        self._words: dict[tuple[str, ...], WordIndex] = {}
        self._columns: dict[tuple[str, timedelta | None] | str, Column] = {}
        self._orders: dict[str, tuple[Sequence[str], Mapping[str, int]]] = {}

    def by_value(self, field: str) -> Mapping[Json, tuple[str, ...]]:
        """Ids by the value of a field, or by each item of a list, in the base's order."""
        if field not in self._by_value:
            found: dict[Json, list[str]] = {}
            for entity_id, record in self.records.items():
                value = record.get(field)
                if isinstance(value, list):
                    self._listing.add(field)
                for item in value if isinstance(value, list) else (value,):
                    if not isinstance(item, dict | list):
                        found.setdefault(item, []).append(entity_id)
            self._by_value[field] = {value: tuple(ids) for value, ids in found.items()}
        return self._by_value[field]

    def is_plain(self, field: str) -> bool:
        """True when no record holds a list there, so that `by_value` means equality."""
        self.by_value(field)
        return field not in self._listing

    def texts(self, fields: tuple[str, ...]) -> Mapping[str, str]:
        """The searchable text of some fields, by id."""
        if fields not in self._texts:
            records = self.records.items()
            self._texts[fields] = {i: searchable_text(record, fields) for i, record in records}
        return self._texts[fields]

    def words(self, fields: tuple[str, ...]) -> WordIndex:
        if fields not in self._words:
            self._words[fields] = WordIndex(self.texts(fields))
        return self._words[fields]

    def numbers(self, field: str) -> Column:
        """The field's numbers."""
        if field not in self._columns:
            values = ((i, record.get(field)) for i, record in self.records.items())
            self._columns[field] = _column(
                {i: value for i, value in values if isinstance(value, int | float)}
            )
        return self._columns[field]

    def moments(
        self, field: str, now: datetime, read: Callable[[Json, datetime], datetime]
    ) -> Column:
        """The field's moments as `read` gives them in the zone of `now`.

        Raises ValueError or TypeError when a value is no date or time.
        """
        key = (field, now.utcoffset())
        if key not in self._columns:
            values = ((i, record.get(field)) for i, record in self.records.items())
            moments = {i: read(value, now) for i, value in values if value is not None}
            self._columns[key] = _column(moments)
        return self._columns[key]

    def order(
        self, sort: str, in_order: Callable[[list[Record], str], list[Record]]
    ) -> tuple[Sequence[str], Mapping[str, int]]:
        """All ids as `in_order` sorts their records, and the place of each."""
        if sort not in self._orders:
            ids = [str(r["id"]) for r in in_order(list(self.records.values()), sort)]
            self._orders[sort] = (ids, {entity_id: place for place, entity_id in enumerate(ids)})
        return self._orders[sort]

    @cached_property
    def ids(self) -> Sequence[str]:
        return tuple(self.records)


def _column(values: Mapping[str, Any]) -> Column:
    pairs = sorted(values.items(), key=lambda pair: pair[1])
    return Column(
        values=[value for _, value in pairs],
        ids=[entity_id for entity_id, _ in pairs],
        places={entity_id: place for place, (entity_id, _) in enumerate(pairs)},
    )
