"""Whole worlds: list, look up, import. `loading` loads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import Session, col, select

from studio.errors import Conflict, NotFound
from studio.repository.store import STORES
from studio.repository.types import Kind, Payload, Ref
from studio.tables import RevisionRow, WorldRow
from world_builder.tools import ToolSurface
from world_builder.world import World

_PARTS = {"entity_types", "entities", "tools", "policies", "tasks"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSummary:
    """A world in a list, with how much it holds."""

    id: int
    name: str
    title: str
    description: str
    num_entity_types: int
    num_entities: int
    num_tools: int
    num_policies: int
    num_tasks: int
    num_changes: int
    """Revisions since it was imported."""


def list_worlds(session: Session) -> tuple[WorldSummary, ...]:
    """All worlds by title."""
    rows = session.exec(select(WorldRow).order_by(col(WorldRow.title))).all()
    return tuple(_summary(session, row) for row in rows)


def summary(session: Session, name: str) -> WorldSummary:
    """The world of that name with its counts. Raises NotFound."""
    return _summary(session, world_row(session, name))


def world_id(session: Session, name: str) -> int:
    """The database's id of a world. Raises NotFound."""
    return int(world_row(session, name).id or 0)


def import_world(session: Session, world: World) -> int:
    """Stores a new world; its id. Raises Conflict when the name is taken."""
    if session.exec(select(WorldRow.id).where(WorldRow.name == world.name)).first():
        raise Conflict(f"There is a world {world.name!r} already.")
    payload = world.model_dump(mode="json", exclude=_PARTS)
    row = WorldRow(name=world.name, title=world.title, payload=payload)
    session.add(row)
    session.flush()
    key = int(row.id or 0)
    for kind, store in STORES.items():
        store.import_all(session, key, list(_parts_of(world, kind)))
    session.flush()
    return key


def world_clock(session: Session, name: str) -> datetime:
    """The one fixed time of a world, in its zone. Raises NotFound."""
    return datetime.fromisoformat(str(world_row(session, name).payload["now"]))


def world_zone(session: Session, name: str) -> tzinfo:
    """The time zone of a world. Raises NotFound."""
    return world_clock(session, name).tzinfo or UTC


def surfaces(session: Session, name: str) -> tuple[ToolSurface, ...]:
    """The declared tool surfaces of a world. Raises NotFound."""
    declared: Any = world_row(session, name).payload.get("surfaces") or []
    return tuple(ToolSurface.model_validate(item) for item in declared)


def _parts_of(world: World, kind: Kind) -> Iterator[tuple[Ref, Payload]]:
    if kind is Kind.ENTITY:
        for name, records in world.entities.items():
            for record in records:
                yield Ref(kind=kind, key=str(record["id"]), scope=name), record
        return
    named: dict[Kind, tuple[BaseModel, ...]] = {
        Kind.ENTITY_TYPE: world.entity_types, Kind.TOOL: world.tools,
        Kind.POLICY: world.policies, Kind.TASK: world.tasks,
    }  # fmt: skip
    for item in named[kind]:
        payload = item.model_dump(mode="json")
        yield Ref(kind=kind, key=str(payload.get("name") or payload["id"])), payload


def world_row(session: Session, name: str) -> WorldRow:
    """The row of a world, for the rest of this package. Raises NotFound."""
    row = session.exec(select(WorldRow).where(WorldRow.name == name)).first()
    if row is None:
        raise NotFound(f"There is no world {name!r}.")
    return row


def _num_changes(session: Session, key: int) -> int:
    counted = select(func.count()).select_from(RevisionRow).where(RevisionRow.world_id == key)
    return session.exec(counted).one()


def _summary(session: Session, row: WorldRow) -> WorldSummary:
    key = int(row.id or 0)

    def count(kind: Kind) -> int:
        table = STORES[kind].table
        return session.exec(
            select(func.count()).select_from(table).where(table.world_id == key)
        ).one()

    return WorldSummary(
        id=key, name=row.name, title=row.title,
        description=str(row.payload.get("description", "")),
        num_entity_types=count(Kind.ENTITY_TYPE), num_entities=count(Kind.ENTITY),
        num_tools=count(Kind.TOOL), num_policies=count(Kind.POLICY), num_tasks=count(Kind.TASK),
        num_changes=_num_changes(session, key),
    )  # fmt: skip
