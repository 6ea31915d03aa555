"""The dictionary of differences: what differs, how, from what to what, and what it calls for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from exporter.versioning import Bump, Part
from world_builder.frozen import Frozen, Json, Record


class How(StrEnum):
    """How a thing differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REORDERED = "reordered"
    """The same things, in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One place inside a thing that differs."""

    path: str
    """Such as `reference_solution.calls[2].arguments.limit`."""
    how: How
    before: Json = None
    """None where it was not there, or was null."""
    after: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionChange:
    """One criterion of a changed task, matched by its id."""

    id: str
    how: How
    bump: Bump
    text: str
    """What it demands, as it is now; of a removed one as it was."""
    fields: tuple[FieldChange, ...] = ()
    """Of a changed one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """One entity type, entity, tool, surface, policy or task that differs."""

    part: Part
    id: str
    """Its name or id; empty for the order of a whole part."""
    how: How
    bump: Bump
    title: str = ""
    scope: str = ""
    """The entity type of an entity."""
    before: Frozen | Record | None = None
    """As it was; `details` says what differs inside. None when it was not there."""
    after: Frozen | Record | None = None

    @property
    def path(self) -> str:
        """Where it stands in the world, such as `entities.order.ord-001`."""
        return ".".join(filter(None, (self.part.value, self.scope, self.id)))

    @property
    def reason(self) -> str:
        """Why it calls for its bump."""
        return _REASONS.get((self.part, self.bump), "only wording changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What differs inside one changed thing."""

    fields: tuple[FieldChange, ...] = ()
    """Without what `criteria` says."""
    criteria: tuple[CriterionChange, ...] = ()
    """Of a task."""


_REASONS = {
    (Part.WORLD, Bump.MAJOR): "it is another world",
    (Part.WORLD, Bump.MINOR): "rollouts start at another time or seed",
    (Part.ENTITY_TYPES, Bump.MAJOR): "the schema of entities changed",
    (Part.TOOLS, Bump.MAJOR): "what agents can call changed",
    (Part.SURFACES, Bump.MAJOR): "which tools agents see changed",
    (Part.ENTITIES, Bump.MINOR): "what tools find changed",
    (Part.POLICIES, Bump.MINOR): "a policy document came or went",
    (Part.TASKS, Bump.MINOR): "what is asked, scored or solved changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """How much of a part differs."""

    part: Part
    added: int
    removed: int
    changed: int
    """Things in another order count as one change."""
    bump: Bump

    @property
    def total(self) -> int:
        return self.added + self.removed + self.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All that differs from one world to another, by part, weightiest first."""

    items: tuple[ItemChange, ...]

    @property
    def bump(self) -> Bump:
        """What all of it calls for."""
        return max((item.bump for item in self.items), default=Bump.NONE)

    def of(self, part: Part) -> tuple[ItemChange, ...]:
        return tuple(item for item in self.items if item.part is part)

    def only(self, parts: Iterable[Part]) -> "Differences":
        """Those of some parts alone."""
        wanted = frozenset(parts)
        return Differences(items=tuple(i for i in self.items if i.part in wanted))

    def counts(self) -> tuple[PartCount, ...]:
        """The parts in which something differs."""
        return tuple(_count(part, items) for part in Part if (items := self.of(part)))


def _count(part: Part, items: tuple[ItemChange, ...]) -> PartCount:
    added = sum(item.how is How.ADDED for item in items)
    removed = sum(item.how is How.REMOVED for item in items)
    return PartCount(
        part=part,
        added=added,
        removed=removed,
        changed=len(items) - added - removed,
        bump=max(item.bump for item in items),
    )
