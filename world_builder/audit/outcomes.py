"""Whether a solution passes a task as far as checks can tell.

A criterion without a check leaves the outcome open unless another one refuses: nothing is passed
or failed for want of a judge.
"""

from dataclasses import dataclass
from enum import StrEnum

from world_builder.checking import CheckContext, check_criterion
from world_builder.checks import reads_state
from world_builder.rubrics import Criterion, CriterionKind, Rubric, Verdict, VerdictValue
from world_builder.tasks import ReferenceSolution, Task
from world_builder.trajectory import StopReason, Trajectory
from world_builder.workbench import Workbench


class Outcome(StrEnum):
    PASSED = "passed"
    REFUSED = "refused"
    """Some demanded criterion is not met."""
    OPEN = "open"
    """All checks are met; a judge has to decide the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How a solution fared."""

    outcome: Outcome
    refused_by: tuple[Verdict, ...]
    """The demanded criteria that are not met."""
    trajectory: Trajectory


def attempt(bench: Workbench, task: Task, solution: ReferenceSolution) -> Attempt:
    """How a solution fares in a task, every check decided."""
    trajectory = bench.run(task, solution)
    context = CheckContext(task=task, trajectory=trajectory, base=bench.base)
    verdicts = [check_criterion(criterion, context) for criterion in demanded(task.rubric)]
    refused = tuple(v for v in verdicts if v is not None and v.value is not VerdictValue.MET)
    outcome = Outcome.OPEN if None in verdicts else Outcome.PASSED
    return Attempt(
        outcome=Outcome.REFUSED if refused else outcome,
        refused_by=refused,
        trajectory=trajectory,
    )


def quick_outcome(bench: Workbench, task: Task, solution: ReferenceSolution) -> Outcome:
    """The same outcome, without running the calls when the response alone is refused."""
    said = Trajectory(
        task_id=task.id,
        messages=(),
        response=solution.response,
        stop_reason=StopReason.FINAL_RESPONSE,
    )
    context = CheckContext(task=task, trajectory=said, base=bench.base)
    for criterion in demanded(task.rubric):
        if criterion.check is not None and not reads_state(criterion.check):
            verdict = check_criterion(criterion, context)
            if verdict is not None and verdict.value is not VerdictValue.MET:
                return Outcome.REFUSED
    return attempt(bench, task, solution).outcome


def demanded(rubric: Rubric) -> tuple[Criterion, ...]:
    """The criteria that a pass depends on: all but extra credit."""
    return tuple(c for c in rubric.criteria if c.kind is not CriterionKind.EXTRA_CREDIT)
