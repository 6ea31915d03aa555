"""CEL expressions: the one place that evaluates them.

Tools and state checks are written in CEL (Common Expression Language). Here they are compiled once
and run many times; nothing here knows operations or tasks.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Protocol, cast

from world_builder.cel_binding import compile_program, new_context
from world_builder.cel_plain import Plain, plain_program, unsure
from world_builder.errors import ExpressionError
from world_builder.frozen import Json, Record

_PATH = re.compile(r"^[a-z_]\w*(\.[a-z_]\w*)?$")
_SLOT = re.compile(r"\{([^{}]+)\}")
_BOUND = re.compile(r"\.(?:map|filter|exists|exists_one|all)\(\s*(\w+)\s*,")
_LITERALS = frozenset({"true", "false", "null"})
_ATOMS = frozenset({str, int, float, bool, type(None)})


class Entities(Protocol):
    """What expressions may ask of a state."""

    def get(self, entity_type: str, entity_id: str) -> Record | None: ...

    def find(self, entity_type: str, field_name: str, value: Json) -> list[Record]: ...


def days_between(earlier: object, later: object) -> int:
    """Whole days from one moment to another, rounded down; negative when the order is reversed.

    >>> days_between("2025-09-01T10:00:00+00:00", "2025-09-03T09:00:00+00:00")
    1
    """
    gap = as_datetime(later) - as_datetime(earlier)
    return gap // timedelta(days=1)


def money(cents: int) -> str:
    """Cents as dollars.

    >>> money(129905), money(-500)
    ('$1,299.05', '-$5.00')
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def percent(amount: int, share: float) -> int:
    """`share` percent of an amount, rounded half up.

    >>> percent(1050, 5)
    53
    """
    exact = Decimal(amount) * Decimal(str(share)) / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def add_days(moment: object, days: int) -> str:
    """The moment so many days later, in the form it was given (a date stays a date).

    >>> add_days("2025-09-15", 30)
    '2025-10-15'
    """
    if isinstance(moment, str) and len(moment) == 10:
        return (date.fromisoformat(moment) + timedelta(days=days)).isoformat()
    return (as_datetime(moment) + timedelta(days=days)).isoformat()


def add_hours(moment: object, hours: int) -> str:
    """The moment so many hours later, in the zone it was given.

    >>> add_hours("2025-09-15T23:30:00-04:00", 8)
    '2025-09-16T07:30:00-04:00'
    """
    return (as_datetime(moment) + timedelta(hours=hours)).isoformat()


def add_months(day: str, months: int) -> str:
    """The same day of the month so many months later, or that month's last day.

    >>> add_months("2024-01-31", 1), add_months("2023-11-15", 26)
    ('2024-02-29', '2026-01-15')
    """
    start = date.fromisoformat(day[:10])
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).isoformat()


def as_datetime(value: object) -> datetime:
    """The moment that ISO text or a datetime names; a bare date is its midnight in UTC.

    Raises ValueError for anything else.
    """
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError(f"not a date or time: {value!r}")
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sum": sum,
    "lower": str.lower,
    "join": lambda items, sep: sep.join(str(i) for i in items),
    "minimum": min,
    "maximum": max,
    "round": lambda x: int(Decimal(str(x)).quantize(Decimal(1), rounding=ROUND_HALF_UP)),
    "days_between": days_between,
    "add_days": add_days,
    "add_hours": add_hours,
    "add_months": add_months,
    "first": lambda items, count: items[:count],
    "date": lambda moment: as_datetime(moment).date().isoformat(),
    "money": money,
    "percent": percent,
}
"""Functions beside CEL's own.

`lookup(type, id)` and `find(type, field, value)` read the state; `find` may be given more fields
and values, which is far cheaper than a filter over what it finds.
"""

_KNOWN = frozenset(FUNCTIONS) | {"lookup", "find"}
_CEL_FUNCTIONS = frozenset(
    "size contains startsWith endsWith matches string int uint double bytes bool timestamp "
    "duration has all exists exists_one map filter min max getFullYear getMonth getDate "
    "getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds "
    "type dyn optional".split()
)


@dataclass(frozen=True, slots=True)
class Names:
    """What an expression can see: values by name, and the entities of a state (None: no state)."""

    values: dict[str, Any]
    entities: Entities | None = None
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def copied(self) -> "Names":
        """The same names, with values of its own that may be added to."""
        return Names({**self.values}, self.entities, self.functions)

    def with_value(self, name: str, value: object) -> "Names":
        """The same names and one more."""
        return Names({**self.values, name: value}, self.entities, self.functions)


def names_of(values: dict[str, Any], entities: Entities | None = None) -> Names:
    """Names over a state, with all functions."""
    if entities is None:
        return Names(values, None, {**FUNCTIONS})
    reading: dict[str, Callable[..., Any]] = {"lookup": entities.get, "find": _finder(entities)}
    return Names(values, entities, {**FUNCTIONS, **reading})


def _finder(entities: Entities) -> Callable[..., list[Record]]:
    def find(entity_type: str, field_name: str, value: Json, *more: Any) -> list[Record]:
        pairs = list(zip(more[::2], more[1::2], strict=True))
        found = entities.find(entity_type, field_name, value)
        return [r for r in found if all(r.get(name) == wanted for name, wanted in pairs)]

    return find


class Expression:
    """A compiled CEL expression."""

    __slots__ = ("_functions", "_needs", "_path", "_plain", "_program", "source")

    def __init__(self, source: str) -> None:
        """Compile. Raises ExpressionError with the position of the mistake."""
        self.source = source
        try:
            self._program = compile_program(source)
        except ValueError as error:
            raise ExpressionError(f"CEL: {_first_line(str(error))} in {source!r}") from error
        self._needs = {n: _fields_used(source, n) for n in self._program.variables()}
        self._functions = frozenset(self._program.functions())
        simple = _PATH.match(source) and source not in _LITERALS
        self._path: tuple[str, ...] | None = tuple(source.split(".")) if simple else None
        self._plain: Plain = self._first_try

    def evaluate(self, names: Names) -> Any:
        """The value of the expression. Raises ExpressionError."""
        try:
            return self._plain(names.values, names.functions)
        except Exception:  # whatever it is, the binding decides
            if self._path is not None:
                return _follow(self._path, names.values, self.source)
            return self.by_binding(names)

    def _first_try(
        self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
    ) -> Any:
        is_path = self._path is not None
        self._plain = plain_program(self.source, _KNOWN, is_raw=is_path) or unsure
        return self._plain(values, functions)

    def by_binding(self, names: Names) -> Any:
        """The value as the CEL binding gives it. Raises ExpressionError."""
        try:
            return self._program.execute(self._context(names))
        except Exception as error:  # the binding raises many kinds; all mean the same to us
            detail = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise ExpressionError(f"{_first_line(detail)} in {self.source!r}") from error

    def _context(self, names: Names) -> object:
        """Only what the expression uses: handing values to CEL costs more than running it."""
        used = {
            name: _narrowed(names.values[name], fields)
            for name, fields in self._needs.items()
            if name in names.values
        }
        functions = {n: f for n, f in names.functions.items() if n in self._functions}
        return new_context(used, functions=functions)

    def is_true(self, names: Names) -> bool:
        """Whether the value is true. Raises ExpressionError when it is not a boolean."""
        value = self.evaluate(names)
        if not isinstance(value, bool):
            raise ExpressionError(f"{self.source!r} must be true or false, not {value!r}")
        return value

    def unknown_names(self, known: Sequence[str]) -> tuple[str, ...]:
        """Names the expression uses that are neither known, bound in it, nor functions."""
        bound = set(_BOUND.findall(self.source)) | _LITERALS | {*known}
        used = {name for name in self._program.variables() if name not in bound}
        named = (name for name in self._program.functions() if re.fullmatch(r"[A-Za-z]\w*", name))
        strange = {name for name in named if name not in _KNOWN | _CEL_FUNCTIONS}
        return tuple(sorted((used | strange) - _CEL_FUNCTIONS))


@lru_cache(maxsize=20_000)
def compile_expression(source: str) -> Expression:
    """The compiled expression, shared by all who use the same source. Raises ExpressionError."""
    return Expression(source)


def message_expressions(template: str) -> tuple[str, ...]:
    """The CEL parts of a message such as `Order {it.id} was shipped.`"""
    return tuple(_SLOT.findall(template))


def render_message(template: str, names: Names) -> str:
    """The message with its CEL parts filled in. Raises ExpressionError."""

    def fill(slot: re.Match[str]) -> str:
        value = to_json(compile_expression(slot[1]).evaluate(names))
        return value if isinstance(value, str) else str(value)

    return _SLOT.sub(fill, template)


def to_json(value: object) -> Json:
    """A CEL value as JSON: times become ISO text. Raises ExpressionError for what JSON lacks."""
    kind = type(value)
    if kind in _ATOMS:
        return cast(Json, value)
    if isinstance(value, dict | Mapping):
        return {str(k): v if type(v) in _ATOMS else to_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [v if type(v) in _ATOMS else to_json(v) for v in value]
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    raise ExpressionError(f"a value of type {type(value).__name__} cannot be stored")


def _follow(path: tuple[str, ...], values: Mapping[str, Any], source: str) -> Any:
    value: Any = values
    for part in path:
        if not isinstance(value, dict | Mapping) or part not in value:
            raise ExpressionError(f"no field '{part}' in {source!r}")
        value = value[part]
    return value


def _fields_used(source: str, name: str) -> frozenset[str] | None:
    """The fields of a variable that an expression reads; None when it may read them all."""
    uses = re.findall(rf"(?<![\w.]){name}\b(\s*\.\s*\w+\b(?!\s*\())?", source)
    return frozenset(use.strip(" .") for use in uses) if all(uses) else None


def _narrowed(value: Any, fields: frozenset[str] | None) -> Any:
    if fields is None or not isinstance(value, Mapping):
        return value
    return {name: value[name] for name in fields if name in value}


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else "failed"
