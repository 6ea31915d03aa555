"""Opens runs for review: which runs have a before and an after, and the two compared.

Reads run directories and nothing else; comparisons are kept in memory while their files stay the
same. `review_lists` arranges tasks, `review_pairs` lays two trajectories side by side.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rl_backend.evaluation.comparison import ComparedTask, Comparison, compare_figures
from rl_backend.evaluation.heads import (
    RolloutHead,
    StaleHeadError,
    read_heads,
    read_record,
    scored_heads,
)
from rl_backend.evaluation.pass_rate import Interval, PairedTest
from rl_backend.evaluation.report import EvalReport
from rl_backend.records import BundleLock, RolloutRecord, RunState
from rl_backend.rundir import RunDir, RunDirError, list_runs
from studio.errors import Conflict, NotFound, StudioError
from world_builder.wording import counted

FEWEST_TASKS = 6
"""With fewer pairs not even a change of all of them is significant at 5 % (2 / 2^5 = 6 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One evaluation of a run, for the small curves."""

    step: int
    pass_rate: float | None
    reward: float | None
    length: float
    """Mean sampled tokens of a rollout; 0 for a policy that samples none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Two evaluations of a run, compared."""

    run: str
    bundle: BundleLock
    steps: tuple[int, ...]
    """Steps that have an evaluation."""
    baseline_policy: str
    trained_policy: str
    comparison: Comparison
    curve: tuple[CurvePoint, ...]

    @property
    def key(self) -> str:
        """The name of the comparison, under which notes are kept."""
        return f"{self.run}/{self.comparison.baseline_step}-{self.comparison.trained_step}"

    @property
    def url(self) -> str:
        return f"/review/{self.run}"

    @property
    def verdict(self) -> str:
        """`better` or `worse` when the interval of the gain leaves out 0, else `unclear`."""
        gain = self.comparison.pass_gain
        if gain is None or self.comparison.num_tasks < FEWEST_TASKS:
            return "unclear"
        if gain.low <= 0.0 <= gain.high:
            return "unclear"
        return "better" if gain.value > 0 else "worse"

    def task(self, task_id: str) -> ComparedTask:
        """The figures of a task. Raises NotFound."""
        found = self.comparison.task(task_id)
        if found is None:
            raise NotFound(f"Task {task_id!r} has no pair of scored rollouts in this comparison.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The answer to "did it get better?", on top of both pages of a comparison."""

    run: str
    bundle: BundleLock
    steps: tuple[int, ...]
    baseline_step: int
    trained_step: int
    baseline_policy: str
    trained_policy: str
    num_tasks: int
    skipped_tasks: tuple[str, ...]
    baseline_pass_rate: float | None
    trained_pass_rate: float | None
    baseline_reward: float | None
    trained_reward: float | None
    pass_gain: Interval | None
    reward_gain: Interval | None
    test: PairedTest
    verdict: str
    """`better`, `worse` or `unclear`."""
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rollouts of one task, as they were recorded."""

    baseline: RolloutRecord
    trained: RolloutRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run with a before and an after, or the reason why it cannot be read."""

    id: str
    bundle: str
    state: RunState
    headline: Headline | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLines:
    """One page of the runs that can be reviewed, newest first."""

    lines: tuple[RunLine, ...]
    total: int
    num_waiting: int
    """Runs without two evaluations yet."""
    page: int
    size: int


def reviewable_runs(runs: Path, *, page: int = 1, size: int = 20) -> RunLines:
    """The runs with at least two evaluations."""
    found = list_runs(runs)
    ready = [run for run in found if len(run.eval_steps()) > 1]
    number = min(max(1, page), max(1, -(-len(ready) // size)))
    shown = ready[(number - 1) * size : number * size]
    return RunLines(
        lines=tuple(_line(run) for run in shown),
        total=len(ready),
        num_waiting=len(found) - len(ready),
        page=number,
        size=size,
    )


def open_run(runs: Path, run_id: str) -> RunDir:
    """The run of that id. Raises NotFound."""
    is_name = Path(run_id).name == run_id and not run_id.startswith(".")
    try:
        if is_name:
            return RunDir.open(runs / run_id)
    except RunDirError:
        pass
    raise NotFound(f"There is no run {run_id!r}.")


def open_review(run: RunDir, baseline: int | None = None, trained: int | None = None) -> Review:
    """Two evaluations of a run compared; None takes its first and its last one.

    Raises:
        NotFound: a step has no evaluation, or there are not two.
        StudioError: a file of the run is damaged.
    """
    steps = run.eval_steps()
    if len(steps) < 2:
        raise NotFound(f"{run.id} has {counted(len(steps), 'evaluation')}; a comparison needs two.")
    first = steps[0] if baseline is None else baseline
    last = steps[-1] if trained is None else trained
    for step in (first, last):
        if step not in steps:
            known = ", ".join(str(each) for each in steps)
            raise NotFound(f"{run.id} has no evaluation after step {step}; it has {known}.")
    try:
        return Review(
            run=run.id,
            bundle=run.bundle(),
            steps=steps,
            baseline_policy=_report(run, first).policy,
            trained_policy=_report(run, last).policy,
            comparison=_compare(run.path, first, last, _stamps(run, first, last)),
            curve=tuple(_point(_report(run, step)) for step in steps if first <= step <= last),
        )
    except RunDirError as error:
        raise StudioError(str(error)) from error


def headline(review: Review) -> Headline:
    """The figures of a comparison without its tasks."""
    found = review.comparison
    return Headline(
        run=review.run,
        bundle=review.bundle,
        steps=review.steps,
        baseline_step=found.baseline_step,
        trained_step=found.trained_step,
        baseline_policy=review.baseline_policy,
        trained_policy=review.trained_policy,
        num_tasks=found.num_tasks,
        skipped_tasks=found.skipped_tasks,
        baseline_pass_rate=found.baseline_pass_rate,
        trained_pass_rate=found.trained_pass_rate,
        baseline_reward=found.baseline_reward,
        trained_reward=found.trained_reward,
        pass_gain=found.pass_gain,
        reward_gain=found.reward_gain,
        test=found.test,
        verdict=review.verdict,
        curve=review.curve,
    )


def open_pair(run: RunDir, review: Review, task: ComparedTask, number: int) -> Pair:
    """The pair of a task with that number, from 0. Raises NotFound; Conflict when files changed."""
    if not 0 <= number < task.num_pairs:
        raise NotFound(f"{task.task_id} has {counted(task.num_pairs, 'pair')}, counted from 0.")
    steps = (review.comparison.baseline_step, review.comparison.trained_step)
    try:
        baseline, trained = (
            read_record(run.eval_rollouts_path(step), _scored(run, step)[task.task_id][number])
            for step in steps
        )
    except StaleHeadError as error:
        raise Conflict(f"{error}; reload the page.") from error
    return Pair(baseline=baseline, trained=trained)


def report_of(run: RunDir, step: int) -> EvalReport:
    """The report of one evaluation. Raises StudioError when it is damaged."""
    try:
        return _report(run, step)
    except RunDirError as error:
        raise StudioError(str(error)) from error


def _line(run: RunDir) -> RunLine:
    state = run.status().state
    try:
        review = open_review(run)
    except StudioError as error:
        return RunLine(id=run.id, bundle="", state=state, headline=None, problem=str(error))
    label = f"{review.bundle.name} {review.bundle.version}"
    return RunLine(id=run.id, bundle=label, state=state, headline=headline(review))


Stamp = tuple[int, int]
"""Size and time of change of a file: another stamp, another content."""


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _stamps(run: RunDir, *steps: int) -> tuple[Stamp, ...]:
    paths = [p(s) for s in steps for p in (run.eval_report_path, run.eval_rollouts_path)]
    return tuple(_stamp(path) for path in paths)


@lru_cache(maxsize=64)
def _compare(path: Path, first: int, last: int, _stamps: tuple[Stamp, ...]) -> Comparison:
    run = RunDir(path)
    return compare_figures(
        _report(run, first),
        _report(run, last),
        _heads(run, first),
        _heads(run, last),
    )


def _report(run: RunDir, step: int) -> EvalReport:
    return _read_report(run.path, step, _stamp(run.eval_report_path(step)))


@lru_cache(maxsize=256)
def _read_report(path: Path, step: int, _stamp: Stamp) -> EvalReport:
    return RunDir(path).eval_report(step)


def _scored(run: RunDir, step: int) -> dict[str, tuple[RolloutHead, ...]]:
    return scored_heads(_heads(run, step))


def _heads(run: RunDir, step: int) -> tuple[RolloutHead, ...]:
    path = run.eval_rollouts_path(step)
    return _read_heads(path, _stamp(path))


@lru_cache(maxsize=16)
def _read_heads(path: Path, _stamp: Stamp) -> tuple[RolloutHead, ...]:
    return read_heads(path)


def _point(report: EvalReport) -> CurvePoint:
    return CurvePoint(
        step=report.step,
        pass_rate=report.pass_rate,
        reward=report.mean_reward,
        length=report.mean_response_tokens,
    )
