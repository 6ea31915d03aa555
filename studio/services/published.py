"""The worlds of published bundles, read once and kept while they are asked for."""

from collections import OrderedDict
from pathlib import Path

from exporter.bundle import Bundle
from exporter.errors import BundleError
from world_builder.world import World

_published: OrderedDict[tuple[str, str], World] = OrderedDict()
_MOST_PUBLISHED = 6


def published_world(path: str, digest: str) -> World:
    """The world of a published bundle. Raises BundleError, also for another digest."""
    if (path, digest) not in _published:
        bundle = Bundle.open(Path(path))
        if bundle.digest != digest:
            raise BundleError(f"{path} now holds digest {bundle.digest}; published was {digest}")
        keep_published(path, digest, bundle.world)
    return _published[path, digest]


def keep_published(path: str, digest: str, world: World) -> None:
    """Spares reading the world of a bundle that was just written."""
    _published[path, digest] = world
    while len(_published) > _MOST_PUBLISHED:
        _published.popitem(last=False)
