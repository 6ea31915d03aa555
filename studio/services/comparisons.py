"""Any two states of a world side by side: the draft and its published versions.

Finds them and compares them, and remembers the last comparisons. What a page shows of one is
`comparison_views`.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from exporter.differences import Differences, compare
from studio.errors import NotFound
from studio.repository.bundles import BundleVersion
from studio.services.published import published_world
from world_builder.world import World

DRAFT = "draft"
"""How an address names the draft; no version can be called that."""

_MOST_KEPT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two states of a world and what differs."""

    before: World
    after: World
    differences: Differences


_kept: OrderedDict[tuple[int, int], Compared] = OrderedDict()
_lock = Lock()


def compared(before: World, after: World) -> Compared:
    """What differs between two states; found once for the same two objects."""
    key = (id(before), id(after))
    with _lock:
        known = _kept.get(key)
        if known is not None and known.before is before and known.after is after:
            _kept.move_to_end(key)
            return known
    found = Compared(before=before, after=after, differences=compare(before, after))
    with _lock:
        _kept[key] = found
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return found


def state_of(name: str, draft: World, versions: tuple[BundleVersion, ...]) -> World:
    """The draft or a published version. Raises NotFound; BundleError for a damaged bundle."""
    if name == DRAFT:
        return draft
    for version in versions:
        if version.version == name:
            return published_world(version.path, version.digest)
    raise NotFound(f"There is no published version {name!r} of {draft.name!r}.")
