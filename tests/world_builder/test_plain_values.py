"""Plain arguments are those that the schema takes as they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from world_builder.plain_values import plain_arguments
from world_builder.records import compile_schema, is_text
from world_builder.whole_numbers import holds_float

_PROPERTIES: dict[str, Any] = {
    "id": {"type": "string", "minLength": 1, "description": "Which."},
    "note": {"type": "string", "maxLength": 3, "default": None},
    "kind": {"type": "string", "enum": ["new", "old", "früh"]},
    "qty": {"type": "integer", "minimum": 1, "maximum": 50},
    "any": {"type": "integer"},
    "on": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "code": {"type": "string", "pattern": "^a"},
    "list": {"type": "array", "items": {"type": "string"}},
    "free": True,
    "lines": {
        "type": "array",
        "minItems": 1,
        "maxItems": 2,
        "items": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "qty": {"type": "integer", "minimum": 1}},
            "required": ["id"],
            "additionalProperties": False,
        },
    },
    "open": {"type": "object", "properties": {"id": {"type": "string"}}},
}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": _PROPERTIES,
    "required": ["id"],
    "additionalProperties": False,
}
_VALUES = st.sampled_from(
    ("", "a", "new", "früh", "long text", "\ud800", "é", 0, 1, 2.0, 50, 51, -1, 10**30, True, False)
) | st.sampled_from((None, [], ["a"], {}, "2025-09-15", 1.5))
_LINES = st.lists(
    st.dictionaries(st.sampled_from(("id", "qty", "other")), _VALUES, max_size=3), max_size=3
)
_ARGUMENTS = st.dictionaries(
    st.sampled_from((*_PROPERTIES, "other", "\ud800")), _VALUES | _LINES, max_size=4
)


@given(_ARGUMENTS)
def test_what_is_accepted_is_valid(arguments: dict[str, Any]) -> None:
    if plain_arguments(_SCHEMA)(arguments):
        assert compile_schema(_SCHEMA).is_valid(arguments)
        assert is_text(arguments)
        assert not holds_float(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"id": "a"},
        {"id": "a", "note": "", "kind": "old", "qty": 1, "any": -7, "on": False},
        {"id": "a", "qty": 50},
        {"id": "a", "list": []},
        {"id": "a", "lines": [{"id": "a"}, {"id": "b", "qty": 2}]},
    ],
)
def test_everyday_arguments_are_accepted(arguments: dict[str, Any]) -> None:
    assert plain_arguments(_SCHEMA)(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"id": ""},
        {"id": "a", "day": "2025-09-15"},
        {"id": "a", "code": "ab"},
        {"id": "a", "list": [1]},
        {"id": "a", "lines": []},
        {"id": "a", "lines": [{"qty": 1}]},
        {"id": "a", "lines": [{"id": "a", "other": 1}]},
        {"id": "a", "open": {}},
        {"id": "a", "free": 1},
        {"id": "a", "qty": True},
        {"id": "a", "on": 1},
        {"id": "a", "kind": "früh"},
    ],
)
def test_others_are_left_to_the_schema(arguments: dict[str, Any]) -> None:
    assert not plain_arguments(_SCHEMA)(arguments)


@pytest.mark.parametrize(
    "change",
    [
        {"additionalProperties": True},
        {"type": ["object", "null"]},
        {"minProperties": 0},
        {"properties": True},
    ],
)
def test_schemas_of_another_kind_accept_nothing(change: dict[str, Any]) -> None:
    assert not plain_arguments(_SCHEMA | change)({"id": "a"})
