"""Revisions of every change: list them, undo one, bring back what was deleted.

Undoing never removes history: it saves the state before as a new revision.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from studio.errors import Conflict, NotFound
from studio.repository import ENTITIES, STORES, Kind, Ref
from studio.repository.types import Listing, Payload
from studio.tables import RevisionRow

_END_OF_IDS = 2**63
"""No database gives an id of this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One change."""

    id: int
    world_id: int
    ref: Ref
    version: int
    before: Payload | None
    """None when it was created."""
    after: Payload | None
    """None when it was deleted."""
    who: str
    at: datetime
    note: str

    @property
    def act(self) -> str:
        """`created`, `changed` or `deleted`."""
        if self.before is None:
            return "created"
        return "deleted" if self.after is None else "changed"

    @property
    def changed_fields(self) -> tuple[str, ...]:
        """The top-level fields that differ, sorted."""
        before, after = self.before or {}, self.after or {}
        names = before.keys() | after.keys()
        return tuple(sorted(n for n in names if before.get(n) != after.get(n)))


def revisions(
    session: Session, world_id: int, ref: Ref | None = None, limit: int = 100
) -> tuple[Revision, ...]:
    """The newest changes of a world, or of one thing, newest first."""
    wanted = select(RevisionRow).where(RevisionRow.world_id == world_id)
    if ref is not None:
        wanted = wanted.where(
            RevisionRow.kind == ref.kind, RevisionRow.scope == ref.scope, RevisionRow.key == ref.key
        )
    rows = session.exec(wanted.order_by(col(RevisionRow.id).desc()).limit(limit))
    return tuple(_revision(row) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """Which changes to list; empty keeps all."""

    kind: str = ""
    scope: str = ""
    key: str = ""
    who: str = ""
    first: int = 0
    """The oldest change to list; 0 for no limit."""
    last: int = 0
    """The newest one; 0 for no limit."""
    page: int = 1
    size: int = 25


def list_revisions(session: Session, world_id: int, query: HistoryQuery) -> Listing[Revision]:
    """One page of the changes that pass the query, newest first."""
    given = {n: getattr(query, n) for n in ("kind", "scope", "key", "who")}
    wanted: list[Any] = [RevisionRow.world_id == world_id]
    wanted += [getattr(RevisionRow, name) == value for name, value in given.items() if value]
    wanted += [col(RevisionRow.id) >= query.first] if query.first else []
    wanted += [col(RevisionRow.id) <= query.last] if query.last else []
    counted = select(func.count()).select_from(RevisionRow).where(*wanted)
    total = session.exec(counted).one()
    number = min(max(1, query.page), max(1, -(-total // query.size)))
    rows = session.exec(
        select(RevisionRow)
        .where(*wanted)
        .order_by(col(RevisionRow.id).desc())
        .limit(query.size)
        .offset((number - 1) * query.size)
    )
    items = tuple(_revision(row) for row in rows)
    return Listing(items=items, total=total, page=number, size=query.size)


def newest_id(session: Session, world_id: int) -> int:
    """The id of a world's newest change; 0 before the first."""
    wanted = select(func.max(RevisionRow.id)).where(RevisionRow.world_id == world_id)
    return session.exec(wanted).one() or 0


def changes_of(
    session: Session, world_id: int, first: int, last: int, note: str
) -> tuple[Revision, ...]:
    """The changes of one act, known by its note, within a range of ids; oldest first."""
    rows = session.exec(
        select(RevisionRow)
        .where(
            RevisionRow.world_id == world_id,
            col(RevisionRow.id).between(first, last),
            RevisionRow.note == note,
        )
        .order_by(col(RevisionRow.id))
    )
    return tuple(_revision(row) for row in rows)


def newest_ids(session: Session, world_id: int, keys: Iterable[str]) -> set[int]:
    """The ids of the newest change of each thing that has one of these keys."""
    row = RevisionRow
    wanted = select(func.max(row.id)).where(row.world_id == world_id, col(row.key).in_(set(keys)))
    return {int(i) for i in session.exec(wanted.group_by(row.kind, row.scope, row.key)) if i}


def record_origin(
    session: Session, world_id: int, name: str, origin: Payload, *, who: str, note: str
) -> None:
    """Writes how a new world came about as the first entry of its history."""
    session.add(
        RevisionRow(
            world_id=world_id,
            kind=Kind.WORLD.value,
            key=name,
            version=1,
            before=None,
            after=dict(origin),
            who=who,
            note=note,
        )
    )
    session.flush()


def get_revision(session: Session, revision_id: int) -> Revision:
    """The revision of that id. Raises NotFound."""
    row = session.get(RevisionRow, revision_id) if 0 < revision_id < _END_OF_IDS else None
    if row is None:
        raise NotFound(f"There is no revision {revision_id}.")
    return _revision(row)


def undo(session: Session, revision_id: int, who: str) -> Revision:
    """Puts back the state before a change; the new revision.

    Raises Conflict when the thing was changed again since.
    """
    change = get_revision(session, revision_id)
    newest = revisions(session, change.world_id, change.ref, limit=1)[0]
    if newest.id != change.id:
        raise Conflict(
            f"{change.ref.key!r} was changed again since; open its history to choose a version."
        )
    return _put(session, change, change.before, who, f"undo of {revision_id}")


def put_back(session: Session, change: Revision, who: str, note: str) -> None:
    """Saves the state before a change anew, whatever there is now."""
    _put(session, change, change.before, who, note)


def restore(session: Session, revision_id: int, who: str) -> Revision:
    """Makes the state after a change (before it, for a deletion) the present one.

    The new revision, or the given one when that is the state already.
    """
    change = get_revision(session, revision_id)
    state = change.before if change.after is None else change.after
    return _put(session, change, state, who, f"restored from {revision_id}")


def _put(
    session: Session, change: Revision, state: Payload | None, who: str, note: str
) -> Revision:
    if change.ref.kind is Kind.WORLD:
        raise Conflict("How a world came about cannot be undone.")
    store, ref = STORES[change.ref.kind], change.ref
    current = store.find(session, change.world_id, ref.key, ref.scope)
    version = None if current is None else current.version
    if state is None:
        new_id: int | None = store.delete(
            session, change.world_id, ref, version=version, who=who, note=note
        )
    else:
        new_id = store.save(
            session, change.world_id, ref, state, version=version, who=who, note=note
        ).revision_id
        if ref.kind is Kind.ENTITY_TYPE:
            ENTITIES.retitle(session, change.world_id, ref.key)
    return change if new_id is None else get_revision(session, new_id)


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        id=int(row.id or 0),
        world_id=row.world_id,
        ref=Ref(kind=Kind(row.kind), key=row.key, scope=row.scope),
        version=row.version,
        before=row.before,
        after=row.after,
        who=row.who,
        at=row.at.replace(tzinfo=UTC),
        note=row.note,
    )
