"""What an evaluation found: pass rate, reward and where points were lost.

Made of judged rollout records alone, so a stored run can be reported again without a policy.
Unscored rollouts are counted and otherwise left out: they are no failures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Literal

from rl_backend.evaluation.pass_rate import Interval, pass_at_k, pass_hat_k, wilson
from rl_backend.records import RolloutRecord
from world_builder.frozen import Frozen
from world_builder.rubrics import CriterionCategory, CriterionKind, VerdictValue
from world_builder.tasks import Category, Difficulty, Task


class CriterionOutcome(Frozen):
    """How often one criterion of one task was met."""

    id: str
    text: str
    category: CriterionCategory
    kind: CriterionKind
    num_met: int
    num_assessed: int


class TaskOutcome(Frozen):
    """What became of one task."""

    task_id: str
    title: str
    category: Category
    difficulty: Difficulty
    scenario: str
    is_unseen: bool = False
    """Whether no training task is of its scenario."""
    num_rollouts: int
    num_scored: int
    num_passed: int
    mean_reward: float | None
    """Over scored rollouts; None when none was scored."""
    criteria: tuple[CriterionOutcome, ...]

    @property
    def pass_share(self) -> float | None:
        """Share of scored rollouts that passed; None when none was scored."""
        return self.num_passed / self.num_scored if self.num_scored else None


class Slice(Frozen):
    """The same figures for some of the tasks."""

    name: str
    num_tasks: int
    pass_rate: Interval | None
    """None when no task of it was scored."""
    mean_reward: float | None


class CriterionRate(Frozen):
    """How often criteria of one category were met."""

    category: CriterionCategory
    num_met: int
    num_assessed: int
    rate: float


class KRate(Frozen):
    """Passing in k rollouts, mean over the tasks that have k scored ones."""

    k: int
    num_tasks: int
    pass_at_k: float
    """At least one of k passes."""
    pass_hat_k: float
    """All k pass."""


class EvalReport(Frozen):
    """One evaluation of one policy on tasks of one bundle."""

    v: Literal[1] = 1
    policy: str
    """What was evaluated, such as `scripted:reference` or a model's name."""
    policy_version: int = 0
    step: int = 0
    """Reinforcement steps before it; 0 is the baseline."""
    bundle: str
    """Name, version and digest."""
    split: str
    """`train`, `held_out` or `all`."""
    temperature: float | None = None
    """None for a policy without one."""
    tasks: int
    """Number of tasks tried."""
    pass_rate: float | None
    """Mean over scored tasks of the share of rollouts that passed; None when none was scored."""
    pass_rate_interval: Interval | None
    """95 % Wilson interval that counts a task once, however many rollouts it had."""
    mean_reward: float | None
    """Mean over scored tasks; None when none was scored."""
    num_rollouts: int
    num_scored: int
    num_unscored: int
    unscored_reasons: dict[str, int]
    """Count by reason."""
    stop_reasons: dict[str, int]
    """Count of rollouts by how they ended."""
    mean_turns: float
    mean_response_tokens: float
    num_malformed_calls: int
    seconds: float = 0.0
    k_rates: tuple[KRate, ...]
    """For each k up to the number of rollouts per task."""
    by_category: tuple[Slice, ...]
    by_difficulty: tuple[Slice, ...]
    by_scenario: tuple[Slice, ...]
    by_exposure: tuple[Slice, ...] = ()
    """Tasks of scenarios seen in training, and of scenarios never seen there."""
    by_criterion_category: tuple[CriterionRate, ...]
    outcomes: tuple[TaskOutcome, ...]
    """One per task, in the order of the bundle."""

    def outcome(self, task_id: str) -> TaskOutcome | None:
        """What became of a task; None when it was not tried."""
        return next((o for o in self.outcomes if o.task_id == task_id), None)


def make_report(
    records: Sequence[RolloutRecord],
    tasks: Iterable[Task],
    *,
    policy: str,
    bundle: str,
    split: str,
    policy_version: int = 0,
    step: int = 0,
    temperature: float | None = None,
    seconds: float = 0.0,
    unseen_scenarios: Collection[str] = (),
) -> EvalReport:
    """The report on judged rollouts of the given tasks; one without rollouts counts as tried.

    `unseen_scenarios` names the scenarios that no training task of the bundle is of.
    """
    by_task: dict[str, list[RolloutRecord]] = defaultdict(list)
    for record in records:
        by_task[record.task_id].append(record)
    outcomes = tuple(
        _outcome(task, by_task[task.id], is_unseen=task.scenario in unseen_scenarios)
        for task in tasks
    )
    whole = _slice("all", outcomes)
    scored = sum(o.num_scored for o in outcomes)
    return EvalReport(
        policy=policy,
        policy_version=policy_version,
        step=step,
        bundle=bundle,
        split=split,
        temperature=temperature,
        tasks=len(outcomes),
        pass_rate=whole.pass_rate.value if whole.pass_rate else None,
        pass_rate_interval=whole.pass_rate,
        mean_reward=whole.mean_reward,
        num_rollouts=len(records),
        num_scored=scored,
        num_unscored=len(records) - scored,
        unscored_reasons=_counts(_unscored_reason(r) for r in records if r.reward is None),
        stop_reasons=_counts(r.trajectory.stop_reason.value for r in records),
        mean_turns=_mean(num_turns(r) for r in records) or 0.0,
        mean_response_tokens=_mean(r.trajectory.num_tokens for r in records) or 0.0,
        num_malformed_calls=sum(num_malformed_calls(r) for r in records),
        seconds=seconds,
        k_rates=_k_rates(outcomes),
        by_category=_slices(outcomes, lambda o: o.category.value),
        by_difficulty=_slices(outcomes, lambda o: o.difficulty.value),
        by_scenario=_slices(outcomes, lambda o: o.scenario or o.task_id),
        by_exposure=_slices(outcomes, lambda o: "unseen scenario" if o.is_unseen else "seen"),
        by_criterion_category=_criterion_rates(outcomes),
        outcomes=outcomes,
    )


def num_turns(record: RolloutRecord) -> int:
    """Assistant messages of a rollout."""
    return sum(message.role == "assistant" for message in record.trajectory.messages)


def num_malformed_calls(record: RolloutRecord) -> int:
    """Calls that no tool could even read."""
    calls = record.trajectory.calls
    return sum(c.is_error and c.value.get("error") == "malformed_call" for c in calls)


def _outcome(task: Task, records: Sequence[RolloutRecord], *, is_unseen: bool) -> TaskOutcome:
    scored = [r for r in records if r.reward is not None]
    return TaskOutcome(
        task_id=task.id,
        title=task.title,
        category=task.category,
        difficulty=task.difficulty,
        scenario=task.scenario,
        is_unseen=is_unseen,
        num_rollouts=len(records),
        num_scored=len(scored),
        num_passed=sum(bool(r.is_pass) for r in scored),
        mean_reward=_mean(r.reward for r in scored if r.reward is not None),
        criteria=_criteria(task, scored),
    )


def _criteria(task: Task, scored: Sequence[RolloutRecord]) -> tuple[CriterionOutcome, ...]:
    values: dict[str, list[bool]] = defaultdict(list)
    for verdict in (v for r in scored if r.judgement for v in r.judgement.verdicts):
        if verdict.value is not VerdictValue.CANNOT_ASSESS:
            values[verdict.criterion_id].append(verdict.value is VerdictValue.MET)
    return tuple(
        CriterionOutcome(
            id=criterion.id,
            text=criterion.text,
            category=criterion.category,
            kind=criterion.kind,
            num_met=sum(values[criterion.id]),
            num_assessed=len(values[criterion.id]),
        )
        for criterion in task.rubric.criteria
    )


def _slice(name: str, outcomes: Sequence[TaskOutcome]) -> Slice:
    shares = [share for o in outcomes if (share := o.pass_share) is not None]
    return Slice(
        name=name,
        num_tasks=len(outcomes),
        pass_rate=wilson(fmean(shares), len(shares)) if shares else None,
        mean_reward=_mean(o.mean_reward for o in outcomes if o.mean_reward is not None),
    )


def _slices(
    outcomes: Sequence[TaskOutcome], name_of: Callable[[TaskOutcome], str]
) -> tuple[Slice, ...]:
    groups: dict[str, list[TaskOutcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[name_of(outcome)].append(outcome)
    return tuple(_slice(name, groups[name]) for name in sorted(groups))


def _criterion_rates(outcomes: Sequence[TaskOutcome]) -> tuple[CriterionRate, ...]:
    counts: Mapping[CriterionCategory, list[int]] = defaultdict(lambda: [0, 0])
    for criterion in (c for o in outcomes for c in o.criteria):
        counts[criterion.category][0] += criterion.num_met
        counts[criterion.category][1] += criterion.num_assessed
    return tuple(
        CriterionRate(category=category, num_met=met, num_assessed=num, rate=met / num)
        for category, (met, num) in sorted(counts.items())
        if num
    )


def _k_rates(outcomes: Sequence[TaskOutcome]) -> tuple[KRate, ...]:
    rates = []
    for k in range(1, max((o.num_scored for o in outcomes), default=0) + 1):
        counts = [(o.num_scored, o.num_passed) for o in outcomes if o.num_scored >= k]
        rates.append(
            KRate(
                k=k,
                num_tasks=len(counts),
                pass_at_k=fmean(pass_at_k(n, c, k) for n, c in counts),
                pass_hat_k=fmean(pass_hat_k(n, c, k) for n, c in counts),
            )
        )
    return tuple(rates)


def _unscored_reason(record: RolloutRecord) -> str:
    if record.judgement is not None and record.judgement.unscored_reason:
        return record.judgement.unscored_reason
    return record.excluded_reason or record.trajectory.stop_reason.value


def _counts(values: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for value in values:
        counts[value] += 1
    return dict(sorted(counts.items()))


def _mean(values: Iterable[float]) -> float | None:
    given = list(values)
    return fmean(given) if given else None
