"""Making a published version the draft again, through the history: every thing that differs is
saved as a change of its own, so nothing is lost and all of it can be undone at once.

The world's own title, clock and seed are no part of the history and stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlmodel import Session

from studio.database import Database
from studio.errors import Conflict
from studio.history import changes_of, newest_id, newest_ids, put_back
from studio.repository import STORES, Kind
from studio.repository.bundle_events import BundleEvent, EventKind, add_event, list_events
from studio.repository.bundles import BundleVersion, get_version
from studio.repository.ordering import order_of, set_order
from studio.repository.worlds import world_id
from studio.services.published import published_world
from world_builder.frozen import Frozen
from world_builder.world import World

_Place: TypeAlias = tuple[str, str]
"""Scope and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a restoration."""

    num_changes: int
    event: BundleEvent | None
    """None when the draft was the same already."""


def restore_version(db: Database, world: str, version: str, *, who: str) -> Restored:
    """Makes a published version the draft. Raises NotFound, BundleError for a damaged bundle."""
    with db.read() as session:
        held = get_version(session, world, version)
    target = published_world(held.path, held.digest)
    with db.write() as session:
        return _restored(session, world, held, target, who)


def undo_restoration(db: Database, world: str, version: str, event_id: int, *, who: str) -> int:
    """Puts back the draft as it was before a restoration; how many things that changed.

    Raises NotFound; Conflict when something of it was changed again since, or it was undone.
    """
    with db.write() as session:
        held = get_version(session, world, version)
        event = undoable(session, world, held, event_id)
        key = world_id(session, world)
        changes = changes_of(
            session, key, event.first_revision or 0, event.last_revision or 0, note_of(held)
        )
        before = newest_id(session, key)
        note = f"undo of restoring {held.version}"
        for change in reversed(changes):
            put_back(session, change, who, note)
        for kind, order in event.payload.items():
            set_order(session, world, Kind(kind), order)  # type: ignore[arg-type]
        add_event(
            session, held.id, EventKind.RESTORE_UNDONE, who=who, first_revision=before + 1,
            last_revision=newest_id(session, key),
        )  # fmt: skip
        return len(changes)


def undoable(session: Session, world: str, version: BundleVersion, event_id: int) -> BundleEvent:
    """The restoration of that number. Raises NotFound; Conflict when it cannot be undone."""
    events = list_events(session, version.id)
    event = next((e for e in events if e.id == event_id and e.kind is EventKind.RESTORED), None)
    if event is None:
        raise Conflict("There is no such restoration.")
    if any(e.kind is EventKind.RESTORE_UNDONE and e.id > event.id for e in events):
        raise Conflict("It was undone already.")
    key = world_id(session, world)
    changes = changes_of(
        session, key, event.first_revision or 0, event.last_revision or 0, note_of(version)
    )
    newest = newest_ids(session, key, (change.ref.key for change in changes))
    since = [change.ref.key for change in changes if change.id not in newest]
    if since:
        named = ", ".join(since[:3]) + (f" and {len(since) - 3} more" if len(since) > 3 else "")
        raise Conflict(f"Changed again since: {named}. Undo single changes in the history instead.")
    return event


def note_of(version: BundleVersion) -> str:
    """How the history names the changes of a restoration."""
    return f"restored {version.version}"


def _restored(
    session: Session, world: str, version: BundleVersion, target: World, who: str
) -> Restored:
    key = world_id(session, world)
    before = newest_id(session, key)
    orders: dict[str, list[tuple[str, str]]] = {}
    for kind in STORES:
        old = order_of(session, key, kind)
        things = _things(target, kind)
        _put_all(session, key, kind, things, who, note_of(version))
        wanted = list(things)
        if order_of(session, key, kind) != sorted(wanted, key=lambda place: place[0]):
            set_order(session, world, kind, wanted)
            orders[kind.value] = old
    after = newest_id(session, key)
    if after == before and not orders:
        return Restored(num_changes=0, event=None)
    event = add_event(
        session, version.id, EventKind.RESTORED, who=who, first_revision=before + 1,
        last_revision=after, payload={kind: [list(p) for p in o] for kind, o in orders.items()},
    )  # fmt: skip
    changes = changes_of(session, key, before + 1, after, note_of(version))
    return Restored(num_changes=len(changes), event=event)


def _put_all(
    session: Session, key: int, kind: Kind, things: Mapping[_Place, Any], who: str, note: str
) -> None:
    """Saves what is not stored as it is wanted, and deletes what is not wanted."""
    store = STORES[kind]
    stored = {(item.ref.scope, item.ref.key): item for item in store.all(session, key)}
    for (scope, name), thing in things.items():
        item = stored.get((scope, name))
        if item is not None and item.value == thing:
            continue
        payload = thing.model_dump(mode="json") if isinstance(thing, Frozen) else thing
        version = None if item is None else item.version
        ref = store.ref(name, scope)
        store.save(session, key, ref, payload, version=version, who=who, note=note)
        if kind is Kind.ENTITY_TYPE:
            STORES[Kind.ENTITY].retitle(session, key, name)
    for place, item in stored.items():
        if place not in things:
            store.delete(session, key, item.ref, version=item.version, who=who, note=note)


def _things(world: World, kind: Kind) -> dict[_Place, Any]:
    """Everything of a kind by its scope and key, in the world's order."""
    match kind:
        case Kind.ENTITY:
            return {
                (scope, str(record["id"])): record
                for scope, records in world.entities.items()
                for record in records
            }
        case Kind.TASK:
            return {("", task.id): task for task in world.tasks}
        case Kind.ENTITY_TYPE:
            return {("", declared.name): declared for declared in world.entity_types}
        case Kind.TOOL:
            return {("", tool.name): tool for tool in world.tools}
        case Kind.POLICY:
            return {("", policy.name): policy for policy in world.policies}
        case Kind.WORLD:
            return {}
