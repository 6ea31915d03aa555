"""The overview of a world: what its tasks cover, whether it can be published, what to do next.

Reads only; the gates run beside the requests (`gate_checks`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from rl_backend.rundir import RunDir, RunDirError, list_runs
from studio.repository import TASKS
from studio.repository.bundles import BundleVersion
from studio.services.bundle_views import GatesView
from world_builder.tasks import Category, Difficulty


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Tasks by category and difficulty; each row follows the order of `difficulties`."""

    difficulties: tuple[str, ...]
    rows: Mapping[str, tuple[int, ...]]

    @property
    def most(self) -> int:
        """The tasks of the largest category; at least 1."""
        return max((sum(row) for row in self.rows.values()), default=0) or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on the way from a world to what was learned."""

    title: str
    detail: str
    url: str
    state: str
    """`done`, `current` or `todo`, as `ui.step_list` names them."""


def coverage_of(session: Session, world_id: int) -> Coverage:
    """Every category and difficulty there can be, also those without a task."""
    counts = TASKS.crossed(session, world_id, "category", "difficulty")
    columns = tuple(difficulty.value for difficulty in Difficulty)
    named = [category.value for category in Category]
    others = sorted({category for category, _ in counts} - set(named))
    return Coverage(
        difficulties=columns,
        rows={c: tuple(counts.get((c, d), 0) for d in columns) for c in (*named, *others)},
    )


def runs_of(runs_dir: Path, world: str) -> tuple[RunDir, ...]:
    """The runs on bundles of a world, newest first; without those whose bundle is unknown."""
    return tuple(run for run in list_runs(runs_dir) if _bundle_name(run) == world)


def _bundle_name(run: RunDir) -> str:
    try:
        return run.bundle().name
    except RunDirError:
        return ""


def next_steps(
    base: str, *, num_tasks: int, gates: GatesView, versions: Sequence[BundleVersion],
    runs: Sequence[RunDir],
) -> tuple[Step, ...]:  # fmt: skip
    """The way to the end; the first step that is not done is the current one."""
    to_mend = len(gates.blocking) - gates.num_met
    unmet = f"{to_mend} of {len(gates.blocking)} {'gate' if to_mend == 1 else 'gates'} to mend"
    reviewed = next((run for run in runs if len(run.eval_steps()) >= 2), None)
    newest = f"{versions[0].version} is the newest version" if versions else "freezes the draft"
    wanted = (
        ("Write tasks", f"{num_tasks:,} so far", f"{base}/tasks", num_tasks > 0),
        ("Meet the gates", gates.summary if gates.is_met else unmet if gates.is_done else "running",
         f"{base}/bundles", gates.is_met),
        ("Publish a bundle version", newest, f"{base}/bundles", bool(versions)),
        ("Train on it", _counted(len(runs), "run"), f"/runs/{runs[0].id}" if runs else "/runs/new",
         bool(runs)),
        ("Review what was learned", "a run's tasks before and after, side by side",
         f"/review/{reviewed.id}" if reviewed else "/review", reviewed is not None),
    )  # fmt: skip
    first = next((i for i, step in enumerate(wanted) if not step[3]), len(wanted))
    return tuple(
        Step(title=title, detail=detail, url=url, state=_state(is_done, i == first))
        for i, (title, detail, url, is_done) in enumerate(wanted)
    )


def _state(is_done: bool, is_current: bool) -> str:
    if is_done:
        return "done"
    return "current" if is_current else "todo"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else f"no {noun} yet"
