"""The shipped worlds by name, each built by its own package.

A world's package is imported only when it is asked for. What a world holds is its package's matter.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from world_builder.errors import UnknownName
from world_builder.world import World

_PACKAGES: Mapping[str, str] = {
    "tutorial": "world_builder.worlds.tutorial",
    "corecraft": "world_builder.worlds.corecraft",
    "clinic": "world_builder.worlds.clinic",
}

WORLD_NAMES: tuple[str, ...] = tuple(_PACKAGES)
"""The worlds that `build_world` knows."""


def build_world(name: str, seed: int | None = None) -> World:
    """The world of that name; the same seed always gives the same world.

    `seed` None gives the shipped world, another seed a sibling: other data, the same tools and
    scenarios. Raises UnknownName.
    """
    module = import_module(_package(name))
    build = cast(Callable[[int], World], module.build)
    return build(module.DEFAULT_SEED if seed is None else seed)


def violations(name: str, world: World) -> tuple[str, ...] | None:
    """What breaks the story that the shipped world of that name tells; empty for none.

    `world` is that world or a sibling of it, and valid. None when the package states no invariants.
    Raises UnknownName.
    """
    checker = f"{_package(name)}.consistency"
    if find_spec(checker) is None:
        return None
    check = cast(Callable[[World], tuple[str, ...]], import_module(checker).violations)
    return tuple(check(world))


def _package(name: str) -> str:
    package = _PACKAGES.get(name)
    if package is None:
        raise UnknownName(f"no shipped world {name!r}; there are: {', '.join(WORLD_NAMES)}")
    return package
