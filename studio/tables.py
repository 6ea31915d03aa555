"""The rows of the studio's database.

Each declared thing keeps its JSON in `payload`; the other columns are what lists filter and sort
by, derived from it by `repository`. Only `repository` and `history` touch these classes.
"""

from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

Payload = dict[str, JsonValue]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


def utc_now() -> datetime:
    return datetime.now(UTC)


def _json(**options: Any) -> Any:
    return Field(sa_type=JSON(none_as_null=True), **options)  # type: ignore[call-overload]


class Versioned(SQLModel):
    """A row that counts its versions: a save from an old version is refused, not merged."""

    id: int | None = Field(default=None, primary_key=True)
    version: int = 1
    updated_at: datetime = Field(default_factory=utc_now)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - a class directive
        table = getattr(cls, "__table__", None)
        if table is None:
            return {}
        return {"version_id_col": table.c.version, "version_id_generator": False}


class Keyed(Versioned):
    """One declared thing of a world."""

    world_id: int = Field(foreign_key="world.id", ondelete="CASCADE", index=True)
    scope: str = ""
    """The entity type of an entity; empty for other kinds."""
    key: str
    title: str = ""
    position: int = 0
    """The order within the world."""
    is_valid: bool = True
    """False for a draft whose payload does not have the shape of its kind yet."""
    search: str = ""
    """Lower-case text that searches look in."""
    payload: Payload = _json(default_factory=dict)


def _unique(table: str) -> UniqueConstraint:
    return UniqueConstraint("world_id", "scope", "key", name=f"uq_{table}_world_id_scope_key")


class WorldRow(Versioned, table=True):
    """A world: its own fields; what it declares is in the other tables."""

    __tablename__ = "world"

    name: str = Field(unique=True)
    title: str
    payload: Payload = _json(default_factory=dict)
    """The world without its entity types, entities, tools, policies and tasks."""


class EntityTypeRow(Keyed, table=True):
    __tablename__ = "entity_type"
    __table_args__ = (_unique("entity_type"),)


class EntityRow(Keyed, table=True):
    __tablename__ = "entity"
    __table_args__ = (_unique("entity"),)


class ToolRow(Keyed, table=True):
    __tablename__ = "tool"
    __table_args__ = (_unique("tool"),)

    group: str = ""
    is_read_only: bool = True
    operation: str = ""


class PolicyRow(Keyed, table=True):
    __tablename__ = "policy"
    __table_args__ = (_unique("policy"),)


_TASK_FACETS = (
    "category",
    "difficulty",
    "split",
    "status",
    "scenario",
    "is_valid",
    "system_prompt",
)
"""What tasks are counted by: one index holds all of it, so that no payload is read."""


class TaskRow(Keyed, table=True):
    __tablename__ = "task"
    __table_args__ = (
        _unique("task"),
        Index("ix_task_facets", "world_id", *_TASK_FACETS),
    )

    category: str = ""
    difficulty: str = ""
    split: str = ""
    status: str = ""
    scenario: str = ""
    author: str = ""
    num_criteria: int = 0
    num_checks: int = 0
    """Criteria that a check decides."""
    has_reference: bool = False
    system_prompt: str = ""
    tools: str = ""
    """The tools that its reference solution calls, each between spaces: ` get_order refund `."""


class RevisionRow(SQLModel, table=True):
    """One change, never altered: written in the transaction that made the change."""

    __tablename__ = "revision"
    __table_args__ = (Index("ix_revision_resource", "world_id", "kind", "scope", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    world_id: int = Field(foreign_key="world.id", ondelete="CASCADE", index=True)
    kind: str
    scope: str = ""
    key: str
    version: int
    before: Payload | None = _json(default=None)
    """None when it was created."""
    after: Payload | None = _json(default=None)
    """None when it was deleted."""
    who: str
    at: datetime = Field(default_factory=utc_now)
    note: str = ""


class BundleVersionRow(SQLModel, table=True):
    """A published bundle."""

    __tablename__ = "bundle_version"
    __table_args__ = (UniqueConstraint("world_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    world_id: int = Field(foreign_key="world.id", ondelete="CASCADE", index=True)
    name: str
    """The version, such as `1.2.0`."""
    digest: str
    path: str
    num_tasks: int = 0
    report: Payload = _json(default_factory=dict)
    """What the gates said."""
    notes: str = ""
    who: str
    at: datetime = Field(default_factory=utc_now)
    parent: str = ""
    """The version it follows; empty for a first one."""
    parent_digest: str = ""
    bump: str = ""
    bump_reason: str = ""
    first_revision: int | None = None
    """The first change of the world that is new in it; None when none was recorded."""
    last_revision: int | None = None
    """The world's newest change when it was published."""


class BundleEventRow(SQLModel, table=True):
    """Something that happened to a published version, never altered: the bundle stays as it is."""

    __tablename__ = "bundle_event"

    id: int | None = Field(default=None, primary_key=True)
    version_id: int = Field(foreign_key="bundle_version.id", ondelete="CASCADE", index=True)
    kind: str
    """See `repository.bundle_events.EventKind`."""
    reason: str = ""
    first_revision: int | None = None
    last_revision: int | None = None
    """The changes of the world that came of it; None when there are none."""
    payload: Payload = _json(default_factory=dict)
    who: str
    at: datetime = Field(default_factory=utc_now)


class ReviewNoteRow(SQLModel, table=True):
    """What a reviewer learned from one pair of trajectories."""

    __tablename__ = "review_note"
    __table_args__ = (UniqueConstraint("comparison", "task", "rollout", "who"),)

    id: int | None = Field(default=None, primary_key=True)
    comparison: str
    """The two evaluations that are compared, as the review page names them."""
    task: str
    rollout: int = 0
    preference: str = ""
    tags: list[str] = Field(sa_type=JSON, default_factory=list)
    text: str = ""
    who: str
    at: datetime = Field(default_factory=utc_now)
