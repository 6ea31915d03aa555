"""Audits that run solutions: references must pass, answers without work must not."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from random import Random

from world_builder.audit.outcomes import Outcome, attempt, quick_outcome
from world_builder.audit.report import AuditFailure, AuditReport
from world_builder.tasks import ReferenceSolution, Task
from world_builder.workbench import Workbench

OTHER_VARIATION_LIMIT = 0.02
"""Share of attempts with another variation's solution that may pass."""

OnTask = Callable[[], None]
"""Called once a task has been audited."""


def audit_references(bench: Workbench, on_task: OnTask) -> AuditReport:
    """Every reference solution meets every criterion that a check decides."""
    failures: list[AuditFailure] = []
    num_open = 0
    for task in bench.world.tasks:
        failures += _reference_failure(bench, task)
        num_open += any(criterion.check is None for criterion in task.rubric.criteria)
        on_task()
    detail = f"{len(bench.world.tasks) - len(failures)} of {len(bench.world.tasks)} pass"
    return AuditReport(
        name="references",
        is_met=not failures,
        detail=detail + (f"; {num_open} also need a judge" if num_open else ""),
        failures=tuple(failures),
    )


def audit_empty(bench: Workbench, on_task: OnTask) -> AuditReport:
    """The empty answer passes no task."""
    return _audit_answers(bench, on_task, "empty", lambda task: [("the empty answer", "")])


def audit_restated(bench: Workbench, on_task: OnTask) -> AuditReport:
    """An answer that only restates what was asked passes no task."""

    def restatements(task: Task) -> list[tuple[str, str]]:
        policy = bench.world.policy(task.system_prompt).text
        titled = f"{task.title}\n\n{task.prompt}"
        return [
            ("the prompt restated", task.prompt),
            ("title and prompt restated", titled),
            ("title, prompt and system prompt restated", f"{titled}\n\n{policy}"),
        ]

    return _audit_answers(bench, on_task, "restated", restatements)


def audit_other_variation(
    bench: Workbench, on_task: OnTask, seed: int = 0, num_others: int | None = 3
) -> AuditReport:
    """The solution of another variation of a scenario hardly ever passes.

    `num_others` variations are tried for each task, drawn by seed; None tries all.
    """
    failures: list[AuditFailure] = []
    num_attempts = 0
    for task, others in _with_others(bench.world.tasks, seed, num_others):
        passed = [o.id for o in others if _passes_with(bench, task, o)]
        num_attempts += len(others)
        failures += [_variation_failure(task, other) for other in passed]
        on_task()
    share = len(failures) / num_attempts if num_attempts else 0.0
    return AuditReport(
        name="other_variation",
        is_met=share <= OTHER_VARIATION_LIMIT,
        detail=f"{len(failures)} of {num_attempts} attempts pass ({share:.1%}, at most "
        f"{OTHER_VARIATION_LIMIT:.0%} may)",
        failures=tuple(failures),
    )


def _reference_failure(bench: Workbench, task: Task) -> list[AuditFailure]:
    if task.reference_solution is None:
        hint = "record the calls and the answer that solve it"
        return [AuditFailure(task_id=task.id, message="has no reference solution", hint=hint)]
    run = attempt(bench, task, task.reference_solution)
    told = [f"{v.criterion_id} is {v.value}: {v.reason}" for v in run.refused_by]
    refused = [record for record in run.trajectory.calls if record.is_error]
    if bool(refused) != task.reference_solution.expects_refusals:
        calls = ", ".join(f"{r.call.tool}: {r.value.get('message')}" for r in refused)
        told.append(f"refused calls: {calls}" if refused else "no call is refused, as it expects")
    if not told:
        return []
    hint = "mend the solution, or the criterion or call that refuses it"
    message = f"the reference fails: {'; '.join(told)}"
    return [AuditFailure(task_id=task.id, message=message, hint=hint)]


def _audit_answers(
    bench: Workbench,
    on_task: OnTask,
    name: str,
    answers: Callable[[Task], list[tuple[str, str]]],
) -> AuditReport:
    failures: list[AuditFailure] = []
    num_open = 0
    for task in bench.world.tasks:
        for told, response in answers(task):
            outcome = quick_outcome(bench, task, ReferenceSolution(response=response))
            num_open += outcome is Outcome.OPEN
            if outcome is Outcome.PASSED:
                hint = "add a criterion that only the work can meet"
                failures.append(AuditFailure(task_id=task.id, message=f"{told} passes", hint=hint))
        on_task()
    open_ = f"; {num_open} are left to a judge" if num_open else ""
    detail = f"{len({f.task_id for f in failures})} of {len(bench.world.tasks)} tasks pass{open_}"
    return AuditReport(name=name, is_met=not failures, detail=detail, failures=tuple(failures))


def _with_others(
    tasks: tuple[Task, ...], seed: int, num_others: int | None
) -> Iterator[tuple[Task, list[Task]]]:
    scenarios: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.scenario and task.reference_solution is not None:
            scenarios[task.scenario].append(task)
    for task in tasks:
        others = [o for o in scenarios.get(task.scenario, ()) if o.id != task.id]
        if num_others is not None and len(others) > num_others:
            others = Random(f"{seed}:{task.id}").sample(others, num_others)
        yield task, others


def _passes_with(bench: Workbench, task: Task, other: Task) -> bool:
    solution = other.reference_solution
    return solution is not None and quick_outcome(bench, task, solution) is Outcome.PASSED


def _variation_failure(task: Task, other_id: str) -> AuditFailure:
    return AuditFailure(
        task_id=task.id,
        message=f"the solution of {other_id} passes",
        hint="add a criterion on what sets the two apart, or drop one of them",
    )
