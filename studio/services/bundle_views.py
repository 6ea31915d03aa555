"""What pages show of gates and published bundles: gates with links to mend, files, verification.

Reads bundles from the disk and never writes. A damaged bundle is shown as such, never hidden.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from pydantic import ValidationError

from exporter import layout
from exporter.bundle import verify
from exporter.manifest import Counts, Gate, GateFailure, GateReport, Manifest
from studio.repository.bundles import BundleVersion
from studio.services.gate_checks import GateCheck
from world_builder.wording import words

MOST_FAILURES = 40
"""Of one gate that a page lists; the rest is counted."""

_TITLES = {
    "validation": "The world is valid",
    "references": "References resolve",
    "reference_solutions": "Reference solutions pass",
    "empty_answer": "The empty answer earns nothing",
    "distinct_prompts": "Prompts are distinct",
    "no_leak": "No held-out prompt is trained on",
    "decidable_criteria": "Every criterion can be decided",
    "tool_coverage": "Every tool is used",
}
_PLACE = re.compile(r"(tasks|tools|policies|entity_types|entities)\.([^.\[]+)(?:\.([^.\[]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureView:
    path: str
    message: str
    hint: str
    url: str | None
    """Where it is mended; None when no page is about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    title: str
    is_met: bool
    is_blocking: bool
    detail: str
    failures: tuple[FailureView, ...]
    num_more: int
    """Failures that are not listed."""
    num_needs_judge: int


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
        """Such as `7 of 7 gates met`."""
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


def gates_view(world: str, report: GateReport) -> GatesView:
    """A report with links to where failures are mended."""
    gates = tuple(_gate(world, gate) for gate in report.gates)
    return GatesView(
        gates=gates,
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
    return gates_view(world, report)


def mend_url(world: str, path: str) -> str | None:
    """The page where what a path names is edited; None when there is none.

    >>> mend_url("shop", "tasks.late-return.rubric.criteria[0]")
    '/worlds/shop/tasks/late-return'
    >>> mend_url("shop", "entities.order.ord-001.customer")
    '/worlds/shop/entities/order/ord-001'
    """
    match = _PLACE.match(path)
    if match is None:
        return f"/worlds/{world}/tasks" if path == "tasks" else None
    part, name, key = match[1], _quoted(match[2]), match[3]
    if part in {"entities", "entity_types"}:
        base = f"/worlds/{world}/entities/{name}"
        return f"{base}/{_quoted(key)}" if part == "entities" and key else base
    return f"/worlds/{world}/{part}/{name}"


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


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _gate(world: str, gate: Gate) -> GateView:
    return GateView(
        title=_TITLES.get(gate.name, words(gate.name)),
        is_met=gate.is_met,
        is_blocking=gate.is_blocking,
        detail=gate.detail,
        failures=tuple(_failure(world, each) for each in gate.failures[:MOST_FAILURES]),
        num_more=max(0, len(gate.failures) - MOST_FAILURES),
        num_needs_judge=len(gate.needs_judge),
    )


def _failure(world: str, failure: GateFailure) -> FailureView:
    return FailureView(
        path=failure.path,
        message=failure.message,
        hint=failure.hint,
        url=mend_url(world, failure.path),
    )
