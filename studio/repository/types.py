"""What the repository takes and gives: references, stored things, queries and pages of rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from world_builder.frozen import Json

T = TypeVar("T")

Payload = Mapping[str, Json]


class Kind(StrEnum):
    """The kinds of thing that have a history."""

    ENTITY_TYPE = "entity_type"
    ENTITY = "entity"
    TOOL = "tool"
    POLICY = "policy"
    TASK = "task"
    WORLD = "world"
    """The world as a whole: how it came about. No store keeps it, and it is never undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Names one thing of a world."""

    kind: Kind
    key: str
    scope: str = ""
    """The entity type of an entity; empty for other kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Generic[T]):
    """One thing as it is stored."""

    ref: Ref
    title: str
    version: int
    updated_at: datetime
    payload: Payload
    value: T | None
    """None for a draft whose payload does not have its kind's shape yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved(Generic[T]):
    """What a save left behind."""

    item: Stored[T]
    revision_id: int | None
    """The change's revision, for undo; None when nothing differed."""
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which rows of a list, in which order."""

    q: str = ""
    """Every word must occur, any case."""
    sort: str = ""
    """A column or, for entities, a field; `-name` sorts downward; empty keeps the world's order."""
    page: int = 1
    size: int = 50
    filters: Mapping[str, str] = field(default_factory=dict)
    """Values that columns (or fields of entities) must have; empty values are ignored.

    A truth is `true` or `false`, a number its text.
    """
    holding: Mapping[str, str] = field(default_factory=dict)
    """A name that a column of names, such as `tools`, must hold; empty values are ignored."""
    keys: frozenset[str] | None = None
    """Only these; None keeps all."""
    numbers: frozenset[str] = frozenset()
    """Fields of entities that hold numbers and are sorted as such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    total: int
    page: int
    size: int

    @property
    def first(self) -> int:
        """The number of the first row shown, from 1; 0 when there is none."""
        return (self.page - 1) * self.size + 1 if self.items else 0

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1 if self.items else 0

    @property
    def previous(self) -> int | None:
        return self.page - 1 if self.page > 1 else None

    @property
    def next(self) -> int | None:
        return self.page + 1 if self.page * self.size < self.total else None
