"""The manifest `bundle.json`: what a bundle is, what it holds and what was proved of it.

Written once by `writer`, read by everything that opens a bundle. Data only; `gates` makes the
report and `bundle` verifies the hashes.
"""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field as Declared
from pydantic import SerializerFunctionWrapHandler, model_serializer

from exporter.layout import FORMAT_VERSION
from world_builder.frozen import Frozen
from world_builder.ids import SLUG_PATTERN, content_hash
from world_builder.tasks import Split

SEMVER_PATTERN = (
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?$"
)
"""Semantic versions without build metadata. Source: semver.org 2.0.0."""

SHA256_PATTERN = r"^[0-9a-f]{64}$"


class GateFailure(Frozen):
    """One thing that keeps a gate shut."""

    path: str
    """Where in the world, such as `tasks/return-late/rubric`."""
    message: str
    hint: str = ""


class Gate(Frozen):
    """One demand on a world before it is published."""

    name: str
    is_met: bool
    is_blocking: bool = True
    """False only warns."""
    detail: str
    """One line of figures."""
    failures: tuple[GateFailure, ...] = ()
    needs_judge: tuple[str, ...] = ()
    """Ids of tasks that checks alone can neither pass nor fail."""


def gate(
    name: str,
    detail: str,
    failures: Iterable[GateFailure],
    *,
    is_blocking: bool = True,
    needs_judge: tuple[str, ...] = (),
) -> Gate:
    """A gate that is met when nothing keeps it shut."""
    found = tuple(failures)
    return Gate(
        name=name,
        is_met=not found,
        is_blocking=is_blocking,
        detail=detail,
        failures=found,
        needs_judge=needs_judge,
    )


NEVER_OVERRIDDEN = frozenset({"validation", "references"})
"""Gates whose failures no environment server could serve."""


class GateReport(Frozen):
    """What was found at every gate."""

    gates: tuple[Gate, ...]
    override_reason: str = ""
    """Why the bundle was published although a gate is shut; empty when none is."""

    @property
    def is_met(self) -> bool:
        """True when every blocking gate is open."""
        return all(gate.is_met for gate in self.gates if gate.is_blocking)

    def shut(self) -> tuple[Gate, ...]:
        """The blocking gates that are not met."""
        return tuple(g for g in self.gates if g.is_blocking and not g.is_met)

    def must_mend(self) -> tuple[Gate, ...]:
        """Those of the shut gates that no reason overrides: the world itself is broken."""
        return tuple(g for g in self.shut() if g.name in NEVER_OVERRIDDEN)


class Counts(Frozen):
    """How much a bundle holds."""

    entity_types: int
    entities: int
    tools: int
    surfaces: int
    policies: int
    tasks: int
    criteria: int
    solutions: int


class Splits(Frozen):
    """Which tasks are trained on and which are held out."""

    seed: int
    """The world's seed, from which a seeded world assigns its splits."""
    train: tuple[str, ...]
    held_out: tuple[str, ...]

    def of(self, split: Split) -> tuple[str, ...]:
        return self.train if split is Split.TRAIN else self.held_out


class PinnedJudge(Frozen):
    """The judge that scores this bundle; another judge's rewards are not comparable."""

    id: str = "checks"
    """`checks`: deterministic checks alone."""
    model: str | None = None
    """None when no model is asked."""
    prompt_hash: str | None = None
    votes: int = Declared(default=1, ge=1)
    calibration: str | None = None
    """SHA-256 of its calibration report; None when it has none."""


class ParentVersion(Frozen):
    """The published version that a bundle follows."""

    version: str = Declared(pattern=SEMVER_PATTERN)
    digest: str = Declared(pattern=SHA256_PATTERN)


class Release(Frozen):
    """What the author says of a version: no name and no time, so that the digest stays the same."""

    notes: str = ""
    """Release notes in Markdown."""
    parent: ParentVersion | None = None
    """None for a first version."""
    bump_reason: str = ""
    """Why the version goes up by less than the changes call for; empty when it does not."""


class Manifest(Frozen):
    """Everything `bundle.json` says."""

    format_version: Literal[1] = FORMAT_VERSION
    world: str = Declared(pattern=SLUG_PATTERN)
    title: str
    version: str = Declared(pattern=SEMVER_PATTERN)
    digest: str = Declared(default="", pattern=r"^([0-9a-f]{64})?$")
    """SHA-256 of this manifest's canonical JSON without this field."""
    world_digest: str = Declared(pattern=SHA256_PATTERN)
    """SHA-256 of the world's canonical JSON: the same in every version that changes nothing."""
    files: dict[str, str]
    """SHA-256 of every other file, by path."""
    counts: Counts
    tasks: tuple[str, ...]
    """Task ids in the author's order."""
    splits: Splits
    judge: PinnedJudge
    gates: GateReport
    release: Release | None = None
    """None, and not written, where nothing was said."""

    @model_serializer(mode="wrap")
    def _without_empty_release(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        if self.release is None:
            data.pop("release", None)
        return data

    def computed_digest(self) -> str:
        """The digest that the rest of the manifest amounts to."""
        return content_hash(self.model_dump(mode="json", exclude={"digest"}))

    def sealed(self) -> "Manifest":
        """This manifest with its digest filled in."""
        return self.model_copy(update={"digest": self.computed_digest()})
