"""The mutation score of a rubric: the share of planted mistakes that some criterion notices."""

from collections.abc import Iterable

from world_builder.checking import CANNOT_RUN, CheckContext, check_rubric, decide
from world_builder.checks import reads_response, reads_state
from world_builder.mutation.planting import Planted, Planter
from world_builder.mutation.types import Mutant, MutationReport, Survivor
from world_builder.rubrics import Criterion, Verdict, VerdictValue
from world_builder.tasks import Task
from world_builder.workbench import reference_of


def mutants(task: Task, planter: Planter, seed: int = 0) -> tuple[Mutant, ...]:
    """The task's reference solution with one mistake each, the same for the same seed.

    Raises WorldError when the task has no reference solution.
    """
    reference = planter.bench.run(task, reference_of(task))
    return tuple(planted.mutant for planted in planter.plant(task, reference, seed))


def mutation_score(
    task: Task,
    planter: Planter,
    seed: int = 0,
    reference: CheckContext | None = None,
    verdicts: Iterable[Verdict] | None = None,
) -> MutationReport:
    """How many planted mistakes the checks of a task's rubric notice.

    A mistake is killed when a criterion that the reference meets is unmet. `reference` is the
    rollout of the reference solution and `verdicts` what its checks found; None runs them. Raises
    WorldError when there is no solution.
    """
    context = reference or CheckContext(
        task=task, trajectory=planter.bench.run(task, reference_of(task)), base=planter.bench.base
    )
    found = check_rubric(context)[0] if verdicts is None else verdicts
    met_ids = {v.criterion_id for v in found if v.value is VerdictValue.MET}
    checked = [c for c in task.rubric.criteria if c.check is not None]
    met = [c for c in checked if c.id in met_ids]
    planted = planter.plant(task, context.trajectory, seed)
    survivors = [s for p in planted if (s := _survivor(p, met, context)) is not None]
    return MutationReport(
        task_id=task.id,
        num_planted=len(planted),
        num_killed=len(planted) - len(survivors),
        survivors=tuple(survivors),
        undecided=tuple(c.id for c in task.rubric.criteria if c.check is None),
        unmet=tuple(c.id for c in checked if c.id not in met_ids),
    )


def _survivor(planted: Planted, met: list[Criterion], reference: CheckContext) -> Survivor | None:
    """The mistake with the criteria that could not tell; None when one noticed."""
    context = CheckContext(task=reference.task, trajectory=planted.trajectory, base=reference.base)
    says_otherwise = planted.trajectory.response != reference.trajectory.response
    may_turn = reads_response if says_otherwise else reads_state
    unassessed: list[str] = []
    for criterion in met:
        if criterion.check is None or not may_turn(criterion.check):
            continue
        try:
            if not decide(criterion.check, context).is_met:
                return None
        except CANNOT_RUN:
            unassessed.append(criterion.id)
    return Survivor(mutant=planted.mutant, unassessed=tuple(unassessed))
