"""`find` in expressions: by one field through the index, narrowed by more."""

import pytest

from world_builder.errors import ExpressionError
from world_builder.expressions import compile_expression, names_of
from world_builder.state import WorldState


def ids(state: WorldState, source: str) -> list[str]:
    found: list[str] = compile_expression(f"{source}.map(r, r.id)").evaluate(names_of({}, state))
    return found


def test_further_fields_narrow_what_is_found(state: WorldState) -> None:
    both = ["sa-250914-01", "sa-250915-01"]
    assert ids(state, "find('sale', 'item', 'it-01')") == both
    assert ids(state, "find('sale', 'item', 'it-01', 'status', 'paid')") == both[1:]
    assert ids(state, "find('sale', 'item', 'it-01', 'status', 'paid', 'quantity', 2)") == []


def test_a_field_without_its_value_is_an_error(state: WorldState) -> None:
    with pytest.raises(ExpressionError):
        ids(state, "find('sale', 'item', 'it-01', 'status')")
