"""The mutation score of a rubric: the share of planted mistakes that some criterion notices."""

from collections.abc import Iterable, Mapping

from world_builder.checking import CANNOT_RUN, CheckContext, check_rubric, decide
from world_builder.checks import Check, NoCollateral, reads_response, reads_state
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
    met = {v.criterion_id: v.evidence for v in found if v.value is VerdictValue.MET}
    guards = _Guards(task.rubric.criteria, met)
    planted = planter.plant(task, context.trajectory, seed)
    survivors = [s for p in planted if (s := _survivor(p, guards, context)) is not None]
    return MutationReport(
        task_id=task.id,
        num_planted=len(planted),
        num_killed=len(planted) - len(survivors),
        survivors=tuple(survivors),
        undecided=tuple(c.id for c in task.rubric.criteria if c.check is None),
        unmet=tuple(c.id for c in task.rubric.criteria if c.check and c.id not in met),
    )


class _Guards:
    """The checks that the reference meets, by what they look at, each with its criterion's id."""

    def __init__(self, criteria: Iterable[Criterion], met: Mapping[str, tuple[str, ...]]) -> None:
        """`met` holds what the reference's response says for a criterion, by its id."""
        found = [(c.id, c.check) for c in criteria if c.check is not None and c.id in met]
        self._of_response = [g for g in found if reads_response(g[1])]
        self._evidence = met
        self.ids = [criterion_id for criterion_id, _ in found]
        self.of_state = [g for g in found if reads_state(g[1])]
        """Those that may turn when other things were done: first what costs least."""
        self.of_state.sort(key=lambda g: not isinstance(g[1], NoCollateral))

    def of_response(self, response: str) -> list[tuple[str, Check]]:
        """Those that may turn when other things are said: first those whose evidence is gone."""
        return sorted(self._of_response, key=lambda g: self._is_evident(g[0], response))

    def _is_evident(self, criterion_id: str, response: str) -> bool:
        return all(passage in response for passage in self._evidence[criterion_id])


def _survivor(planted: Planted, guards: _Guards, reference: CheckContext) -> Survivor | None:
    """The mistake with the criteria that could not tell; None when one noticed.

    One that notices is enough, so those are asked first that most likely do.
    """
    context = CheckContext(task=reference.task, trajectory=planted.trajectory, base=reference.base)
    response = planted.trajectory.response
    says_otherwise = response != reference.trajectory.response
    asked = guards.of_response(response) if says_otherwise else guards.of_state
    unassessed: set[str] = set()
    for criterion_id, check in asked:
        try:
            if not decide(check, context).is_met:
                return None
        except CANNOT_RUN:
            unassessed.add(criterion_id)
    told = tuple(criterion_id for criterion_id in guards.ids if criterion_id in unassessed)
    return Survivor(mutant=planted.mutant, unassessed=told)
