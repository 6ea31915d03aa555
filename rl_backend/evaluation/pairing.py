"""A baseline and a trained policy on identical tasks, side by side.

Made of the rollout records of two evaluations, it is what reviewers look at: per task the aligned
calls, the verdicts that flipped and both final worlds; over all tasks the gain with its interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Literal

from rl_backend.evaluation.alignment import AlignedStep, align_calls
from rl_backend.evaluation.pass_rate import Interval, PairedTest, mcnemar, paired_gain
from rl_backend.records import RolloutRecord
from world_builder.diff import Change, StateDiff
from world_builder.frozen import Frozen
from world_builder.rubrics import CriterionCategory, CriterionKind, Verdict, VerdictValue
from world_builder.tasks import Category, Difficulty, Task


class PairedVerdict(Frozen):
    """One criterion, judged for both policies."""

    criterion_id: str
    text: str
    category: CriterionCategory
    kind: CriterionKind
    baseline: Verdict | None
    """None when it was not judged."""
    trained: Verdict | None
    """None when it was not judged."""

    @property
    def is_gained(self) -> bool:
        """Unmet by the baseline, met after training."""
        return _values(self) == (VerdictValue.UNMET, VerdictValue.MET)

    @property
    def is_lost(self) -> bool:
        """Met by the baseline, unmet after training."""
        return _values(self) == (VerdictValue.MET, VerdictValue.UNMET)


class PairedChange(Frozen):
    """One entity that at least one policy changed."""

    entity_type: str
    id: str
    baseline: Change | None
    """None when the baseline left it as it was."""
    trained: Change | None
    """None when the trained policy left it as it was."""

    @property
    def is_same(self) -> bool:
        """True when it ended alike in both worlds."""
        return self.baseline == self.trained


class PairedTrajectory(Frozen):
    """One task, two rollouts."""

    task_id: str
    title: str
    category: Category
    difficulty: Difficulty
    prompt: str
    baseline: RolloutRecord
    trained: RolloutRecord
    steps: tuple[AlignedStep, ...]
    verdicts: tuple[PairedVerdict, ...]
    """One per criterion, in the rubric's order."""
    changes: tuple[PairedChange, ...]

    @property
    def is_gained(self) -> bool:
        """Passed after training alone."""
        return self.baseline.is_pass is False and self.trained.is_pass is True

    @property
    def is_lost(self) -> bool:
        """Passed by the baseline alone."""
        return self.baseline.is_pass is True and self.trained.is_pass is False


class PairedReview(Frozen):
    """Two policies compared on the tasks that both have scored rollouts of."""

    v: Literal[1] = 1
    baseline: str
    """Which policy was first, for people."""
    trained: str
    """Which policy was second, for people."""
    num_tasks: int
    """Tasks compared."""
    skipped_tasks: tuple[str, ...]
    """Tasks without a scored rollout on both sides."""
    baseline_pass_rate: float | None
    """None when nothing can be compared."""
    trained_pass_rate: float | None
    pass_gain: Interval | None
    """Difference of the pass rates with its 95 % bootstrap interval over tasks."""
    reward_gain: Interval | None
    test: PairedTest
    """McNemar's exact test on the shown pairs: one per task, so that pairs are independent."""
    pairs: tuple[PairedTrajectory, ...]

    def pair(self, task_id: str) -> PairedTrajectory | None:
        """The pair of a task; None when it was not compared."""
        return next((pair for pair in self.pairs if pair.task_id == task_id), None)


def compare(
    baseline: Sequence[RolloutRecord],
    trained: Sequence[RolloutRecord],
    tasks: Iterable[Task],
    *,
    baseline_name: str = "baseline",
    trained_name: str = "trained",
) -> PairedReview:
    """The review of two evaluations of the given tasks, in the order of the tasks.

    Rates use every scored rollout, a task counting once; of each task the scored rollouts with the
    lowest index are shown and tested.
    """
    first, second = _scored_by_task(baseline), _scored_by_task(trained)
    seen = [task for task in tasks if task.id in first.keys() | second.keys()]
    shared = [task for task in seen if task.id in first and task.id in second]
    pairs = tuple(pair_up(task, first[task.id][0], second[task.id][0]) for task in shared)
    before = [_pass_share(first[task.id]) for task in shared]
    after = [_pass_share(second[task.id]) for task in shared]
    return PairedReview(
        baseline=baseline_name,
        trained=trained_name,
        num_tasks=len(pairs),
        skipped_tasks=tuple(task.id for task in seen if task not in shared),
        baseline_pass_rate=fmean(before) if before else None,
        trained_pass_rate=fmean(after) if after else None,
        pass_gain=paired_gain(before, after),
        reward_gain=paired_gain(
            [_mean_reward(first[task.id]) for task in shared],
            [_mean_reward(second[task.id]) for task in shared],
        ),
        test=mcnemar(
            [bool(pair.baseline.is_pass) for pair in pairs],
            [bool(pair.trained.is_pass) for pair in pairs],
        ),
        pairs=pairs,
    )


def pair_up(task: Task, baseline: RolloutRecord, trained: RolloutRecord) -> PairedTrajectory:
    """Two rollouts of one task side by side."""
    return PairedTrajectory(
        task_id=task.id,
        title=task.title,
        category=task.category,
        difficulty=task.difficulty,
        prompt=task.prompt,
        baseline=baseline,
        trained=trained,
        steps=align_calls(baseline.trajectory.calls, trained.trajectory.calls),
        verdicts=_paired_verdicts(task, baseline, trained),
        changes=paired_changes(baseline.trajectory.diff, trained.trajectory.diff),
    )


def paired_changes(baseline: StateDiff, trained: StateDiff) -> tuple[PairedChange, ...]:
    """Every entity that either diff touches, by type and id."""
    first = {(c.entity_type, c.id): c for c in baseline.changes}
    second = {(c.entity_type, c.id): c for c in trained.changes}
    return tuple(
        PairedChange(
            entity_type=key[0], id=key[1], baseline=first.get(key), trained=second.get(key)
        )
        for key in sorted(first.keys() | second.keys())
    )


def _paired_verdicts(
    task: Task, baseline: RolloutRecord, trained: RolloutRecord
) -> tuple[PairedVerdict, ...]:
    first, second = _verdicts(baseline), _verdicts(trained)
    return tuple(
        PairedVerdict(
            criterion_id=criterion.id,
            text=criterion.text,
            category=criterion.category,
            kind=criterion.kind,
            baseline=first.get(criterion.id),
            trained=second.get(criterion.id),
        )
        for criterion in task.rubric.criteria
    )


def _verdicts(record: RolloutRecord) -> dict[str, Verdict]:
    return {v.criterion_id: v for v in record.judgement.verdicts} if record.judgement else {}


def _values(pair: PairedVerdict) -> tuple[VerdictValue | None, VerdictValue | None]:
    return (
        pair.baseline.value if pair.baseline else None,
        pair.trained.value if pair.trained else None,
    )


def _scored_by_task(records: Iterable[RolloutRecord]) -> dict[str, list[RolloutRecord]]:
    by_task: dict[str, list[RolloutRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda r: r.index):
        if record.reward is not None:
            by_task[record.task_id].append(record)
    return by_task


def _pass_share(records: Sequence[RolloutRecord]) -> float:
    return fmean(float(bool(record.is_pass)) for record in records)


def _mean_reward(records: Sequence[RolloutRecord]) -> float:
    return fmean(record.reward for record in records if record.reward is not None)
