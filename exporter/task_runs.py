"""Runs one task for the gates: its reference solution, the empty answer and planted errors.

What comes out is data that depends on the task and its world alone, so that `run_cache` can keep
it. `task_gates` turns it into gates. What checks can't decide is said as such, neither passed nor
failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from exporter.manifest import GateFailure
from world_builder.checking import CheckContext, check_rubric
from world_builder.errors import SandboxError, WorldError
from world_builder.frozen import Frozen
from world_builder.mutation import Planter, mutation_score
from world_builder.rubrics import (
    CriterionKind,
    Judgement,
    Verdict,
    VerdictValue,
    is_pass,
    judgement,
    reward,
)
from world_builder.tasks import ReferenceSolution, Task
from world_builder.trajectory import CallRecord
from world_builder.workbench import Workbench
from world_builder.world import World

EMPTY_ANSWER = ReferenceSolution(response="")


class AnswerRun(Frozen):
    """How the reference solution and the empty answer of a task fare."""

    reference: GateFailure | None
    """Why the reference does not pass; None when it does, as far as checks can tell."""
    needs_judge: bool
    """True when a judge has to decide the rest."""
    empty: GateFailure | None
    """Why the empty answer cannot stand; None when it passes nothing."""
    empty_reward: float | None
    """None when it could not be run."""


class PlantedRun(Frozen):
    """How well the rubric of a task notices planted errors."""

    num_planted: int
    num_killed: int
    survivors: tuple[str, ...]
    """What went unnoticed, a line each."""
    needs_judge: bool
    """True when some criterion has no check: a judge may notice what checks do not."""

    @property
    def score(self) -> float:
        """Killed by planted, in [0, 1]; 0 when nothing could be planted."""
        return self.num_killed / self.num_planted if self.num_planted else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """The rollout of an answer and what the checks say of it."""

    context: CheckContext
    verdicts: tuple[Verdict, ...]
    is_open: bool
    """True when a judge has to decide the rest."""

    @property
    def judgement(self) -> Judgement:
        return judgement(self.context.task.rubric, self.verdicts)


class TaskRunner:
    """Runs the tasks of one world without errors."""

    def __init__(self, world: World) -> None:
        self._bench = Workbench(world)
        self._last: tuple[Task, _Judged] | None = None
        """The last reference that was run: both kinds of run of a task need it."""

    @cached_property
    def _planter(self) -> Planter:
        return Planter(self._bench)

    def answers(self, task: Task) -> AnswerRun:
        """How its reference solution and the empty answer fare."""
        reference, needs_judge = self._reference(task)
        empty, earned = self._empty(task)
        return AnswerRun(
            reference=reference, needs_judge=needs_judge, empty=empty, empty_reward=earned
        )

    def planted(self, task: Task) -> PlantedRun | None:
        """How its rubric fares; None for a task that has no reference, or cannot be run."""
        if task.reference_solution is None:
            return None
        try:
            known = self._judged_reference(task, task.reference_solution)
            report = mutation_score(
                task, self._planter, reference=known.context, verdicts=known.verdicts
            )
        except SandboxError:
            raise
        except WorldError:
            return None
        return PlantedRun(
            num_planted=report.num_planted,
            num_killed=report.num_killed,
            survivors=tuple(str(survivor) for survivor in report.survivors),
            needs_judge=bool(report.undecided),
        )

    def _reference(self, task: Task) -> tuple[GateFailure | None, bool]:
        solution = task.reference_solution
        if solution is None:
            hint = "record one by calling the tools and writing the answer"
            return _failure(task, "reference_solution", "is missing", hint), False
        try:
            judged = self._judged_reference(task, solution)
        except WorldError as error:
            return _broken(task, error), False
        found, is_open = judged.judgement, judged.is_open
        if unmeant := _unmeant(solution, judged.context.trajectory.calls):
            hint = "mend the call, or say that refusals are meant (expects_refusals)"
            return _failure(task, "reference_solution.calls", unmeant, hint), False
        refused = _refused(task, found)
        if refused or not (is_open or _is_perfect(found)):
            why = "; ".join(refused) or f"earns {found.reward}"
            hint = "mend the answer or the criterion: a reference must meet every one"
            return _failure(task, "reference_solution", why, hint), False
        return None, is_open

    def _empty(self, task: Task) -> tuple[GateFailure | None, float | None]:
        """Criteria left to a judge count as unmet: no judge meets one on an empty answer."""
        try:
            found = self._judged(task, EMPTY_ANSWER).judgement
        except WorldError as error:
            return _broken(task, error), None
        met = {v.criterion_id for v in found.verdicts if v.value is VerdictValue.MET}
        earned = reward(task.rubric, met)
        if not is_pass(task.rubric, met):
            return None, earned
        hint = "add a criterion that only an answer or a tool call can meet"
        return _failure(task, "rubric", "the empty answer passes", hint), earned

    def _judged_reference(self, task: Task, solution: ReferenceSolution) -> _Judged:
        if self._last is None or self._last[0] is not task:
            self._last = (task, self._judged(task, solution))
        return self._last[1]

    def _judged(self, task: Task, answer: ReferenceSolution) -> _Judged:
        trajectory = self._bench.run(task, answer)
        context = CheckContext(task=task, trajectory=trajectory, base=self._bench.base)
        verdicts, left = check_rubric(context)
        return _Judged(context=context, verdicts=verdicts, is_open=bool(left))


def _failure(task: Task, place: str, message: str, hint: str) -> GateFailure:
    return GateFailure(path=f"tasks.{task.id}.{place}", message=message, hint=hint)


def _broken(task: Task, error: WorldError) -> GateFailure:
    if isinstance(error, SandboxError):
        raise error  # of this machine, not of the task: it must not be kept
    return GateFailure(path=f"tasks.{task.id}", message=f"cannot be run: {error}")


def _is_perfect(found: Judgement) -> bool:
    return found.is_pass is True and found.reward == 1.0


def _refused(task: Task, found: Judgement) -> tuple[str, ...]:
    """What the checks hold against the answer, one line a criterion."""
    optional = {c.id for c in task.rubric.of_kind(CriterionKind.EXTRA_CREDIT)}
    return tuple(
        f"{v.criterion_id} is {v.value.value}: {v.reason}"
        for v in found.verdicts
        if v.value is not VerdictValue.MET and v.criterion_id not in optional
    )


def _unmeant(solution: ReferenceSolution, calls: Sequence[CallRecord]) -> str:
    """The first call that was refused without intent, or the refusal that did not come."""
    refused = [(i, record) for i, record in enumerate(calls, 1) if record.is_error]
    if solution.expects_refusals:
        return "" if refused else "expects a refusal, but the world takes every call"
    for i, record in refused:
        why = record.value.get("message", "no reason given")
        return f"call {i} ({record.call.tool}) is refused: {why}"
    return ""
