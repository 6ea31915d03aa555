"""The read side of a bundle: open it, trust it only after every hash agrees, give back the world.

Everything that uses a bundle (server, runtimes, studio, training) comes through here. It accepts a
folder or a tar and never writes.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from exporter import layout
from exporter.archive import read_tar
from exporter.encoding import pretty_model
from exporter.errors import ArchiveError, BundleError
from exporter.manifest import Manifest
from exporter.parts import SchemaDocument, SystemPromptIndex, ToolsDocument
from world_builder.frozen import Frozen, Json
from world_builder.tasks import ReferenceSolution, Task
from world_builder.world import Policy, World

_Model = TypeVar("_Model", bound=Frozen)
_RECORDS = TypeAdapter(tuple[dict[str, Json], ...])


class Verification(Frozen):
    """What was found when every hash of a bundle was recomputed."""

    path: str
    digest: str
    """As the manifest says it; empty when the manifest cannot be read."""
    num_files: int
    has_solutions: bool
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    problem: str = ""
    """What is wrong with the bundle as a whole; empty when nothing is."""

    @property
    def is_intact(self) -> bool:
        return not (self.changed or self.missing or self.extra or self.problem)

    def faults(self) -> tuple[str, ...]:
        """One line for each thing that is wrong."""
        named = (("changed", self.changed), ("missing", self.missing), ("extra", self.extra))
        lines = tuple(f"{kind} file: {name}" for kind, names in named for name in names)
        return (*lines, self.problem) if self.problem else lines


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A verified bundle."""

    path: Path
    manifest: Manifest
    _files: Mapping[str, bytes] = field(repr=False)

    @staticmethod
    def open(path: Path | str) -> "Bundle":
        """The bundle in a folder or a tar. Raises BundleError naming every file at fault."""
        files = _read_files(Path(path))
        manifest = _manifest(files, Path(path))
        report = _compare(files, manifest, Path(path))
        if not report.is_intact:
            faults = "; ".join(report.faults())
            names = tuple(sorted({*report.changed, *report.missing, *report.extra}))
            raise BundleError(f"{path} is not what its manifest says: {faults}", names)
        return Bundle(path=Path(path), manifest=manifest, _files=files)

    @property
    def name(self) -> str:
        """The world's name."""
        return self.manifest.world

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def has_solutions(self) -> bool:
        """False where the solutions were withheld, as in an image."""
        return any(name.startswith(layout.SOLUTIONS) for name in self._files)

    @cached_property
    def environment(self) -> World:
        """The world as an environment server needs it: no policy, no task, no rubric."""
        schema = self._parse(SchemaDocument, layout.ENTITY_SCHEMA)
        tools = self._parse(ToolsDocument, layout.SERVER_TOOLS)
        return World(
            **schema.world.model_dump(),
            entity_types=schema.entity_types,
            entities=self._entities(),
            tools=tools.tools,
            surfaces=tools.surfaces,
        )

    @cached_property
    def world(self) -> World:
        """The whole world, with its tasks; their solutions are None when withheld."""
        return self.environment.model_copy(
            update={"policies": self._policies(), "tasks": self._tasks()}
        )

    def task(self, task_id: str) -> Task:
        """The task of that id. Raises UnknownName."""
        return self.world.task(task_id)

    def files(self) -> Mapping[str, bytes]:
        """Every file by path, the manifest too, as verified when the bundle was opened."""
        return {name: self._files[name] for name in sorted(self._files)}

    def _entities(self) -> dict[str, tuple[dict[str, Json], ...]]:
        names = (n for n in self._files if n.startswith(layout.ENTITIES))
        return {
            name.removeprefix(layout.ENTITIES).removesuffix(".json"): self._records(name)
            for name in sorted(names)
            if name != layout.ENTITY_SCHEMA
        }

    def _records(self, name: str) -> tuple[dict[str, Json], ...]:
        try:
            return _RECORDS.validate_python(json.loads(self._files[name]))
        except ValueError as error:
            raise _unreadable(name, error) from error

    def _policies(self) -> tuple[Policy, ...]:
        index = self._parse(SystemPromptIndex, layout.SYSTEM_PROMPT_INDEX)
        return tuple(
            Policy(name=e.name, title=e.title, text=self._text(layout.system_prompt_path(e.name)))
            for e in index.system_prompts
        )

    def _tasks(self) -> tuple[Task, ...]:
        return tuple(self._task(task_id) for task_id in self.manifest.tasks)

    def _task(self, task_id: str) -> Task:
        task = self._parse(Task, layout.task_path(task_id))
        name = layout.solution_path(task_id)
        if name not in self._files:
            return task
        solution = self._parse(ReferenceSolution, name)
        return task.model_copy(update={"reference_solution": solution})

    def _text(self, name: str) -> str:
        try:
            return self._files[name].decode()
        except (KeyError, UnicodeDecodeError) as error:
            raise _unreadable(name, error) from error

    def _parse(self, model: type[_Model], name: str) -> _Model:
        try:
            return model.model_validate_json(self._files[name])
        except (KeyError, ValidationError) as error:
            raise _unreadable(name, error) from error


def verify(path: Path | str) -> Verification:
    """Recomputes every hash of a bundle; never raises for a bad one."""
    try:
        files = _read_files(Path(path))
        manifest = _manifest(files, Path(path))
    except BundleError as error:
        return Verification(
            path=str(path), digest="", num_files=0, has_solutions=False, problem=str(error)
        )
    return _compare(files, manifest, Path(path))


def _compare(files: Mapping[str, bytes], manifest: Manifest, path: Path) -> Verification:
    """What differs between the files and the manifest. Solutions may be withheld as a whole."""
    present = files.keys() - {layout.MANIFEST}
    has_solutions = any(name.startswith(layout.SOLUTIONS) for name in present)
    expected = {
        name: sha256
        for name, sha256 in manifest.files.items()
        if has_solutions or not name.startswith(layout.SOLUTIONS)
    }
    changed = (n for n in present & expected.keys() if _sha256(files[n]) != expected[n])
    return Verification(
        path=str(path),
        digest=manifest.digest,
        num_files=len(present),
        has_solutions=has_solutions,
        changed=tuple(sorted(changed)),
        missing=tuple(sorted(expected.keys() - present)),
        extra=tuple(sorted(present - expected.keys())),
        problem=_manifest_problem(manifest, files[layout.MANIFEST]),
    )


def _manifest_problem(manifest: Manifest, data: bytes) -> str:
    computed = manifest.computed_digest()
    if manifest.digest != computed:
        said = f"says digest {manifest.digest}, amounts to {computed}"
        return f"changed file: {layout.MANIFEST} ({said})"
    if data != pretty_model(manifest):
        return f"changed file: {layout.MANIFEST} (not the bytes that were written)"
    return ""


def _manifest(files: Mapping[str, bytes], path: Path) -> Manifest:
    if layout.MANIFEST not in files:
        raise BundleError(
            f"{path} has no {layout.MANIFEST}, so it is no bundle; make one with "
            "`corecraft bundle export NAME --version V --out DIR`",
            (layout.MANIFEST,),
        )
    try:
        return Manifest.model_validate_json(files[layout.MANIFEST])
    except ValidationError as error:
        raise _unreadable(layout.MANIFEST, error) from error


def _read_files(path: Path) -> dict[str, bytes]:
    """Every file of a folder or a tar by its relative path."""
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise BundleError(f"{path} does not exist; give the folder or the tar of a bundle")
    try:
        return read_tar(path)
    except ArchiveError as error:
        raise BundleError(str(error)) from error


def _read_folder(path: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for entry in sorted(path.rglob("*")):
        name = entry.relative_to(path).as_posix()
        if entry.is_symlink():
            raise BundleError(f"{path} holds a link, {name}; a bundle holds plain files", (name,))
        if entry.is_file() and not layout.is_byte_code_cache(name):
            files[name] = entry.read_bytes()
    return files


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _unreadable(name: str, error: Exception) -> BundleError:
    return BundleError(f"{name} cannot be read: {error}; export the bundle again", (name,))
