"""A bundle from elsewhere: bounded, verified whole, and held against the rules of a world.

Nothing of it is read before every hash agrees with its manifest. What it becomes in a studio is
`studio.services.importing`'s.
"""

import tarfile
from pathlib import Path
from typing import Final

from exporter import layout
from exporter.bundle import Bundle
from exporter.errors import ArchiveError, BundleError
from exporter.gates import validity
from world_builder.world import World

MOST_BYTES: Final = 512 * 2**20
"""Of all files of a bundle, unpacked."""
MOST_FILES: Final = 50_000


class WorldOfBundleBroken(BundleError):
    """A bundle is intact, but the world in it has errors; `failures` says which."""


def open_foreign(path: Path) -> Bundle:
    """The verified bundle in a folder or a tar.

    Raises ArchiveError when it is too large or no tar, BundleError when it is not what its manifest
    says or its world has errors.
    """
    if path.is_file():
        check_bounds(path)
    bundle = Bundle.open(path)
    found = validity(bundle.world)
    if not found.is_met:
        told = "\n".join(f"  {f.path}: {f.message}" for f in found.failures[:20])
        raise WorldOfBundleBroken(f"the world in {path.name} has {found.detail}:\n{told}")
    return bundle


def check_bounds(path: Path) -> None:
    """Raises ArchiveError for a tar that unpacks to more than a bundle ever holds."""
    num_bytes = num_files = 0
    try:
        with tarfile.open(path, mode="r:*") as tar:
            for member in tar:
                num_bytes, num_files = num_bytes + member.size, num_files + 1
                if num_bytes > MOST_BYTES or num_files > MOST_FILES:
                    raise ArchiveError(
                        f"{path.name} unpacks to more than {MOST_BYTES // 2**20} MiB or "
                        f"{MOST_FILES:,} files; no bundle is that large"
                    )
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(f"{path.name} cannot be read as a tar archive: {error}") from error


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
