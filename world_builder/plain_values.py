"""Recognises the plainest valid values without a JSON Schema: most calls have no others.

Called by `engine` for arguments and by `records` for fields. What it does not recognise may be
right all the same: the compiled schema decides, and says what is wrong.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from world_builder.frozen import Json

Accepts: TypeAlias = Callable[[Mapping[str, Json]], bool]
Check: TypeAlias = Callable[[Any], bool]

_REMARKS = frozenset({"default", "description", "examples", "title"})
_OBJECT = frozenset({"additionalProperties", "properties", "required", "type"})
_ARRAY = frozenset({"items", "maxItems", "minItems", "type"})
_TEXT = frozenset({"enum", "maxLength", "minLength", "type"})
_INTEGER = frozenset({"maximum", "minimum", "type"})


def plain_arguments(schema: Mapping[str, Any]) -> Accepts:
    """Tells arguments that are surely valid, in ASCII and without numbers that hold a point.

    >>> accepts = plain_arguments({"type": "object", "additionalProperties": False,
    ...     "properties": {"qty": {"type": "integer", "minimum": 1}}})
    >>> accepts({"qty": 2}), accepts({"qty": 2.0}), accepts({"qty": 0}), accepts({"name": "x"})
    (True, False, False, False)
    """
    properties = schema.get("properties", {})
    is_closed = schema.get("additionalProperties") is False and schema.get("type") == "object"
    if not (is_closed and schema.keys() - _REMARKS <= _OBJECT and isinstance(properties, dict)):
        return lambda arguments: False
    made = {name: plain_check(declared) for name, declared in properties.items()}
    checks = {name: check for name, check in made.items() if check is not None}
    required = frozenset(schema.get("required", ()))

    def accepts(arguments: Mapping[str, Json]) -> bool:
        for name, value in arguments.items():
            check = checks.get(name)
            if check is None or not check(value):
                return False
        return arguments.keys() >= required

    return accepts


def plain_check(declared: Any) -> Check | None:
    """What tells values that surely fit a schema; None when only the schema can."""
    if not isinstance(declared, dict):
        return None
    kind = declared.get("type")
    if isinstance(kind, list):
        return _check_or_null(declared, kind)
    keywords = declared.keys() - _REMARKS
    if kind == "string" and keywords <= _TEXT:
        return _text_check(declared)
    if kind == "integer" and keywords <= _INTEGER:
        low, high = declared.get("minimum", -math.inf), declared.get("maximum", math.inf)
        return lambda value: type(value) is int and low <= value <= high
    if kind == "boolean" and keywords == {"type"}:
        return lambda value: value is True or value is False
    if kind == "array" and keywords <= _ARRAY:
        return _array_check(declared)
    return _object_check(declared) if kind == "object" and keywords <= _OBJECT else None


def _check_or_null(declared: dict[str, Any], kinds: list[Any]) -> Check | None:
    others = [kind for kind in kinds if kind != "null"]
    check = plain_check({**declared, "type": others[0]}) if len(others) == 1 else None
    if check is None or len(kinds) != 2 or None not in declared.get("enum", (None,)):
        return None
    return lambda value: value is None or check(value)


def _array_check(declared: dict[str, Any]) -> Check | None:
    item = plain_check(declared.get("items"))
    if item is None:
        return None
    low, high = declared.get("minItems", 0), declared.get("maxItems", math.inf)
    return lambda value: type(value) is list and low <= len(value) <= high and all(map(item, value))


def _object_check(declared: dict[str, Any]) -> Check | None:
    properties = declared.get("properties", {})
    if declared.get("additionalProperties") is not False or not isinstance(properties, dict):
        return None
    if any(plain_check(part) is None for part in properties.values()):
        return None
    accepts = plain_arguments(declared)
    return lambda value: type(value) is dict and accepts(value)


def _text_check(declared: dict[str, Any]) -> Check:
    low, high = declared.get("minLength", 0), declared.get("maxLength", math.inf)

    def is_text(value: Any) -> bool:
        return type(value) is str and value.isascii() and low <= len(value) <= high

    if "enum" not in declared:
        return is_text
    options = frozenset(option for option in declared["enum"] if is_text(option))
    return lambda value: type(value) is str and value in options
