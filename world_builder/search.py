"""The search operation, answered from the indexes of the base where they can tell.

Called by `execution`. The base's entities are found by index; those that changed are scanned, and
so is everything when an index cannot tell (`scan` says what a search means). Both give the same.
"""

from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from world_builder.errors import ExpressionError
from world_builder.expressions import Names
from world_builder.frozen import Json, Record
from world_builder.operations import Comparison, Filter, Search
from world_builder.scan import active_filters, in_order, kept, moment, scan, where, words_in
from world_builder.state import WorldState
from world_builder.type_index import Column, TypeIndex

_FEW = 16
"""So few candidates are looked at one by one sooner than in another index."""
_MANY = 64
"""So many are not sorted when only the first are wanted."""


@dataclass(frozen=True, slots=True)
class _Matches:
    """What an index says of a filter: the ids that pass it, and how to ask for one of them."""

    ids: Collection[str]
    has: Callable[[str], bool]


_Matcher: TypeAlias = Callable[[TypeIndex, Filter, Json, WorldState], _Matches]


def search(operation: Search, state: WorldState, names: Names) -> tuple[int, list[Record]]:
    """The number of matches and the first in order. Raises BadArgument, ExpressionError."""
    argument = operation.limit_argument
    limit = (names.values["args"].get(argument) if argument else None) or operation.limit
    if type(limit) is int and limit > 0:
        try:
            return _by_index(operation, state, names, limit)
        except (ExpressionError, TypeError, ValueError):
            pass  # no index can tell: the scan says what is wrong, if anything
    matches = scan(operation, state, names)
    return len(matches), matches[:limit]


def _by_index(
    operation: Search, state: WorldState, names: Names, limit: int
) -> tuple[int, list[Record]]:
    index = state.base.type_index(operation.entity_type)
    arguments = names.values["args"]
    active = active_filters(operation, arguments)
    changed = state.changed(operation.entity_type)
    found = _found(index, active, arguments, state)
    if changed:
        found = [i for i in found if i not in changed]
    if operation.where is not None:
        records = where([index.records[i] for i in found], operation, names)
        found = [str(r["id"]) for r in records]
    first = [index.records[i] for i in _first(index, found, operation.sort, limit)]
    if not changed:
        return len(found), first
    moved = [r for r in changed.values() if r is not None]
    for item in active:
        moved = kept(moved, item, arguments[item.argument], state, operation.entity_type)
    moved = where(moved, operation, names)
    return len(found) + len(moved), in_order(first + moved, operation.sort)[:limit]


def _found(
    index: TypeIndex, active: list[Filter], arguments: dict[str, Json], state: WorldState
) -> Collection[str]:
    """The ids of the base's entities that pass all filters."""
    if not active:
        return index.ids
    texts = [f for f in active if f.comparison is Comparison.TEXT]
    others = [f for f in active if f.comparison is not Comparison.TEXT]
    matches = [_MATCHERS[f.comparison](index, f, arguments[f.argument], state) for f in others]
    matches.sort(key=lambda match: len(match.ids))
    found = _in_all(matches) if matches else None
    for item in texts:
        found = _with_words(index, item.fields, words_in(arguments[item.argument]), found)
    return index.ids if found is None else found


def _in_all(matches: Sequence[_Matches]) -> Collection[str]:
    found = matches[0].ids
    for match in matches[1:]:
        found = [i for i in found if match.has(i)]
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
        return _Matches(ids, lambda i: i == argument)

    def has(entity_id: str) -> bool:
        return bool(records[entity_id].get(field) == argument)

    ids = index.by_value(field).get(argument, ())
    return _Matches(ids if index.is_plain(field) else [i for i in ids if has(i)], has)


def _has(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    field, records = item.fields[0], index.records

    def has(entity_id: str) -> bool:
        value = records[entity_id].get(field)
        return isinstance(value, list) and argument in value

    return _Matches([i for i in index.by_value(field).get(argument, ()) if has(i)], has)


def _in(index: TypeIndex, item: Filter, argument: Json, state: WorldState) -> _Matches:
    field, records = item.fields[0], index.records
    if not isinstance(argument, list):
        raise TypeError("only a list holds values")

    def has(entity_id: str) -> bool:
        return records[entity_id].get(field) in argument

    by_value = index.by_value(field)
    ids = {i for value in argument for i in by_value.get(value, ())}
    return _Matches([i for i in ids if has(i)], has)


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
    return _Matches(column.ids[low:high], lambda i: low <= places.get(i, -1) < high)


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
