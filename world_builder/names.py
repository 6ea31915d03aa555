"""What an expression can see: names with values, functions, and the entities of a state.

`expressions` and `programs` evaluate over it; it evaluates nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from world_builder.cel_functions import FUNCTIONS
from world_builder.frozen import Json, Record


class Entities(Protocol):
    """What expressions may ask of a state."""

    def get(self, entity_type: str, entity_id: str) -> Record | None: ...

    def find(self, entity_type: str, field_name: str, value: Json) -> list[Record]: ...


class Names:
    """What an expression can see: values by name, functions, the entities of a state."""

    __slots__ = ("_functions", "entities", "values")

    def __init__(
        self,
        values: dict[str, Any],
        entities: Entities | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """No entities: no state. No functions: all that these entities allow, once asked for."""
        self.values = values
        self.entities = entities
        self._functions = functions

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        if self._functions is None:
            self._functions = _functions_over(self.entities)
        return self._functions

    def copied(self) -> "Names":
        """The same names, with values of its own that may be added to."""
        return Names({**self.values}, self.entities, self._functions)

    def with_value(self, name: str, value: object) -> "Names":
        """The same names and one more."""
        return Names({**self.values, name: value}, self.entities, self._functions)


def names_of(values: dict[str, Any], entities: Entities | None = None) -> Names:
    """Names over a state, with all functions."""
    return Names(values, entities)


def _functions_over(entities: Entities | None) -> Mapping[str, Callable[..., Any]]:
    if entities is None:
        return FUNCTIONS
    return {**FUNCTIONS, "lookup": entities.get, "find": _finder(entities)}


def _finder(entities: Entities) -> Callable[..., list[Record]]:
    def find(entity_type: str, field_name: str, value: Json, *more: Any) -> list[Record]:
        found = entities.find(entity_type, field_name, value)
        if not more:
            return found
        pairs = list(zip(more[::2], more[1::2], strict=True))
        return [r for r in found if all(r.get(name) == wanted for name, wanted in pairs)]

    return find
