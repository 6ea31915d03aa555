"""The overview of a world: how its tasks are spread, whether it can be published, what to do next.

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
from world_builder.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGrid:
    """Tasks by category and difficulty; each row follows the order of `difficulties`."""

    difficulties: tuple[str, ...]
    rows: Mapping[str, tuple[int, ...]]

    @property
    def most(self) -> int:
        """The tasks of the largest category; at least 1."""
        return max((sum(row) for row in self.rows.values()), default=0) or 1

    @property
    def totals(self) -> tuple[int, ...]:
        """The tasks of each difficulty."""
        return tuple(sum(column) for column in zip(*self.rows.values(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on the way from a world to what was learned."""

    title: str
    detail: str
    url: str
    state: str
    """`done`, `current` or `todo`, as `ui.step_list` names them."""


def task_grid(session: Session, world_id: int) -> TaskGrid:
    """Every category and difficulty there can be, also those without a task."""
    counts = TASKS.crossed(session, world_id, "category", "difficulty")
    columns = tuple(difficulty.value for difficulty in Difficulty)
    named = [category.value for category in Category]
    others = sorted({category for category, _ in counts} - set(named))
    return TaskGrid(
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
    unmet = f"{to_mend} of {counted(len(gates.blocking), 'gate')} to mend"
    reviewed = next((run for run in runs if len(run.eval_steps()) >= 2), None)
    newest = f"{versions[0].version} is the newest version" if versions else "freezes the draft"
    trained = counted(len(runs), "run") if runs else "no run yet"
    wanted = (
        ("Write tasks", f"{num_tasks:,} so far", f"{base}/tasks", num_tasks > 0),
        ("Meet the gates", gates.summary if gates.is_met else unmet if gates.is_done else "running",
         f"{base}/bundles", gates.is_met),
        ("Publish a bundle version", newest, f"{base}/bundles", bool(versions)),
        ("Train on it", trained, f"/runs/{runs[0].id}" if runs else "/runs/new", bool(runs)),
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
