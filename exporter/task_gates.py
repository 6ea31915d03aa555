"""The gates that run tasks: the reference solution and the empty answer, by checks alone.

Half of `gates`, apart because it needs the engine. What checks can't decide is reported as such,
neither passed nor failed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from exporter.manifest import Gate, GateFailure, gate
from world_builder.checking import CheckContext, check_rubric
from world_builder.engine import Engine
from world_builder.errors import WorldError
from world_builder.replay import replay
from world_builder.rubrics import (
    Criterion,
    CriterionKind,
    Judgement,
    VerdictValue,
    is_pass,
    judgement,
    reward,
)
from world_builder.state import WorldBase
from world_builder.tasks import ReferenceSolution, Task
from world_builder.trajectory import CallRecord
from world_builder.world import World

EMPTY_REWARD_LIMIT = 0.2
"""The empty answer must earn less than this on average."""

OnTask = Callable[[], None]
"""Called once a task has been run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A task run with some answer: what the checks say and what they leave open."""

    task: Task
    judgement: Judgement
    left: tuple[Criterion, ...]
    unmeant: str = ""
    """What is wrong with how the world took the reference's calls; empty when nothing is."""

    @property
    def met(self) -> set[str]:
        verdicts = self.judgement.verdicts
        return {v.criterion_id for v in verdicts if v.value is VerdictValue.MET}

    @property
    def refused(self) -> tuple[str, ...]:
        """What the checks hold against the answer, one line a criterion."""
        optional = {c.id for c in self.task.rubric.of_kind(CriterionKind.EXTRA_CREDIT)}
        return tuple(
            f"{v.criterion_id} is {v.value.value}: {v.reason}"
            for v in self.judgement.verdicts
            if v.value is not VerdictValue.MET and v.criterion_id not in optional
        )


def task_gates(world: World, on_task: OnTask) -> tuple[Gate, Gate]:
    """The gates `reference_solutions` and `empty_answer` of a world without errors."""
    base = WorldBase(world)
    engines: dict[str, Engine] = {}
    references: list[_Run | GateFailure] = []
    empties: list[_Run | GateFailure] = []
    for task in world.tasks:
        surface = task.tool_surface
        engine = engines.setdefault(surface, engines.get(surface) or Engine(world, surface))
        references.append(_reference_run(base, task, engine))
        empties.append(_attempt(base, task, ReferenceSolution(response=""), engine))
        on_task()
    return _reference_gate(references), _empty_gate(empties)


def task_gates_not_run() -> tuple[Gate, Gate]:
    """The same gates, shut, for a world that cannot be run."""
    detail = "not run: the world has errors"
    return (
        Gate(name="reference_solutions", is_met=False, detail=detail),
        Gate(name="empty_answer", is_met=False, detail=detail),
    )


def _reference_run(base: WorldBase, task: Task, engine: Engine) -> _Run | GateFailure:
    if task.reference_solution is None:
        return GateFailure(
            path=f"tasks.{task.id}.reference_solution",
            message="is missing",
            hint="record one by calling the tools and writing the answer",
        )
    return _attempt(base, task, task.reference_solution, engine)


def _unmeant(solution: ReferenceSolution, calls: Sequence[CallRecord]) -> str:
    """The first call that was refused without intent, or the refusal that did not come."""
    refused = [(i, record) for i, record in enumerate(calls, 1) if record.is_error]
    if solution.expects_refusals:
        return "" if refused else "expects a refusal, but the world takes every call"
    for i, record in refused:
        why = record.value.get("message", "no reason given")
        return f"call {i} ({record.call.tool}) is refused: {why}"
    return ""


def _attempt(
    base: WorldBase, task: Task, answer: ReferenceSolution, engine: Engine
) -> _Run | GateFailure:
    try:
        trajectory = replay(base, task, answer, engine)
        context = CheckContext(task=task, trajectory=trajectory, base=base)
        verdicts, left = check_rubric(context)
    except WorldError as error:
        return GateFailure(path=f"tasks.{task.id}", message=f"cannot be run: {error}")
    return _Run(
        task=task,
        judgement=judgement(task.rubric, verdicts),
        left=left,
        unmeant=_unmeant(answer, trajectory.calls),
    )


def _reference_gate(results: Iterable[_Run | GateFailure]) -> Gate:
    failures: list[GateFailure] = []
    needs_judge: list[str] = []
    num_passed = 0
    for result in results:
        if isinstance(result, GateFailure):
            failures.append(result)
        elif result.unmeant:
            failures.append(_call_failure(result))
        elif result.refused or (not result.left and not _is_perfect(result.judgement)):
            failures.append(_reference_failure(result))
        elif result.left:
            needs_judge.append(result.task.id)
        else:
            num_passed += 1
    detail = f"{num_passed} pass with reward 1.0, {len(failures)} fail"
    if needs_judge:
        detail += f", {len(needs_judge)} need a judge"
    return gate("reference_solutions", detail, failures, needs_judge=tuple(needs_judge))


def _call_failure(run: _Run) -> GateFailure:
    return GateFailure(
        path=f"tasks.{run.task.id}.reference_solution.calls",
        message=run.unmeant,
        hint="mend the call, or say that refusals are meant (expects_refusals)",
    )


def _is_perfect(found: Judgement) -> bool:
    return found.is_pass is True and found.reward == 1.0


def _reference_failure(run: _Run) -> GateFailure:
    why = "; ".join(run.refused) or f"earns {run.judgement.reward}"
    return GateFailure(
        path=f"tasks.{run.task.id}.reference_solution",
        message=why,
        hint="mend the answer or the criterion: a reference must meet every one",
    )


def _empty_gate(results: Iterable[_Run | GateFailure]) -> Gate:
    """Criteria left to a judge count as unmet: no judge meets one on an empty answer."""
    failures = [r for r in results if isinstance(r, GateFailure)]
    runs = [r for r in results if isinstance(r, _Run)]
    for run in runs:
        if is_pass(run.task.rubric, run.met):
            hint = "add a criterion that only an answer or a tool call can meet"
            path = f"tasks.{run.task.id}.rubric"
            failures.append(GateFailure(path=path, message="the empty answer passes", hint=hint))
    earned = [reward(run.task.rubric, run.met) for run in runs]
    mean = sum(earned) / len(earned) if earned else 0.0
    if mean >= EMPTY_REWARD_LIMIT:
        message = f"the empty answer earns {mean:.3f} on average; under {EMPTY_REWARD_LIMIT} wanted"
        hint = f"tighten the criteria it meets, most of all in: {_best_paid(runs)}"
        failures.append(GateFailure(path="tasks", message=message, hint=hint))
    return gate("empty_answer", f"mean reward {mean:.3f} over {len(earned)} tasks", failures)


def _best_paid(runs: list[_Run]) -> str:
    ranked = sorted(runs, key=lambda run: (-reward(run.task.rubric, run.met), run.task.id))
    return ", ".join(run.task.id for run in ranked[:3])
