"""Two evaluations compared by their figures alone, without the trajectories.

The same rates, gain and test as `pairing.compare`, made of reports and rollout heads, so that a
list of hundreds of tasks needs neither the bundle nor one parsed trajectory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from enum import StrEnum
from statistics import fmean

from rl_backend.evaluation.heads import RolloutHead, scored_heads
from rl_backend.evaluation.pass_rate import Interval, PairedTest, mcnemar, paired_gain
from rl_backend.evaluation.report import EvalReport, TaskOutcome
from world_builder.frozen import Frozen
from world_builder.tasks import Category, Difficulty


class PairOutcome(StrEnum):
    """What became of a task's first pair of rollouts."""

    LOST = "lost"
    """Passed by the baseline alone."""
    GAINED = "gained"
    """Passed after training alone."""
    BOTH_FAIL = "both_fail"
    BOTH_PASS = "both_pass"  # noqa: S105 (an outcome)


class SideFigures(Frozen):
    """One policy on one task."""

    num_scored: int
    num_passed: int
    mean_reward: float

    @property
    def pass_share(self) -> float:
        return self.num_passed / self.num_scored


class ComparedTask(Frozen):
    """One task, both policies."""

    task_id: str
    title: str
    category: Category
    difficulty: Difficulty
    scenario: str
    baseline: SideFigures
    trained: SideFigures
    outcome: PairOutcome
    """Of the scored rollouts with the lowest index."""
    num_pairs: int
    """Rollouts that can be laid side by side, by their order."""

    @property
    def reward_gain(self) -> float:
        return self.trained.mean_reward - self.baseline.mean_reward

    @property
    def pass_gain(self) -> float:
        return self.trained.pass_share - self.baseline.pass_share


class ComparedSlice(Frozen):
    """The same figures for some of the tasks."""

    name: str
    num_tasks: int
    baseline_pass_rate: float
    trained_pass_rate: float
    pass_gain: Interval | None
    """None without tasks."""
    reward_gain: float
    num_gained: int
    num_lost: int


class Comparison(Frozen):
    """A baseline and a trained policy on the tasks that both have scored rollouts of."""

    baseline_step: int
    trained_step: int
    num_tasks: int
    skipped_tasks: tuple[str, ...]
    """Tasks without a scored rollout on both sides."""
    baseline_pass_rate: float | None
    """None when nothing can be compared."""
    trained_pass_rate: float | None
    baseline_reward: float | None
    trained_reward: float | None
    pass_gain: Interval | None
    """With its 95 % bootstrap interval over tasks."""
    reward_gain: Interval | None
    test: PairedTest
    """McNemar's exact test on the first pair of each task."""
    tasks: tuple[ComparedTask, ...]
    """In the order of the bundle."""

    def task(self, task_id: str) -> ComparedTask | None:
        """The figures of a task; None when it was not compared."""
        return next((task for task in self.tasks if task.task_id == task_id), None)


def compare_figures(
    baseline: EvalReport,
    trained: EvalReport,
    baseline_heads: Sequence[RolloutHead],
    trained_heads: Sequence[RolloutHead],
) -> Comparison:
    """The comparison of two evaluations of one run, in the order of the later report."""
    first, second = scored_heads(baseline_heads), scored_heads(trained_heads)
    seen = {outcome.task_id: outcome for outcome in (*trained.outcomes, *baseline.outcomes)}
    tasks = tuple(
        _compared(outcome, first[task_id], second[task_id])
        for task_id, outcome in seen.items()
        if task_id in first and task_id in second
    )
    return Comparison(
        baseline_step=baseline.step,
        trained_step=trained.step,
        num_tasks=len(tasks),
        skipped_tasks=tuple(t for t in seen if t not in first or t not in second),
        baseline_pass_rate=_mean([t.baseline.pass_share for t in tasks]),
        trained_pass_rate=_mean([t.trained.pass_share for t in tasks]),
        baseline_reward=_mean([t.baseline.mean_reward for t in tasks]),
        trained_reward=_mean([t.trained.mean_reward for t in tasks]),
        pass_gain=_pass_gain(tasks),
        reward_gain=paired_gain(
            [t.baseline.mean_reward for t in tasks], [t.trained.mean_reward for t in tasks]
        ),
        test=mcnemar(
            [t.outcome in {PairOutcome.LOST, PairOutcome.BOTH_PASS} for t in tasks],
            [t.outcome in {PairOutcome.GAINED, PairOutcome.BOTH_PASS} for t in tasks],
        ),
        tasks=tasks,
    )


def slices(
    tasks: Sequence[ComparedTask], name_of: Callable[[ComparedTask], str]
) -> tuple[ComparedSlice, ...]:
    """The figures of each group of tasks, by name."""
    groups: dict[str, list[ComparedTask]] = defaultdict(list)
    for task in tasks:
        groups[name_of(task)].append(task)
    return tuple(_slice(name, groups[name]) for name in sorted(groups))


def _compared(
    outcome: TaskOutcome, first: Sequence[RolloutHead], second: Sequence[RolloutHead]
) -> ComparedTask:
    return ComparedTask(
        task_id=outcome.task_id,
        title=outcome.title,
        category=outcome.category,
        difficulty=outcome.difficulty,
        scenario=outcome.scenario,
        baseline=_figures(first),
        trained=_figures(second),
        outcome=pair_outcome(bool(first[0].is_pass), bool(second[0].is_pass)),
        num_pairs=min(len(first), len(second)),
    )


def pair_outcome(is_pass_before: bool, is_pass_after: bool) -> PairOutcome:
    """The outcome of one pair of rollouts."""
    if is_pass_before:
        return PairOutcome.BOTH_PASS if is_pass_after else PairOutcome.LOST
    return PairOutcome.GAINED if is_pass_after else PairOutcome.BOTH_FAIL


def _figures(heads: Sequence[RolloutHead]) -> SideFigures:
    return SideFigures(
        num_scored=len(heads),
        num_passed=sum(bool(head.is_pass) for head in heads),
        mean_reward=fmean(head.reward for head in heads if head.reward is not None),
    )


def _slice(name: str, tasks: Sequence[ComparedTask]) -> ComparedSlice:
    before = [t.baseline.pass_share for t in tasks]
    after = [t.trained.pass_share for t in tasks]
    return ComparedSlice(
        name=name,
        num_tasks=len(tasks),
        baseline_pass_rate=fmean(before),
        trained_pass_rate=fmean(after),
        pass_gain=paired_gain(before, after),
        reward_gain=fmean(t.reward_gain for t in tasks),
        num_gained=sum(t.outcome is PairOutcome.GAINED for t in tasks),
        num_lost=sum(t.outcome is PairOutcome.LOST for t in tasks),
    )


def _pass_gain(tasks: Sequence[ComparedTask]) -> Interval | None:
    return paired_gain(
        [t.baseline.pass_share for t in tasks], [t.trained.pass_share for t in tasks]
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
