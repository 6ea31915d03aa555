"""The functions that the Python of `cel_plain` calls: CEL's operators on plain values.

Each gives what the CEL binding gives, or raises `Unsure`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from operator import contains, ge, gt, le, lt, mul, sub
from typing import Any, Final

_MOST: Final = 2**63 - 1
_LEAST: Final = -(2**63)
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_JSON_TYPES: Final = _SCALARS | {list, dict}
_NUMBERS: Final = frozenset({int, float})


class Unsure(Exception):
    """The binding must decide."""


def whole(value: Any) -> Any:
    """Anything but an integer beyond 64 bits, which CEL takes for another kind of number."""
    if type(value) is int and not _LEAST <= value <= _MOST:
        raise Unsure
    return value


def _number(value: Any) -> Any:
    """An integer of 64 bits, or a float."""
    if (type(value) is int and _LEAST <= value <= _MOST) or type(value) is float:
        return value
    raise Unsure


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise Unsure


def _items(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    raise Unsure


def _index(value: Any, at: Any) -> Any:
    if type(value) is list and type(at) is int and at >= 0:
        return value[at]
    if type(value) is dict and type(at) is str:
        return value[at]
    raise Unsure


def _equal(one: Any, other: Any) -> bool:
    kind, other_kind = type(one), type(other)
    if kind is str and other_kind is str:
        return bool(one == other)
    if kind is other_kind and kind in _SCALARS:
        return bool(whole(one) == whole(other))
    is_known = kind in _JSON_TYPES and other_kind in _JSON_TYPES
    if is_known and kind is not other_kind and {kind, other_kind} != _NUMBERS:
        return False
    raise Unsure


def _order(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(one: Any, other: Any) -> bool:
        kind = type(one)
        if kind is type(other) and (
            kind is str or (_number(one) is one and _number(other) is other)
        ):
            return compare(one, other)
        raise Unsure

    return ordered


def _within(value: Any, where: Any) -> bool:
    if type(where) is list:
        return any(_equal(item, value) for item in where)
    if type(where) is dict and type(value) is str:
        return value in where
    raise Unsure


def _negative(value: Any) -> Any:
    return _number(-_number(value))


def _plus(one: Any, other: Any) -> Any:
    kind = type(one)
    if kind is not type(other):
        raise Unsure
    if kind is str or kind is list:
        return one + other
    return _number(_number(one) + _number(other))


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def arithmetic(one: Any, other: Any) -> Any:
        if type(one) is not type(other):
            raise Unsure
        return _number(compute(_number(one), _number(other)))

    return arithmetic


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


def _size(value: Any) -> int:
    if type(value) is list or type(value) is dict or (type(value) is str and value.isascii()):
        return len(value)
    raise Unsure


def _string(value: Any) -> str:
    if type(value) is str or type(value) is int:
        return str(whole(value))
    if isinstance(value, datetime) and not value.microsecond and value.year >= 1000:
        offset = value.utcoffset()
        if offset is not None and not offset % timedelta(minutes=1):
            return value.isoformat()
    raise Unsure


def _has(value: Any, field: str) -> bool:
    if type(value) is dict:
        return field in value
    raise Unsure


def _text_test(holds: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def tested(text: Any, part: Any) -> bool:
        if type(text) is str and type(part) is str:
            return holds(text, part)
        raise Unsure

    return tested


HELPERS: Final[Mapping[str, Any]] = {
    "at_least": _order(ge),
    "at_most": _order(le),
    "bool": bool,
    "boolean": _boolean,
    "contains": _text_test(contains),
    "divided": _arithmetic(_divided),
    "endsWith": _text_test(str.endswith),
    "equal": _equal,
    "greater": _order(gt),
    "has": _has,
    "index": _index,
    "items": _items,
    "len": len,
    "less": _order(lt),
    "minus": _arithmetic(sub),
    "negative": _negative,
    "plus": _plus,
    "remainder": _arithmetic(_remainder),
    "size": _size,
    "startsWith": _text_test(str.startswith),
    "string": _string,
    "times": _arithmetic(mul),
    "whole": whole,
    "within": _within,
}
"""By the name that `cel_plain` writes."""
