"""Searches record by record: what a search means, in its simplest form.

`search` answers most of them from indexes of the base, and comes here for entities that changed and
for whatever an index cannot tell.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial

from world_builder.errors import ExpressionError, WorldError
from world_builder.expressions import Names, as_datetime, compile_expression
from world_builder.frozen import Json, Record
from world_builder.operations import Comparison, Filter, Search
from world_builder.state import WorldState

_WORD = re.compile(r"\w+")


class BadArgument(WorldError):
    """An argument that a filter cannot use; the message tells the agent what to write."""


def scan(operation: Search, state: WorldState, names: Names) -> list[Record]:
    """All matches in order. Raises BadArgument, ExpressionError."""
    arguments = names.values["args"]
    active = _active_filters(operation, arguments)
    found = _candidates(operation, active, state, arguments)
    for item in active:
        found = kept(found, item, arguments[item.argument], state, operation.entity_type)
    return in_order(_where(found, operation, names), operation.sort)


def _active_filters(operation: Search, arguments: dict[str, Json]) -> list[Filter]:
    """The filters whose argument was given."""
    return [f for f in operation.filters if arguments.get(f.argument) is not None]


def _where(found: list[Record], operation: Search, names: Names) -> list[Record]:
    """Those for which the operation's expression holds. Raises ExpressionError."""
    if operation.where is None:
        return found
    expression = compile_expression(operation.where)
    values = {**names.values}
    inner = Names(values, names.entities, names.functions)

    def holds(record: Record) -> bool:
        values["it"] = record
        return expression.is_true(inner)

    return [r for r in found if holds(r)]


def words_in(text: Json) -> list[str]:
    """The words that all must occur somewhere, lower case."""
    return _WORD.findall(str(text).lower())


def _candidates(
    operation: Search, active: list[Filter], state: WorldState, arguments: dict[str, Json]
) -> list[Record]:
    for item in active:
        if item.comparison in {Comparison.EQUALS, Comparison.HAS} and item.fields[0] != "id":
            return state.find(operation.entity_type, item.fields[0], arguments[item.argument])
        value = arguments[item.argument]
        if item.comparison is Comparison.EQUALS and isinstance(value, str):
            record = state.get(operation.entity_type, value)
            return [] if record is None else [record]
    return state.records(operation.entity_type)


def kept(
    found: list[Record], item: Filter, argument: Json, state: WorldState, entity_type: str
) -> list[Record]:
    """Those that pass a filter. Raises ExpressionError."""
    if item.comparison is Comparison.TEXT:
        words = words_in(argument)
        text_of = state.text_reader(entity_type, item.fields)
        return [r for r in found if all(word in text for text in (text_of(r),) for word in words)]
    try:
        compare = _comparison(item.comparison, argument, state.now)
        return [r for r in found if compare(r.get(item.fields[0]))]
    except (TypeError, ValueError) as error:
        raise ExpressionError(
            f"cannot compare {item.fields[0]} with {argument!r}: {error}"
        ) from error


def _comparison(comparison: Comparison, argument: Json, now: datetime) -> Callable[[Json], bool]:
    match comparison:
        case Comparison.EQUALS:
            return lambda value: value == argument
        case Comparison.IN:
            return lambda value: isinstance(argument, list) and value in argument
        case Comparison.HAS:
            return lambda value: isinstance(value, list) and argument in value
        case Comparison.AT_LEAST:
            return partial(_at_least, limit=argument)
        case Comparison.AT_MOST:
            return partial(_at_most, limit=argument)
        case Comparison.AFTER:
            return partial(_is_after, limit=_limit(argument, now), now=now)
        case Comparison.BEFORE:
            return partial(_is_before, limit=_limit(argument, now), now=now)
        case Comparison.TEXT:
            raise ValueError("text compares several fields")


def _limit(argument: Json, now: datetime) -> datetime:
    try:
        return moment(argument, now)
    except (TypeError, ValueError, ExpressionError) as error:
        example = now.date().isoformat()
        raise BadArgument(
            f"{argument!r} is no date or time; write one like {example} or {example}T14:00"
        ) from error


def moment(value: Json, now: datetime) -> datetime:
    """The moment that an ISO date or time names; without a zone it is in the world's zone."""
    if isinstance(value, str):
        naive = datetime.fromisoformat(value)
        return naive if naive.tzinfo else naive.replace(tzinfo=now.tzinfo)
    return as_datetime(value)


def _at_least(value: Json, *, limit: Json) -> bool:
    return isinstance(value, int | float) and isinstance(limit, int | float) and value >= limit


def _at_most(value: Json, *, limit: Json) -> bool:
    return isinstance(value, int | float) and isinstance(limit, int | float) and value <= limit


def _is_after(value: Json, *, limit: datetime, now: datetime) -> bool:
    return value is not None and moment(value, now) > limit


def _is_before(value: Json, *, limit: datetime, now: datetime) -> bool:
    return value is not None and moment(value, now) < limit


def in_order(found: list[Record], sort: str) -> list[Record]:
    """Sorted by a field, downward with a `-` before it; ties by id."""
    by_id = sorted(found, key=lambda r: str(r["id"]))
    name = sort.lstrip("-")
    if name == "id":
        return by_id[::-1] if sort.startswith("-") else by_id
    return sorted(by_id, key=lambda r: _sort_key(r.get(name)), reverse=sort.startswith("-"))


def _sort_key(value: Json) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (2, 0.0, str(value))
