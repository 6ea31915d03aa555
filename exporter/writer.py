"""The write side of a bundle: a world becomes a folder that never changes again.

After `gates`, before everything that trains or serves. The folder appears whole or not at all, and
a version that exists is never replaced by another one.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from exporter import layout
from exporter.archive import write_tar
from exporter.bundle import Bundle
from exporter.contents import Contents, complete, contents_of
from exporter.encoding import pretty_model
from exporter.errors import BundleError, ExporterError, VersionTaken
from exporter.gates import run_gates
from exporter.imports import shipped_files
from exporter.manifest import (
    SEMVER_PATTERN,
    Counts,
    GateReport,
    Manifest,
    PinnedJudge,
    Release,
    Splits,
)
from world_builder.ids import content_hash
from world_builder.tasks import Split
from world_builder.world import World

_CHECKS_ONLY = PinnedJudge()
_FOLDER_MODE = 0o755
_FILE_MODE = 0o644


class GatesShut(ExporterError):
    """A world was not published because gates are shut; `report` says which and why."""

    def __init__(self, report: GateReport) -> None:
        self.report = report
        shut = report.shut()
        failures = [failure for gate in shut for failure in gate.failures]
        lines = [f"  {f.path}: {f.message}" + (f" ({f.hint})" if f.hint else "") for f in failures]
        way = (
            "Mend these; no reason overrides errors of the world itself"
            if report.must_mend()
            else "Mend these, or publish with a reason (override_reason), which the manifest will "
            "carry"
        )
        names = ", ".join(gate.name for gate in shut)
        super().__init__(f"gates shut: {names}. {way}:\n" + "\n".join(lines))


def write_bundle(
    world: World,
    version: str,
    out_dir: Path | str,
    *,
    gates: GateReport | None = None,
    override_reason: str = "",
    judge: PinnedJudge = _CHECKS_ONLY,
    release: Release | None = None,
    contents: Contents | None = None,
) -> Path:
    """The folder `<out_dir>/<world>-<version>` with the bundle in it.

    `gates` is the report on this very world; None runs them here. `release` is what the author
    says of the version (see `releases`), `contents` those of this world and version; None makes
    them here. Writing the same bundle again changes nothing.

    Raises GatesShut when a gate is shut and there is no `override_reason`, or when the world has
    errors, which no reason overrides, VersionTaken when that version exists with another digest,
    ExporterError for a bad version.
    """
    if not re.fullmatch(SEMVER_PATTERN, version):
        raise ExporterError(f"{version!r} is no semantic version; write one like 1.0.0")
    report = gates if gates is not None else run_gates(world)
    report = report.model_copy(update={"override_reason": override_reason.strip()})
    if report.must_mend() or not (report.is_met or report.override_reason):
        raise GatesShut(report)
    made = contents_of(world, version) if contents is None else contents
    manifest = build_manifest(
        world, version, made.files, report, judge, release, world_digest=made.world_digest
    )
    files = {**made.files, layout.MANIFEST: pretty_model(manifest)}
    target = Path(out_dir) / layout.bundle_name(world.name, version)
    return target if _is_there(target, manifest) else _publish(files, target, manifest)


def build_manifest(
    world: World,
    version: str,
    files: Mapping[str, bytes],
    gates: GateReport,
    judge: PinnedJudge = _CHECKS_ONLY,
    release: Release | None = None,
    *,
    world_digest: str = "",
) -> Manifest:
    """The sealed manifest of the files of a world; its digest is computed when it is not given."""
    return Manifest(
        world=world.name,
        title=world.title,
        version=version,
        world_digest=world_digest or content_hash(complete(world).model_dump(mode="json")),
        files={name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
        counts=_counts(world),
        tasks=tuple(task.id for task in world.tasks),
        splits=_splits(world),
        judge=judge,
        gates=gates,
        release=None if release == Release() else release,
    ).sealed()


def keep(bundle: Bundle, out_dir: Path | str, *, with_solutions: bool = True) -> Path:
    """Writes an opened bundle as the folder `<out_dir>/<world>-<version>`; returns it.

    Does nothing when that very bundle is there. Raises VersionTaken for another one.
    """
    files = shipped_files(bundle, with_solutions=with_solutions)
    target = Path(out_dir) / layout.bundle_name(bundle.name, bundle.version)
    is_there = _is_there(target, bundle.manifest)
    return target if is_there else _publish(files, target, bundle.manifest)


def pack(bundle: Bundle, path: Path | str, *, with_solutions: bool = True) -> Path:
    """Writes an opened bundle as one tar (`.tar`, `.tar.gz` or `.tgz`); returns the path."""
    files = shipped_files(bundle, with_solutions=with_solutions)
    prefix = layout.bundle_name(bundle.name, bundle.version) + "/"
    return write_tar(files, Path(path), prefix=prefix)


def _counts(world: World) -> Counts:
    return Counts(
        entity_types=len(world.entity_types),
        entities=world.num_entities,
        tools=len(world.tools),
        surfaces=len(world.surfaces),
        policies=len(world.policies),
        tasks=len(world.tasks),
        criteria=sum(len(task.rubric.criteria) for task in world.tasks),
        solutions=sum(task.reference_solution is not None for task in world.tasks),
    )


def _splits(world: World) -> Splits:
    return Splits(
        seed=world.seed,
        train=tuple(t.id for t in world.tasks_in(Split.TRAIN)),
        held_out=tuple(t.id for t in world.tasks_in(Split.HELD_OUT)),
    )


def _is_there(target: Path, manifest: Manifest) -> bool:
    """True when the very same bundle exists. Raises VersionTaken for another one."""
    if not target.exists():
        return False
    try:
        digest = Bundle.open(target).digest
    except BundleError as error:
        raise VersionTaken(
            f"{target} exists and is damaged ({error}); move it away, then export again"
        ) from error
    if digest != manifest.digest:
        raise VersionTaken(
            f"{target} exists with digest {digest}; this world gives {manifest.digest}. "
            "A version never changes: publish under the next one"
        )
    return True


def _publish(files: Mapping[str, bytes], target: Path, manifest: Manifest) -> Path:
    """Writes beside the target, then renames: readers see all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_files(files, partial)
        _rename(partial, target, manifest)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _rename(partial: Path, target: Path, manifest: Manifest) -> None:
    try:
        partial.rename(target)
    except OSError:
        if not _is_there(target, manifest):
            raise


def _write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Modes are set whatever the umask: an image's user must be able to read the files."""
    folder.chmod(_FOLDER_MODE)
    parents = {parent for name in files for parent in PurePosixPath(name).parents[:-1]}
    for parent in sorted(parents):
        (folder / parent).mkdir()
        (folder / parent).chmod(_FOLDER_MODE)
    for name in sorted(files):
        path = folder / name
        path.write_bytes(files[name])
        path.chmod(_FILE_MODE)
