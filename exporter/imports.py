"""A bundle from elsewhere: bounded, verified whole, and held against the rules of a world.

Nothing of it is read before every hash agrees with its manifest. What it becomes in a studio is
`studio.services.importing`'s.
"""

from pathlib import Path

from exporter import layout
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.gates import validity
from world_builder.world import World


class WorldOfBundleBroken(BundleError):
    """A bundle is intact, but the world in it has errors; `failures` says which."""


def open_foreign(path: Path) -> Bundle:
    """The verified bundle in a folder or a tar.

    Raises BundleError when it is too large, is not what its manifest says or its world has errors.
    """
    bundle = Bundle.open(path)
    found = validity(bundle.world)
    if not found.is_met:
        told = "\n".join(f"  {f.path}: {f.message}" for f in found.failures[:20])
        raise WorldOfBundleBroken(f"the world in {path.name} has {found.detail}:\n{told}")
    return bundle


def without_solutions(world: World) -> World:
    """The world with the reference solutions of its tasks left out."""
    tasks = tuple(task.model_copy(update={"reference_solution": None}) for task in world.tasks)
    return world.model_copy(update={"tasks": tasks})


def shipped_files(bundle: Bundle, *, with_solutions: bool) -> dict[str, bytes]:
    """The files of a bundle, its solutions only when they are wanted."""
    return {
        name: data
        for name, data in bundle.files().items()
        if with_solutions or not name.startswith(layout.SOLUTIONS)
    }
