"""Bundles from another studio: kept aside and verified first, then a world with its own history.

The first entry of that history names the bundle's digest. Under the name that the bundle gives it
the bundle itself is kept as a published version, so that its digest goes on counting here.
"""

import re
import shutil
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from exporter.bundle import Bundle
from exporter.errors import ExporterError
from exporter.imports import open_foreign, without_solutions
from exporter.manifest import SHA256_PATTERN, Release
from exporter.signing import signature_path
from exporter.writer import keep
from studio.database import Database
from studio.errors import Conflict, Invalid, NotFound, StudioError
from studio.history import record_origin
from studio.repository.bundle_events import EventKind, add_event
from studio.repository.bundles import Lineage, add_version
from studio.repository.worlds import import_world, list_worlds
from world_builder.frozen import Json
from world_builder.ids import SLUG_PATTERN
from world_builder.validation import Problem
from world_builder.world import World

RESERVED = frozenset({"import"})
"""Names that addresses of the studio need."""
MOST_SIGNATURE = 4_096
"""Bytes of a signature's file."""
KEPT_S = 24 * 3600
"""How long a bundle waits for somebody to say what becomes of it."""


class NotABundle(StudioError):
    """What was sent is no bundle that can be trusted; nothing was kept."""

    status = 422
    title = "Not imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import left behind."""

    world: str
    digest: str
    version: str | None
    """The published version that the bundle became; None when the world got another name."""
    num_tasks: int
    has_solutions: bool

    @property
    def url(self) -> str:
        return f"/worlds/{self.world}"


def verified(path: Path) -> Bundle:
    """The bundle in a folder or a tar. Raises NotABundle."""
    try:
        return open_foreign(path)
    except ExporterError as error:
        raise NotABundle(str(error).replace(str(path), path.name)) from error
    except RecursionError as error:
        raise NotABundle(f"{path.name} is nested too deeply to be a bundle") from error


def keep_aside(folder: Path, path: Path, signature: Path | None = None) -> Bundle:
    """Verifies what was sent and keeps it until it is imported, its signature too.

    Raises NotABundle.
    """
    _clean(folder)
    bundle = verified(path)
    place = folder / bundle.digest
    try:
        kept = Bundle.open(keep(bundle, place))
        if bundle.has_solutions and not kept.has_solutions:
            shutil.rmtree(place)
            kept = Bundle.open(keep(bundle, place))
    except ExporterError as error:
        raise NotABundle(str(error).replace(str(path), path.name)) from error
    _copy_signature(signature, kept.path)
    _hold(kept.path, kept)
    return kept


_held: OrderedDict[Path, Bundle] = OrderedDict()
_MOST_HELD = 2


def _hold(path: Path, bundle: Bundle) -> None:
    """Keeps a verified bundle with its bytes while somebody looks at it."""
    _held[path] = bundle
    while len(_held) > _MOST_HELD:
        _held.popitem(last=False)


def waiting(folder: Path, digest: str) -> Bundle:
    """The bundle that was kept aside. Raises NotFound."""
    place = folder / digest
    if re.fullmatch(SHA256_PATTERN, digest) and place.is_dir():
        for path in (each for each in place.iterdir() if each.is_dir()):
            if path not in _held:
                _hold(path, verified(path))
            return _held[path]
    raise NotFound("There is no such bundle waiting; choose its file again.")


def forget(folder: Path, digest: str) -> None:
    """Removes what was kept aside."""
    if re.fullmatch(SHA256_PATTERN, digest):
        for path in [path for path in _held if path.parent == folder / digest]:
            del _held[path]
        shutil.rmtree(folder / digest, ignore_errors=True)


def name_problems(db: Database, name: str) -> tuple[Problem, ...]:
    """What keeps a world from being imported under a name."""
    if not re.fullmatch(SLUG_PATTERN, name):
        hint = "Lower case, digits, - and _, beginning with a letter."
        return (Problem(path="name", message=f"{name!r} is no name", hint=hint),)
    with db.read() as session:
        taken = {world.name for world in list_worlds(session)} | RESERVED
    if name not in taken:
        return ()
    number = next(n for n in range(2, len(taken) + 3) if f"{name[:60]}-{n}" not in taken)
    hint = f"Give it another one, such as {name[:60]}-{number}."
    message = "this name is kept free" if name in RESERVED else f"there is a world {name!r} already"
    return (Problem(path="name", message=message, hint=hint),)


def import_bundle(
    db: Database, bundles: Path, bundle: Bundle, *, name: str = "", with_solutions: bool = True,
    who: str,
) -> Imported:  # fmt: skip
    """Makes a verified bundle a world. Raises Invalid for a name, Conflict for a taken version."""
    chosen = name or bundle.name
    if problems := name_problems(db, chosen):
        raise Invalid(problems)
    world = bundle.world if with_solutions else without_solutions(bundle.world)
    is_same = chosen == bundle.name
    path = _kept(bundles, bundle, with_solutions) if is_same else None
    if path is not None:
        _copy_signature(signature_path(bundle.path), path)
    with db.write() as session:
        key = import_world(session, world.model_copy(update={"name": chosen}))
        note = f"imported from {bundle.name} {bundle.version}, digest {bundle.digest}"
        record_origin(session, key, chosen, _origin(bundle, world), who=who, note=note)
        if path is not None:
            _add_version(session, bundle, path, world, who)
    return Imported(
        world=chosen, digest=bundle.digest, version=bundle.version if is_same else None,
        num_tasks=len(world.tasks), has_solutions=with_solutions and bundle.has_solutions,
    )  # fmt: skip


def _copy_signature(signature: Path | None, bundle: Path) -> None:
    """Lays a signature beside a bundle; an empty one, or one larger than any is, is left."""
    if signature is None or not signature.is_file():
        return
    if 0 < signature.stat().st_size <= MOST_SIGNATURE:
        shutil.copyfile(signature, signature_path(bundle))


def _kept(bundles: Path, bundle: Bundle, with_solutions: bool) -> Path:
    try:
        return keep(bundle, bundles, with_solutions=with_solutions)
    except ExporterError as error:
        raise Conflict(str(error)) from error


def _add_version(session: Session, bundle: Bundle, path: Path, world: World, who: str) -> None:
    release = bundle.manifest.release or Release()
    parent = release.parent
    version = add_version(
        session, bundle.name, bundle.version, digest=bundle.digest,
        path=str(path.resolve()), num_tasks=len(world.tasks), report=bundle.manifest.gates,
        notes=release.notes, who=who,
        lineage=Lineage(
            parent="" if parent is None else parent.version,
            parent_digest="" if parent is None else parent.digest,
            bump_reason=release.bump_reason,
        ),
    )  # fmt: skip
    add_event(session, version.id, EventKind.IMPORTED, who=who)


def _origin(bundle: Bundle, world: World) -> dict[str, Json]:
    """What the history says of where the world comes from."""
    return {
        "bundle": f"{bundle.name}-{bundle.version}",
        "digest": bundle.digest,
        "world_digest": bundle.manifest.world_digest,
        "num_tasks": len(world.tasks),
        "num_entities": world.num_entities,
        "has_solutions": any(task.reference_solution is not None for task in world.tasks),
    }


def _clean(folder: Path) -> None:
    """Removes what nobody asked for within a day."""
    oldest = time.time() - KEPT_S
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.stat().st_mtime < oldest:
            shutil.rmtree(place, ignore_errors=True)
