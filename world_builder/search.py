"""The search operation, answered from the indexes of the base where they can tell.

Called by `execution`. The base's entities are found by index; those that changed are scanned, and
so is everything when an index cannot tell (`scan` says what a search means). Both give the same.
"""

from collections.abc import Callable, Collection, Sequence, Set
from itertools import islice
from typing import TypeAlias

from world_builder.errors import ExpressionError
from world_builder.frozen import Json, Record
from world_builder.names import Names
from world_builder.operations import Comparison, Filter, Search
from world_builder.overlay import Changed
from world_builder.programs import filtering
from world_builder.scan import in_order, kept, moment, scan, words_in
from world_builder.state import WorldState
from world_builder.type_index import Column, TypeIndex

_FEW = 16
"""So few candidates are looked at one by one sooner than in another index."""
_MANY = 64
"""So many are not sorted when only the first are wanted."""


_Matches: TypeAlias = tuple[Collection[str], Callable[[str], bool]]
"""What an index says of a filter: the ids that pass it, and how to ask for one of them."""

_Matcher: TypeAlias = Callable[[TypeIndex, Filter, Json, WorldState], _Matches]
_Active: TypeAlias = list[tuple[Filter, _Matcher | None]]
"""Filters that apply, each with what asks an index of values; None for texts."""


class Finder:
    """A search, with all that no call changes done."""

    def __init__(self, operation: Search) -> None:
        self._operation = operation
        self._filters: dict[str, _Active] = {}
        for item in operation.filters:
            matcher = _MATCHERS.get(item.comparison)
            self._filters.setdefault(item.argument, []).append((item, matcher))
        self._where = None if operation.where is None else filtering(operation.where)

    def find(self, state: WorldState, names: Names) -> tuple[int, list[Record]]:
        """The number of matches and the first in order. Raises BadArgument, ExpressionError."""
        argument = self._operation.limit_argument
        limit = (names.values["args"].get(argument) if argument else None) or self._operation.limit
        if type(limit) is int and limit > 0:
            try:
                return self._by_index(state, names, limit)
            except (ExpressionError, TypeError, ValueError):
                pass  # no index can tell: the scan says what is wrong, if anything
        matches = scan(self._operation, state, names)
        return len(matches), matches[:limit]

    def _by_index(self, state: WorldState, names: Names, limit: int) -> tuple[int, list[Record]]:
        entity_type, sort = self._operation.entity_type, self._operation.sort
        index, changed = state.base.type_index(entity_type), state.changed(entity_type)
        arguments, records = names.values["args"], index.records
        active = self._active(arguments)
        found = _found(index, active, arguments, state)
        if changed:
            found = [i for i in found if i not in changed]
        if self._where is not None:
            kept_records = self._where(names.copied(), [records[i] for i in found])
            found = [str(r["id"]) for r in kept_records]
        first = [records[i] for i in _first(index, found, sort, limit)]
        if not changed:
            return len(found), first
        moved = self._moved(changed, active, state, names)
        return len(found) + len(moved), in_order(first + moved, sort)[:limit]

    def _active(self, arguments: dict[str, Json]) -> _Active:
        """The filters whose argument was given."""
        filters = self._filters
        given = [name for name, value in arguments.items() if value is not None]
        return [pair for name in given if name in filters for pair in filters[name]]

    def _moved(
        self, changed: Changed, active: _Active, state: WorldState, names: Names
    ) -> list[Record]:
        """The matches among the changed records."""
        moved = [r for r in changed.values() if r is not None]
        arguments = names.values["args"]
        for item, _ in active:
            moved = kept(moved, item, arguments[item.argument], state, self._operation.entity_type)
        return moved if self._where is None else self._where(names.copied(), moved)


def _found(
    index: TypeIndex, active: _Active, arguments: dict[str, Json], state: WorldState
) -> Collection[str]:
    """The ids of the base's entities that pass all filters."""
    if not active:
        return index.ids
    matches = [
        match(index, item, arguments[item.argument], state)
        for item, match in active
        if match is not None
    ]
    found = _in_all(matches) if matches else None
    for item, match in active:
        if match is None:
            found = _with_words(index, item.fields, words_in(arguments[item.argument]), found)
    return index.ids if found is None else found


def _in_all(matches: Sequence[_Matches]) -> Collection[str]:
    if len(matches) == 1:
        return matches[0][0]
    by_size = sorted(matches, key=lambda match: len(match[0]))
    found = by_size[0][0]
    for _, has in by_size[1:]:
        found = [i for i in found if has(i)]
    return found


def _with_words(
    index: TypeIndex, fields: tuple[str, ...], words: list[str], found: Collection[str] | None
) -> Collection[str] | None:
    """Those of the found (None: of all) whose texts hold every word."""
    texts = index.texts(fields)
    for word in sorted(words, key=len, reverse=True):
        if found is not None and len(found) <= _FEW:
            found = [i for i in found if word in texts[i]]
        else:
            holders = index.words(fields).with_word(word)
            found = holders if found is None else [i for i in found if i in holders]
    return found


def _first(index: TypeIndex, found: Collection[str], sort: str, limit: int) -> Sequence[str]:
    """The first of the found ids in order."""
    if len(found) < 2:
        return list(found)
    ids, places = index.order(sort, in_order)
    if len(found) == len(ids):
        return ids[:limit]
    if len(found) > _MANY and isinstance(found, Set):
        return list(islice((i for i in ids if i in found), limit))
    return sorted(found, key=places.__getitem__)[:limit]


def _equals(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    field, records = item.fields[0], index.records
    if field == "id" and isinstance(argument, str):
        ids: Collection[str] = (argument,) if argument in records else ()
        return (ids, lambda i: i == argument)

    def has(entity_id: str) -> bool:
        return bool(records[entity_id].get(field) == argument)

    ids = index.by_value(field).get(argument, ())
    return (ids if index.is_plain(field) else [i for i in ids if has(i)], has)


def _has(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    field, records = item.fields[0], index.records

    def has(entity_id: str) -> bool:
        value = records[entity_id].get(field)
        return isinstance(value, list) and argument in value

    return ([i for i in index.by_value(field).get(argument, ()) if has(i)], has)


def _in(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    field, records = item.fields[0], index.records
    if not isinstance(argument, list):
        raise TypeError("only a list holds values")

    def has(entity_id: str) -> bool:
        return records[entity_id].get(field) in argument

    by_value = index.by_value(field)
    ids = {i for value in argument for i in by_value.get(value, ())}
    return ([i for i in ids if has(i)], has)


def _at_least(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    column = index.numbers(item.fields[0])
    return _between(column, *column.above(_numeric(argument), or_equal=True))


def _at_most(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    column = index.numbers(item.fields[0])
    return _between(column, *column.below(_numeric(argument), or_equal=True))


def _after(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    column = index.moments(item.fields[0], state.now, moment)
    return _between(column, *column.above(moment(argument, state.now), or_equal=False))


def _before(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    column = index.moments(item.fields[0], state.now, moment)
    return _between(column, *column.below(moment(argument, state.now), or_equal=False))


def _between(column: Column, low: int, high: int) -> _Matches:
    places = column.places
    return (column.ids[low:high], lambda i: low <= places.get(i, -1) < high)


def _numeric(argument: Json) -> int | float:
    if isinstance(argument, int | float):
        return argument
    raise TypeError("not a number")


_MATCHERS: dict[Comparison, _Matcher] = {
    Comparison.EQUALS: _equals,
    Comparison.IN: _in,
    Comparison.HAS: _has,
    Comparison.AT_LEAST: _at_least,
    Comparison.AT_MOST: _at_most,
    Comparison.AFTER: _after,
    Comparison.BEFORE: _before,
}
