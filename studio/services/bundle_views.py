"""What pages show of gates and published bundles: gates with links to mend, files, verification.

Reads bundles from the disk and never writes. A damaged bundle is shown as such, never hidden.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from exporter import layout
from exporter.bundle import verify
from exporter.manifest import NEVER_OVERRIDDEN, Counts, Gate, GateFailure, GateReport, Manifest
from studio.repository.bundles import BundleVersion
from studio.services.gate_checks import GateCheck
from studio.services.mending import mend_url
from world_builder.wording import words
from world_builder.world import World

MOST_FAILURES = 5
"""Of one gate, where all gates are listed; the rest is counted, and stands on the gates page."""

_TITLES = {
    "validation": ("The world is valid", "Types, tools, tasks and records fit together."),
    "references": ("References resolve", "What an entity points at exists."),
    "reference_solutions": (
        "Reference solutions pass",
        "Each earns reward 1.0, and no call of it is refused unless that is meant.",
    ),
    "empty_answer": (
        "The empty answer earns nothing",
        "It passes no task and earns less than 0.2 on average.",
    ),
    "mutation_score": (
        "Rubrics notice planted errors",
        "At least 8 errors are planted in each reference, and 0.9 of them cost a criterion.",
    ),
    "distinct_prompts": ("Prompts are distinct", "No two tasks ask the same."),
    "similar_prompts": (
        "Prompts are no near copies",
        "They differ in more than the facts they quote.",
    ),
    "no_leak": ("No held-out prompt is trained on", "Held-out tasks measure what was not seen."),
    "decidable_criteria": (
        "Every criterion can be decided",
        "By a check, or by a judge that its examples can be tried on.",
    ),
    "tool_coverage": ("Every tool is used", "Some reference solution calls it."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureView:
    path: str
    message: str
    hint: str
    url: str | None
    """Where it is mended; None when no page is about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    name: str
    title: str
    demand: str
    """What it asks, in a sentence."""
    is_met: bool
    is_blocking: bool
    detail: str
    failures: tuple[FailureView, ...]
    num_more: int
    """Failures that are not listed."""
    num_needs_judge: int
    is_never_overridden: bool = False

    @property
    def num_failures(self) -> int:
        return len(self.failures) + self.num_more


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesView:
    """A report, or how far the gates are."""

    gates: tuple[GateView, ...]
    is_done: bool = True
    num_done: int = 0
    num_tasks: int = 0
    override_reason: str = ""
    must_mend: bool = False
    """Whether a gate is shut that no reason overrides."""

    @property
    def blocking(self) -> tuple[GateView, ...]:
        return tuple(gate for gate in self.gates if gate.is_blocking)

    @property
    def num_met(self) -> int:
        return sum(gate.is_met for gate in self.blocking)

    @property
    def is_met(self) -> bool:
        return self.is_done and self.num_met == len(self.blocking)

    @property
    def summary(self) -> str:
        """Such as `10 of 10 gates met`."""
        return f"{self.num_met} of {len(self.blocking)} gates met"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationView:
    """What was found when every hash was recomputed just now."""

    is_intact: bool
    num_files: int
    faults: tuple[str, ...]
    """One line for each changed, missing or extra file."""


def gates_view(
    world: str, report: GateReport, draft: World | None = None, most: int = MOST_FAILURES
) -> GatesView:
    """A report with links to where failures are mended; `draft` is the world it is about."""
    base = f"/worlds/{world}"
    return GatesView(
        gates=tuple(_gate(base, gate, draft, most) for gate in report.gates),
        override_reason=report.override_reason,
        must_mend=bool(report.must_mend()),
    )


def check_view(world: str, check: GateCheck, wait_s: float = 0.0) -> GatesView:
    """The gates of a draft, or how far they are after waiting a moment."""
    report = check.wait(wait_s)
    if report is None:
        return GatesView(
            gates=(), is_done=False, num_done=check.num_done, num_tasks=check.num_tasks
        )
    return gates_view(world, report, check.world)


def manifest_of(version: BundleVersion) -> Manifest | None:
    """The manifest on the disk; None when it cannot be read."""
    path = Path(version.path) / layout.MANIFEST
    try:
        return _manifest(str(path), path.stat().st_mtime_ns)
    except (OSError, ValidationError):
        return None


def counts_of(version: BundleVersion) -> Counts | None:
    """How much a version holds; None when its manifest cannot be read."""
    manifest = manifest_of(version)
    return None if manifest is None else manifest.counts


def verify_version(version: BundleVersion) -> VerificationView:
    """Recomputes every hash, and compares the digest with the one that was published."""
    found = verify(version.path)
    faults = list(found.faults())
    if not found.problem and found.digest != version.digest:
        faults.append(
            f"changed file: {layout.MANIFEST} (digest {found.digest}; published {version.digest})"
        )
    return VerificationView(is_intact=not faults, num_files=found.num_files, faults=tuple(faults))


def command_lines(version: BundleVersion) -> tuple[tuple[str, str], ...]:
    """What each command is for, and the command."""
    path = version.path
    return (
        ("Serve its world over MCP", f"corecraft bundle serve {path} --port 8100"),
        ("Train on it", f"corecraft train {path} --preset tiny"),
        ("Evaluate on it", f"corecraft eval {path} --engine scripted:reference"),
        ("Verify it", f"corecraft bundle verify {path}"),
    )


@lru_cache(maxsize=64)
def _manifest(path: str, _changed_ns: int) -> Manifest:
    return Manifest.model_validate_json(Path(path).read_bytes())


def _gate(base: str, gate: Gate, draft: World | None, most: int) -> GateView:
    title, demand = _TITLES.get(gate.name, (words(gate.name), ""))
    return GateView(
        name=gate.name,
        title=title,
        demand=demand,
        is_met=gate.is_met,
        is_blocking=gate.is_blocking,
        detail=gate.detail,
        failures=tuple(failure_view(base, each, draft) for each in gate.failures[:most]),
        num_more=max(0, len(gate.failures) - most),
        num_needs_judge=len(gate.needs_judge),
        is_never_overridden=gate.name in NEVER_OVERRIDDEN,
    )


def failure_view(base: str, failure: GateFailure, draft: World | None) -> FailureView:
    """A failure with the address where it is mended."""
    return FailureView(
        path=failure.path,
        message=failure.message,
        hint=failure.hint,
        url=mend_url(base, failure.path, draft),
    )
