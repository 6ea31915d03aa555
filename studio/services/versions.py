"""Which version comes next, and what is new in it: the rule of `exporter.versioning` for pages."""

import re
from dataclasses import dataclass

from exporter.differences import PartCount
from exporter.differences.notes import draft_notes
from exporter.errors import BundleError
from exporter.manifest import SEMVER_PATTERN
from exporter.versioning import Bump, bumped
from studio.repository.bundles import BundleVersion
from studio.services.comparisons import compared
from studio.services.published import published_world
from world_builder.world import World

FIRST_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextVersion:
    """What is proposed for the next publication."""

    version: str
    since: str | None
    """The version it is compared with; None for the first one."""
    bump: str
    """`major`, `minor` or `patch`; `none` when nothing changed, empty when it cannot be said."""
    counts: tuple[PartCount, ...] = ()
    """What differs, by part."""
    notes: str = ""
    """A draft of release notes."""
    problem: str = ""
    """Why no comparison was possible; empty when it was."""

    @property
    def is_unchanged(self) -> bool:
        """True when publishing would give the same world again."""
        return self.bump == Bump.NONE.label

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Each bump that there is with the version it gives, the largest first."""
        if self.since is None:
            return ()
        bumps = (Bump.MAJOR, Bump.MINOR, Bump.PATCH)
        return tuple((bump.label, bumped(self.since, bump)) for bump in bumps)


def next_version(last: BundleVersion | None, draft: World) -> NextVersion:
    """The proposal for a draft after the last published version; None is the first publication."""
    if last is None:
        return NextVersion(version=FIRST_VERSION, since=None, bump="")
    known = _proposed.get(last.digest)
    if known is not None and known[0] is draft:
        return known[1]
    found = _compared(last, draft)
    _proposed[last.digest] = (draft, found)
    return found


_proposed: dict[str, tuple[World, NextVersion]] = {}


def _compared(last: BundleVersion, draft: World) -> NextVersion:
    try:
        before = published_world(last.path, last.digest)
    except BundleError as error:
        next_minor = bumped(last.version, Bump.MINOR)
        return NextVersion(version=next_minor, since=last.version, bump="", problem=str(error))
    found = compared(before, draft).differences
    return NextVersion(
        version=bumped(last.version, found.bump),
        since=last.version,
        bump=found.bump.label,
        counts=found.counts(),
        notes=draft_notes(found),
    )


def is_version(text: str) -> bool:
    return re.fullmatch(SEMVER_PATTERN, text) is not None


def precedence(version: str) -> tuple[tuple[int, ...], tuple[tuple[bool, int, str], ...]]:
    """A key that sorts semantic versions: `1.0.0-rc.1` before `1.0.0` before `1.0.1`.

    >>> precedence("1.0.0-rc.2") < precedence("1.0.0-rc.10") < precedence("1.0.0")
    True

    Source: semver.org 2.0.0, section 11.
    """
    core, _, pre = version.partition("-")
    parts = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in pre.split(".")
    )
    released = ((True, 0, "~"),)
    return tuple(int(part) for part in core.split(".")), parts if pre else released
