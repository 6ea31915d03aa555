"""Deprecating a version, and taking that back: said in the studio, the bundle stays as it is."""

from studio.database import Database
from studio.errors import Conflict, Invalid
from studio.repository.bundle_events import EventKind, add_event
from studio.repository.bundles import BundleVersion, get_version
from world_builder.validation import Problem

MAX_REASON = 1_000


def deprecate(db: Database, world: str, version: str, reason: str, *, who: str) -> BundleVersion:
    """Marks a version as one that should not be used. Raises NotFound, Invalid, Conflict."""
    return _say(db, world, version, EventKind.DEPRECATED, reason, who)


def undeprecate(db: Database, world: str, version: str, reason: str, *, who: str) -> BundleVersion:
    """Takes the mark back. Raises NotFound, Invalid, Conflict."""
    return _say(db, world, version, EventKind.UNDEPRECATED, reason, who)


def _say(
    db: Database, world: str, version: str, kind: EventKind, reason: str, who: str
) -> BundleVersion:
    text = reason.strip()
    if not text or len(text) > MAX_REASON:
        message = f"at most {MAX_REASON:,} characters" if text else "a reason is needed"
        hint = "Say what is wrong with it, and what to use instead."
        raise Invalid((Problem(path="reason", message=message, hint=hint),))
    with db.write() as session:
        held = get_version(session, world, version)
        if (held.deprecation is None) is (kind is EventKind.UNDEPRECATED):
            raise Conflict(f"{version} is {'not ' if held.deprecation is None else ''}deprecated.")
        add_event(session, held.id, kind, who=who, reason=text)
        return get_version(session, world, version)
