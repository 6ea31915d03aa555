"""What changed in a world: the difference between two states, as data.

`WorldState.diff` makes it; checks, trajectories and the review pages read it.
"""

from enum import StrEnum

from world_builder.frozen import Frozen, Json


class ChangeKind(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class Change(Frozen):
    """One entity before and after."""

    entity_type: str
    id: str
    before: dict[str, Json] | None = None
    """None when the entity was created."""
    after: dict[str, Json] | None = None
    """None when the entity was deleted."""

    @property
    def kind(self) -> ChangeKind:
        if self.before is None:
            return ChangeKind.CREATED
        return ChangeKind.DELETED if self.after is None else ChangeKind.UPDATED

    def changed_fields(self) -> tuple[str, ...]:
        """Names of the fields that differ, sorted."""
        before, after = self.before or {}, self.after or {}
        names = before.keys() | after.keys()
        return tuple(sorted(n for n in names if before.get(n) != after.get(n)))


class StateDiff(Frozen):
    """All changes, sorted by type and id. Entities that ended as they began are left out."""

    changes: tuple[Change, ...] = ()

    def of_kind(self, kind: ChangeKind) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind is kind)


class Patch(Frozen):
    """A start-state edit: the fields to set on an entity, or its removal."""

    entity_type: str
    id: str
    values: dict[str, Json] | None
    """Fields to set (a new entity when the id is new); None removes the entity."""
