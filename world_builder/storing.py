"""Creates and changes entities: what `execution` does of operations that write.

A record is stored when it fits its type and all that it refers to is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from world_builder.entities import EntityType
from world_builder.errors import StateError
from world_builder.frozen import Json, Record
from world_builder.operations import Transition
from world_builder.records import RecordValidator, references_in
from world_builder.refusals import Refusal
from world_builder.state import WorldState
from world_builder.tools import ToolErrorCode


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What operations need to know of the world's declarations."""

    types: dict[str, EntityType]
    validators: dict[str, RecordValidator]
    finders: dict[str, str]
    """By entity type: the tool that searches it, for hints in errors."""
    may_write: bool = True

    def needed(self, state: WorldState, entity_type: str, entity_id: object) -> Record:
        """The entity. Raises Refusal when there is none."""
        record = state.get(entity_type, entity_id) if isinstance(entity_id, str) else None
        if record is None:
            finder = self.finders.get(entity_type)
            hint = f"; look it up with {finder}" if finder else ""
            message = f"no {entity_type} has the id {entity_id!r}{hint}"
            raise Refusal(ToolErrorCode.NOT_FOUND, message)
        return record

    def created(
        self, state: WorldState, entity_type: str, values: Callable[[], dict[str, Json]]
    ) -> dict[str, Json]:
        """A new entity with an id of its own, stored. Raises Refusal or StateError."""
        entity_id = state.new_id(entity_type)
        defaults = self.validators[entity_type].defaults
        record = {"id": entity_id, **defaults, **values()}
        is_valid = self.validators[entity_type].is_valid(record)
        return self._stored(state, entity_type, record, is_valid)

    def changed(
        self, state: WorldState, entity_type: str, before: Record, changes: dict[str, Json]
    ) -> dict[str, Json]:
        """The entity with some fields set, stored. Raises Refusal or StateError."""
        record = {**before, **changes}
        validator = self.validators[entity_type]
        if state.base.records[entity_type].get(str(before["id"])) is before:
            return self._stored(
                state, entity_type, record, validator.is_valid_change(before, changes)
            )
        return self._stored(state, entity_type, record, validator.is_valid(record))

    def _stored(
        self, state: WorldState, entity_type: str, record: dict[str, Json], is_valid: bool
    ) -> dict[str, Json]:
        """Raises Refusal when the record does not fit, StateError when none may be stored."""
        if not self.may_write:
            raise StateError("a read-only tool cannot change the world")
        validator = self.validators[entity_type]
        if not (is_valid and validator.is_linked(record, state.get)):
            errors = validator.errors(record)
            errors += [
                (path, f"no {target} has the id {entity_id!r}")
                for path, target, entity_id in references_in(validator.referring, record)
                if state.get(target, entity_id) is None
            ]
            message = "; ".join(f"{path}: {text}" if path else text for path, text in errors)
            raise Refusal(ToolErrorCode.INVALID_VALUE, f"{entity_type} not stored: {message}")
        state.put(entity_type, record)
        return record


def check_transition(
    transition: Transition, before: Record, changes: dict[str, Json], entity_type: str
) -> None:
    """Raises Refusal when the field may not change so."""
    if transition.field not in changes:
        return
    old, new = before.get(transition.field), changes[transition.field]
    allowed = transition.allowed.get(str(old), ())
    if new not in allowed:
        choice = f"from {old!r} it can become: {', '.join(allowed) or 'nothing'}"
        message = (
            f"{entity_type} {before['id']}: {transition.field} cannot become {new!r}; {choice}"
        )
        raise Refusal(ToolErrorCode.PRECONDITION_FAILED, message)
