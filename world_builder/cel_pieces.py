"""The pieces that `cel_plain` builds programs of: each makes one function of others.

A piece gives what the CEL binding gives, or raises `Unsure`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias

Functions: TypeAlias = Mapping[str, Callable[..., Any]]
Plain: TypeAlias = Callable[[Mapping[str, Any], Functions], Any]
"""Gives the value for names and functions, or raises when the binding must decide."""

_MOST: Final = 2**63 - 1
_LEAST: Final = -(2**63)
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_JSON_TYPES: Final = _SCALARS | {list, dict}
_NUMBERS: Final = frozenset({int, float})
_ORDERED: Final = frozenset({str, int, float})


class Unsure(Exception):
    """The binding must decide."""


def constant(value: object) -> Plain:
    return lambda names, functions: value


def path(operand: Plain, fields: tuple[str, ...]) -> Plain:
    if len(fields) == 1:
        (field,) = fields
        return lambda names, functions: operand(names, functions)[field]

    def follow(names: Mapping[str, Any], functions: Functions) -> Any:
        value = operand(names, functions)
        for name in fields:
            value = value[name]
        return value

    return follow


def index(operand: Plain, key: Plain) -> Plain:
    def look_up(names: Mapping[str, Any], functions: Functions) -> Any:
        value, at = operand(names, functions), key(names, functions)
        if type(value) is list and type(at) is int and at >= 0:
            return value[at]
        if type(value) is dict and type(at) is str:
            return value[at]
        raise Unsure

    return look_up


def _negation(operand: Plain) -> Plain:
    return lambda names, functions: not _boolean(operand(names, functions))


def _minus(operand: Plain) -> Plain:
    return lambda names, functions: _number(-_number(operand(names, functions)))


def choice(condition: Plain, yes: Plain, no: Plain) -> Plain:
    def choose(names: Mapping[str, Any], functions: Functions) -> Any:
        chosen = yes if _boolean(condition(names, functions)) else no
        return chosen(names, functions)

    return choose


def _and(left: Plain, right: Plain) -> Plain:
    return lambda names, functions: (
        _boolean(left(names, functions)) and _boolean(right(names, functions))
    )


def _or(left: Plain, right: Plain) -> Plain:
    return lambda names, functions: (
        _boolean(left(names, functions)) or _boolean(right(names, functions))
    )


def is_constant(operand: Plain, constant: object, *, wanted: bool) -> Plain:
    kind = type(constant)

    def compare(names: Mapping[str, Any], functions: Functions) -> bool:
        value = operand(names, functions)
        if type(value) is kind:
            return (value == constant) is wanted
        return _equal(value, constant) is wanted

    return compare


def _equals(left: Plain, right: Plain) -> Plain:
    return lambda names, functions: _equal(left(names, functions), right(names, functions))


def _differs(left: Plain, right: Plain) -> Plain:
    return lambda names, functions: not _equal(left(names, functions), right(names, functions))


def _equal(one: object, other: object) -> bool:
    kind, other_kind = type(one), type(other)
    if kind is other_kind and kind in _SCALARS:
        return bool(whole(one) == whole(other))
    is_known = kind in _JSON_TYPES and other_kind in _JSON_TYPES
    if is_known and kind is not other_kind and {kind, other_kind} != _NUMBERS:
        return False
    raise Unsure


def _order(compare: Callable[[Any, Any], bool]) -> Callable[[Plain, Plain], Plain]:
    def compiled(left: Plain, right: Plain) -> Plain:
        def ordered(names: Mapping[str, Any], functions: Functions) -> bool:
            one, other = left(names, functions), right(names, functions)
            if type(one) is type(other) and type(one) in _ORDERED:
                return compare(whole(one), whole(other))
            raise Unsure

        return ordered

    return compiled


def _within(left: Plain, right: Plain) -> Plain:
    def within(names: Mapping[str, Any], functions: Functions) -> bool:
        value, where = left(names, functions), right(names, functions)
        if type(where) is list:
            return any(_equal(item, value) for item in where)
        if type(where) is dict and type(value) is str:
            return value in where
        raise Unsure

    return within


def _plus(left: Plain, right: Plain) -> Plain:
    def plus(names: Mapping[str, Any], functions: Functions) -> Any:
        one, other = left(names, functions), right(names, functions)
        if type(one) is not type(other):
            raise Unsure
        if type(one) is str or type(one) is list:
            return one + other
        return _number(_number(one) + _number(other))

    return plus


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Plain, Plain], Plain]:
    def compiled(left: Plain, right: Plain) -> Plain:
        def arithmetic(names: Mapping[str, Any], functions: Functions) -> Any:
            one, other = left(names, functions), right(names, functions)
            if type(one) is not type(other):
                raise Unsure
            return _number(compute(_number(one), _number(other)))

        return arithmetic

    return compiled


def _divided(one: Any, other: Any) -> Any:
    """CEL rounds towards zero."""
    if type(one) is float:
        return one / other
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) is (other < 0) else -quotient


def _remainder(one: Any, other: Any) -> Any:
    if type(one) is float:
        raise Unsure
    return one - other * _divided(one, other)


def _number(value: Any) -> Any:
    """An integer of 64 bits, or a float."""
    if (type(value) is int and _LEAST <= value <= _MOST) or type(value) is float:
        return value
    raise Unsure


def whole(value: Any) -> Any:
    """Anything but an integer beyond 64 bits, which CEL takes for another kind of number."""
    return _number(value) if type(value) is int else value


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise Unsure


def size(operand: Plain) -> Plain:
    def length(names: Mapping[str, Any], functions: Functions) -> int:
        value = operand(names, functions)
        if type(value) is list or type(value) is dict or (type(value) is str and value.isascii()):
            return len(value)
        raise Unsure

    return length


def string(operand: Plain) -> Plain:
    def text(names: Mapping[str, Any], functions: Functions) -> str:
        value = operand(names, functions)
        if type(value) is str or type(value) is int:
            return str(_number(value) if type(value) is int else value)
        if isinstance(value, datetime) and not value.microsecond and value.year >= 1000:
            offset = value.utcoffset()
            if offset is not None and not offset % timedelta(minutes=1):
                return value.isoformat()
        raise Unsure

    return text


def has(operand: Plain, field: str) -> Plain:
    def is_there(names: Mapping[str, Any], functions: Functions) -> bool:
        value = operand(names, functions)
        if type(value) is dict:
            return field in value
        raise Unsure

    return is_there


def called(name: str, arguments: list[Plain]) -> Plain:
    def call(names: Mapping[str, Any], functions: Functions) -> Any:
        given = [whole(argument(names, functions)) for argument in arguments]
        return whole(functions[name](*given))

    return call


def list_of(items: list[Plain]) -> Plain:
    return lambda names, functions: [whole(item(names, functions)) for item in items]


def map_of(entries: list[tuple[str, Plain]]) -> Plain:
    return lambda names, functions: {key: whole(value(names, functions)) for key, value in entries}


def _items(value: object) -> list[Any]:
    if type(value) is list:
        return value
    raise Unsure


def _map(target: Plain, variable: str, body: Plain) -> Plain:
    def run(names: Mapping[str, Any], functions: Functions) -> list[Any]:
        scope, found = dict(names), []
        for scope[variable] in _items(target(names, functions)):
            found.append(whole(body(scope, functions)))
        return found

    return run


def _filter(target: Plain, variable: str, body: Plain) -> Plain:
    def run(names: Mapping[str, Any], functions: Functions) -> list[Any]:
        scope, found = dict(names), []
        for item in _items(target(names, functions)):
            scope[variable] = item
            if _boolean(body(scope, functions)):
                found.append(item)
        return found

    return run


def _quantifier(decide: Callable[[list[Any]], bool]) -> Callable[[Plain, str, Plain], Plain]:
    def compiled(target: Plain, variable: str, body: Plain) -> Plain:
        holding = _filter(target, variable, body)

        def run(names: Mapping[str, Any], functions: Functions) -> bool:
            return decide(holding(names, functions))

        return run

    return compiled


def _all(target: Plain, variable: str, body: Plain) -> Plain:
    failing = _filter(target, variable, _negation(body))
    return lambda names, functions: not failing(names, functions)


UNARY: Final = {"!": _negation, "-": _minus}
BINARY: Final[Mapping[str, Callable[[Plain, Plain], Plain]]] = {
    "&&": _and,
    "||": _or,
    "==": _equals,
    "!=": _differs,
    "<": _order(lt),
    "<=": _order(le),
    ">": _order(gt),
    ">=": _order(ge),
    "in": _within,
    "+": _plus,
    "-": _arithmetic(lambda one, other: one - other),
    "*": _arithmetic(lambda one, other: one * other),
    "/": _arithmetic(_divided),
    "%": _arithmetic(_remainder),
}
MACROS: Final[Mapping[str, Callable[[Plain, str, Plain], Plain]]] = {
    "map": _map,
    "filter": _filter,
    "all": _all,
    "exists": _quantifier(bool),
    "exists_one": _quantifier(lambda holding: len(holding) == 1),
}
