"""Loads whole worlds, and again only what has changed since.

Pages may ask for a world on every request: as long as nothing changes the same object comes back,
and after a save only the rows with another version are read and parsed. Not for sessions that have
written: what is kept here must be what is committed.
"""

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

from sqlalchemy import func
from sqlmodel import Session, col, select

from studio.repository.store import STORES
from studio.repository.types import Kind
from studio.repository.worlds import world_row
from studio.tables import RevisionRow, WorldRow
from world_builder.frozen import Record
from world_builder.world import World

_Key: TypeAlias = tuple[str, str]
"""Scope and key of a row."""

_CORE = (Kind.ENTITY_TYPE, Kind.ENTITY, Kind.TOOL, Kind.POLICY)
_FEW = 200
"""Up to so many changed rows are asked for by name; for more, all are read."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The things of one kind as they were last read."""

    num_changes: int
    versions: Mapping[_Key, int]
    values: Mapping[_Key, Any]
    """In the world's order; None for a draft without the shape of its kind."""
    made: Any
    """What the world holds of them."""


@dataclass(slots=True)
class _Kept:
    """A world as it was last loaded, or as much of it as was asked for."""

    row_version: int
    parts: dict[Kind, _Part]
    core: World
    world: World | None = None


_kept: dict[tuple[str, int], _Kept] = {}
_locks: dict[tuple[str, int], Lock] = {}


def load_world(session: Session, name: str) -> World:
    """The world as stored now; drafts without the shape of their kind are left out.

    The same object until something changes. Raises NotFound.
    """
    row, place = _place(session, name)
    with _locks[place]:
        kept = _refreshed(session, row, place)
        tasks = _part(session, row, Kind.TASK, kept.parts)
        if kept.world is None or tasks is not kept.parts.get(Kind.TASK):
            kept.parts[Kind.TASK] = tasks
            kept.world = kept.core.model_copy(update={"tasks": tasks.made})
        return kept.world


def load_core(session: Session, name: str) -> World:
    """The world without its tasks; the same object until anything else changes.

    Raises NotFound.
    """
    row, place = _place(session, name)
    with _locks[place]:
        return _refreshed(session, row, place).core


def _place(session: Session, name: str) -> tuple[WorldRow, tuple[str, int]]:
    row = world_row(session, name)
    place = (str(session.get_bind().engine.url), int(row.id or 0))
    _locks.setdefault(place, Lock())
    return row, place


def _refreshed(session: Session, row: WorldRow, place: tuple[str, int]) -> _Kept:
    """What is kept of a world, its core as it is now."""
    kept = _kept.get(place)
    if kept is None or kept.row_version != row.version:
        kept = _kept[place] = _Kept(row_version=row.version, parts={}, core=_bare(row))
        parts = {kind: _part(session, row, kind, {}) for kind in _CORE}
        _leave_to_refcounts()
    else:
        parts = {kind: _part(session, row, kind, kept.parts) for kind in _CORE}
    if any(part is not kept.parts.get(kind) for kind, part in parts.items()):
        kept.parts |= parts
        kept.core = _assembled(kept.core, parts)
        kept.world = None
    return kept


def _bare(row: WorldRow) -> World:
    empty: dict[str, Any] = dict.fromkeys(("entity_types", "tools", "policies", "tasks"), ())
    return World.model_validate(row.payload | empty | {"entities": {}})


def _assembled(core: World, parts: Mapping[Kind, _Part]) -> World:
    types = parts[Kind.ENTITY_TYPE].made
    records: dict[str, tuple[Record, ...]] = parts[Kind.ENTITY].made
    named = {entity_type.name: () for entity_type in types}
    return core.model_copy(
        update={
            "entity_types": types, "entities": named | records,
            "tools": parts[Kind.TOOL].made, "policies": parts[Kind.POLICY].made,
        }
    )  # fmt: skip


def _part(session: Session, row: WorldRow, kind: Kind, known: Mapping[Kind, _Part]) -> _Part:
    """The things of a kind as they are now; the known part when none has changed."""
    key, before = int(row.id or 0), known.get(kind)
    changes = _num_changes(session, key, kind)
    if before is not None and before.num_changes == changes:
        return before
    versions = _versions(session, key, kind)
    old = {} if before is None else before.versions
    changed = [place for place, version in versions.items() if old.get(place) != version]
    fresh = dict(_read(session, key, kind, changed))
    kept = {} if before is None else before.values
    values = {place: fresh[place] if place in fresh else kept[place] for place in versions}
    part = _Part(changes, versions, values, _made(kind, values))
    if before is None and kind is Kind.TASK:
        _leave_to_refcounts()
    return part


def _num_changes(session: Session, key: int, kind: Kind) -> int:
    wanted = select(func.count()).select_from(RevisionRow)
    return session.exec(
        wanted.where(RevisionRow.world_id == key, RevisionRow.kind == kind.value)
    ).one()


def _versions(session: Session, key: int, kind: Kind) -> dict[_Key, int]:
    table = STORES[kind].table
    rows = session.exec(
        select(table.scope, table.key, table.version)
        .where(table.world_id == key)
        .order_by(table.scope, table.position, table.id)
    )
    return {(scope, name): version for scope, name, version in rows}


def _read(session: Session, key: int, kind: Kind, wanted: list[_Key]) -> Iterator[tuple[_Key, Any]]:
    store = STORES[kind]
    table = store.table
    asked = select(table.scope, table.key, table.payload, table.is_valid)
    asked = asked.where(table.world_id == key)
    if len(wanted) <= _FEW:
        asked = asked.where(col(table.key).in_({name for _, name in wanted}))
    for scope, name, payload, is_valid in session.exec(asked):
        yield (scope, name), store.parsed(payload) if is_valid else None


def _made(kind: Kind, values: Mapping[_Key, Any]) -> Any:
    if kind is not Kind.ENTITY:
        return tuple(value for value in values.values() if value is not None)
    records: dict[str, list[Record]] = {}
    for (scope, _), record in values.items():
        records.setdefault(scope, []).append(record)
    return {scope: tuple(items) for scope, items in records.items()}


def _leave_to_refcounts() -> None:
    """Keeps the cyclic garbage collector from walking a loaded world again and again.

    A walk over a large world takes half a second, in which no request is answered. What is
    loaded here holds no cycles: it goes when nothing refers to it any more.
    """
    gc.collect()
    gc.freeze()
