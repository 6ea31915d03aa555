"""What happened to published versions after they were published: an append-only list.

The bundles themselves never change. The newest event that deprecates or undeprecates a version says
how it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from studio.errors import NotFound
from studio.repository.types import Payload
from studio.tables import BundleEventRow


class EventKind(StrEnum):
    DEPRECATED = "deprecated"
    UNDEPRECATED = "undeprecated"
    RESTORED = "restored"
    """It became the draft."""
    RESTORE_UNDONE = "restore_undone"
    IMPORTED = "imported"
    """It came from another studio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleEvent:
    """One thing that happened to a version."""

    id: int
    version_id: int
    kind: EventKind
    reason: str
    first_revision: int | None
    """The first of the world's changes that came of it; None when there are none."""
    last_revision: int | None
    payload: Payload
    who: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """Why a version should not be used any more."""

    reason: str
    who: str
    at: datetime


def add_event(
    session: Session, version_id: int, kind: EventKind, *, who: str, reason: str = "",
    first_revision: int | None = None, last_revision: int | None = None,
    payload: Payload | None = None,
) -> BundleEvent:  # fmt: skip
    """Records what happened."""
    row = BundleEventRow(
        version_id=version_id, kind=kind.value, reason=reason, who=who,
        first_revision=first_revision, last_revision=last_revision, payload=dict(payload or {}),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return _event(row)


def list_events(session: Session, version_id: int) -> tuple[BundleEvent, ...]:
    """What happened to a version, newest first."""
    rows = session.exec(
        select(BundleEventRow)
        .where(BundleEventRow.version_id == version_id)
        .order_by(col(BundleEventRow.id).desc())
    )
    return tuple(_event(row) for row in rows)


def get_event(session: Session, version_id: int, event_id: int) -> BundleEvent:
    """The event of a version. Raises NotFound."""
    row = session.get(BundleEventRow, event_id) if 0 < event_id < 2**63 else None
    if row is None or row.version_id != version_id:
        raise NotFound(f"Nothing with number {event_id} happened to this version.")
    return _event(row)


def deprecations(session: Session, version_ids: Sequence[int]) -> dict[int, Deprecation]:
    """The deprecated ones of some versions, with the reason."""
    rows = session.exec(
        select(BundleEventRow)
        .where(
            col(BundleEventRow.version_id).in_(version_ids),
            col(BundleEventRow.kind).in_([EventKind.DEPRECATED, EventKind.UNDEPRECATED]),
        )
        .order_by(col(BundleEventRow.id))
    )
    newest = {row.version_id: row for row in rows}
    return {
        key: Deprecation(reason=row.reason, who=row.who, at=row.at.replace(tzinfo=UTC))
        for key, row in newest.items()
        if row.kind == EventKind.DEPRECATED
    }


def _event(row: BundleEventRow) -> BundleEvent:
    return BundleEvent(
        id=int(row.id or 0),
        version_id=row.version_id,
        kind=EventKind(row.kind),
        reason=row.reason,
        first_revision=row.first_revision,
        last_revision=row.last_revision,
        payload=row.payload,
        who=row.who,
        at=row.at.replace(tzinfo=UTC),
    )
