"""The read side of a bundle: open it, trust it only after every hash agrees, give back the world.

Everything that uses a bundle (server, runtimes, studio, training) comes through here. It accepts a
folder or a tar and never writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from exporter import layout
from exporter.encoding import pretty_model
from exporter.errors import BundleError
from exporter.files import open_files
from exporter.manifest import Manifest
from exporter.parts import SystemPromptIndex
from exporter.seal import Seal, compare, read_seal, trusted, unreadable
from exporter.served import served_world
from world_builder.frozen import Frozen
from world_builder.tasks import ReferenceSolution, Task
from world_builder.world import Policy, World

_Model = TypeVar("_Model", bound=Frozen)


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
        where = Path(path)
        files = open_files(where)
        seal = read_seal(files, where)
        manifest = _manifest(seal)
        contents = trusted(compare(files, seal), where)
        return Bundle(
            path=where, manifest=manifest, _files={layout.MANIFEST: seal.manifest, **contents}
        )

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
        return served_world(self._files)

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
            raise unreadable(name, error) from error

    def _parse(self, model: type[_Model], name: str) -> _Model:
        try:
            return model.model_validate_json(self._files[name])
        except (KeyError, ValidationError) as error:
            raise unreadable(name, error) from error


def verify(path: Path | str) -> Verification:
    """Recomputes every hash of a bundle; never raises for a bad one."""
    where = Path(path)
    try:
        files = open_files(where)
        seal = read_seal(files, where)
        manifest, findings = _manifest(seal), compare(files, seal)
    except BundleError as error:
        return Verification(
            path=str(path), digest="", num_files=0, has_solutions=False, problem=str(error)
        )
    return Verification(
        path=str(path),
        digest=manifest.digest,
        num_files=len(findings.contents) + len(findings.extra),
        has_solutions=any(name.startswith(layout.SOLUTIONS) for name in files.names),
        changed=findings.changed,
        missing=findings.missing,
        extra=findings.extra,
    )


def _manifest(seal: Seal) -> Manifest:
    """The manifest as types. Raises BundleError when it says more, less or other than it may."""
    try:
        manifest = Manifest.model_validate_json(seal.manifest)
    except ValidationError as error:
        raise unreadable(layout.MANIFEST, error) from error
    if seal.manifest != pretty_model(manifest):
        message = f"changed file: {layout.MANIFEST} (not the bytes that were written)"
        raise BundleError(message, (layout.MANIFEST,))
    return manifest
