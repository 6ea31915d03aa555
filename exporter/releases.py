"""What is said of a version when it is published: notes, what it follows, why it goes up by less.

The manifest carries it, so it is part of the digest. The rule of bumps is `versioning`'s.
"""

from exporter.bundle import Bundle
from exporter.errors import ExporterError
from exporter.manifest import ParentVersion, Release
from exporter.versioning import Bump, bump_between, propose
from world_builder.world import World


class BumpTooSmall(ExporterError):
    """A version goes up by less than its changes call for, and nobody said why."""


def release_after(
    parent: Bundle, world: World, version: str, *, notes: str = "", bump_reason: str = ""
) -> Release:
    """What a version of a world says that follows a published bundle.

    Raises BumpTooSmall when it goes up by less than the changes call for without a reason.
    """
    proposed = propose(parent.world, world).bump
    is_small = is_smaller(parent.version, version, proposed)
    if is_small and not bump_reason.strip():
        raise BumpTooSmall(
            f"the changes since {parent.version} are {proposed.label}, and {version} goes up by "
            "less; choose a later version, or say why (bump reason), which the manifest will carry"
        )
    return Release(
        notes=clean(notes),
        parent=ParentVersion(version=parent.version, digest=parent.digest),
        bump_reason=clean(bump_reason) if is_small else "",
    )


def is_smaller(before: str, after: str, proposed: Bump) -> bool:
    """True when a version goes up by less than what is proposed. After a pre-release nothing does.

    >>> is_smaller("1.2.0", "1.2.1", Bump.MINOR), is_smaller("1.2.0-rc.1", "1.2.0", Bump.MINOR)
    (True, False)
    """
    return "-" not in before and bump_between(before, after) < proposed


def clean(text: str) -> str:
    """A text as it is kept: plain line feeds, nothing before and after."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
