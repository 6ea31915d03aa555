"""Whole numbers written with a decimal point, as `2.0`, where a JSON Schema wants an integer.

JSON Schema takes 2.0 for an integer, and some clients write it so; expressions and records want 2.
Called by `engine` once arguments are valid.
"""

from typing import Any

from world_builder.frozen import Json


def with_integers(value: Json, schema: Any) -> Json:
    """The value with such numbers as integers; what the schema does not declare stays.

    >>> with_integers({"qty": 2.0, "price": 2.0}, {"properties": {"qty": {"type": "integer"}}})
    {'qty': 2, 'price': 2.0}
    """
    if not isinstance(schema, dict):
        return value
    if isinstance(value, dict):
        declared = schema.get("properties") or {}
        return {name: with_integers(part, declared.get(name)) for name, part in value.items()}
    if isinstance(value, list):
        return [with_integers(part, schema.get("items")) for part in value]
    if isinstance(value, float) and value.is_integer() and _wants_integer(schema.get("type")):
        return int(value)
    return value


def holds_float(value: Json) -> bool:
    """Whether there is any such number to look for."""
    waiting: list[Json] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float):
            return True
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return False


def _wants_integer(declared: Any) -> bool:
    kinds = declared if isinstance(declared, list) else [declared]
    return "integer" in kinds and "number" not in kinds
