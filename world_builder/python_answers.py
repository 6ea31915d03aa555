"""What the code of a Python operation may ask for, answered from a state.

Called by `execution`; `python_calls` runs the code and hands its questions on.
"""

from functools import partial

from world_builder.errors import StateError, UnknownName
from world_builder.frozen import Json, Record
from world_builder.python_calls import Answers
from world_builder.state import WorldState
from world_builder.storing import Catalogue


def answers(state: WorldState, catalogue: Catalogue) -> Answers:
    """The answers by what is asked."""
    return {
        "get": state.get,
        "need": partial(catalogue.needed, state),
        "find": partial(_found, state, catalogue),
        "all": state.records,
        "create": partial(_new, state, catalogue),
        "update": partial(_changed, state, catalogue),
    }


def _found(
    state: WorldState, catalogue: Catalogue, entity_type: str, field: str, value: Json
) -> list[Record]:
    declared = catalogue.types.get(entity_type)
    if declared is not None and field != "id" and declared.field(field) is None:
        raise UnknownName(f"a {entity_type} has no field {field!r}")
    return state.find(entity_type, field, value)


def _new(
    state: WorldState, catalogue: Catalogue, entity_type: str, values: dict[str, Json]
) -> Record:
    if "id" in values:
        raise StateError(f"a {entity_type} gets its id from the world: leave it out")
    return catalogue.created(state, entity_type, lambda: values)


def _changed(
    state: WorldState,
    catalogue: Catalogue,
    entity_type: str,
    entity_id: str,
    changes: dict[str, Json],
) -> Record:
    before = catalogue.needed(state, entity_type, entity_id)
    if {**before, **changes}["id"] != entity_id:
        raise StateError(f"the id of a {entity_type} stays as it is")
    return catalogue.changed(state, entity_type, before, changes)
