"""The audit of rubrics: planted errors must cost a criterion."""

from world_builder.audit.report import AuditFailure, AuditReport
from world_builder.audit.solutions import OnTask
from world_builder.mutation import MIN_PLANTED, MutationReport, Planter, mutation_score
from world_builder.workbench import Workbench

MIN_SCORE = 0.9
"""Share of planted errors that a rubric must notice."""


def audit_mutation(bench: Workbench, on_task: OnTask, seed: int = 0) -> AuditReport:
    """Every rubric notices nearly all planted errors. Survivors are its observations."""
    planter = Planter(bench)
    reports: list[MutationReport] = []
    for task in bench.world.tasks:
        if task.reference_solution is not None:
            reports.append(mutation_score(task, planter, seed))
        on_task()
    failures = tuple(failure for report in reports for failure in _failures(report))
    return AuditReport(
        name="mutation",
        is_met=not failures and len(reports) == len(bench.world.tasks),
        detail=_detail(reports),
        failures=failures,
        observations=tuple(f"{r.task_id}: {s}" for r in reports for s in r.survivors),
    )


def _failures(report: MutationReport) -> list[AuditFailure]:
    found: list[AuditFailure] = []
    if report.num_planted and report.score < MIN_SCORE:
        told = "; ".join(str(survivor) for survivor in report.survivors)
        message = f"score {report.score:.2f} of {report.num_planted}, unnoticed: {told}"
        hint = "add or sharpen the criterion that each of these must break"
        found.append(AuditFailure(task_id=report.task_id, message=message, hint=hint))
    if not report.has_enough:
        message = f"only {report.num_planted} errors can be planted, {MIN_PLANTED} are wanted"
        hint = "let the reference state more facts or do more"
        found.append(AuditFailure(task_id=report.task_id, message=message, hint=hint))
    return found


def _detail(reports: list[MutationReport]) -> str:
    planted = sum(report.num_planted for report in reports)
    killed = sum(report.num_killed for report in reports)
    lowest = min((report.score for report in reports), default=0.0)
    undecided = sum(len(report.undecided) for report in reports)
    judged = f"; {undecided} criteria need a judge" if undecided else ""
    return f"{killed} of {planted} planted errors noticed, lowest score {lowest:.2f}{judged}"
