"""The gates that run tasks: references pass, the empty answer earns nothing, errors are noticed.

Half of `gates`, apart because it needs the engine. `task_runs` runs a task, `run_cache` keeps what
it said; here the runs of all tasks become gates.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exporter.manifest import Gate, GateFailure, gate
from exporter.run_cache import RunCache, RunKeys
from exporter.task_runs import AnswerRun, PlantedRun, TaskRunner
from world_builder.audit.rubrics import MIN_SCORE
from world_builder.mutation import MIN_PLANTED
from world_builder.tasks import Task
from world_builder.wording import counted
from world_builder.world import World

EMPTY_REWARD_LIMIT = 0.2
"""The empty answer must earn less than this on average."""

OnTask = Callable[[], None]
"""Called once a task has been run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRuns:
    """What running every task of a world said."""

    tasks: tuple[Task, ...]
    answers: Mapping[str, AnswerRun]
    """By task."""
    planted: Mapping[str, PlantedRun | None]


def run_tasks(world: World, on_task: OnTask, kept: RunCache, keys: RunKeys) -> TaskRuns:
    """Runs every task of a world without errors, unless the cache knows what comes out."""
    runner = TaskRunner(world)
    answers: dict[str, AnswerRun] = {}
    planted: dict[str, PlantedRun | None] = {}
    for task in world.tasks:
        answers[task.id] = _answers(runner, keys, kept, task)
        planted[task.id] = _planted(runner, keys, kept, task)
        on_task()
    return TaskRuns(tasks=world.tasks, answers=answers, planted=planted)


def task_gates(runs: TaskRuns) -> tuple[Gate, Gate, Gate]:
    """The gates `reference_solutions`, `empty_answer` and `mutation_score`."""
    answers = [(task.id, runs.answers[task.id]) for task in runs.tasks]
    return _reference_gate(answers), _empty_gate(answers), _mutation_gate(runs)


def task_gates_not_run() -> tuple[Gate, Gate, Gate]:
    """The same gates, shut, for a world that cannot be run."""
    detail = "not run: the world has errors"
    return (
        Gate(name="reference_solutions", is_met=False, detail=detail),
        Gate(name="empty_answer", is_met=False, detail=detail),
        Gate(name="mutation_score", is_met=False, detail=detail),
    )


def _answers(runner: TaskRunner, keys: RunKeys, cache: RunCache, task: Task) -> AnswerRun:
    key = keys.answers(task)
    if (text := cache.get(key)) is not None:
        return AnswerRun.model_validate_json(text)
    found = runner.answers(task)
    cache.put(key, found.model_dump_json())
    return found


def _planted(runner: TaskRunner, keys: RunKeys, cache: RunCache, task: Task) -> PlantedRun | None:
    key = keys.planted(task)
    if (text := cache.get(key)) is not None:
        return PlantedRun.model_validate_json(text)
    found = runner.planted(task)
    if found is not None:
        cache.put(key, found.model_dump_json())
    return found


def _reference_gate(answers: Sequence[tuple[str, AnswerRun]]) -> Gate:
    failures = [run.reference for _, run in answers if run.reference is not None]
    needs_judge = tuple(task_id for task_id, run in answers if run.needs_judge)
    num_passed = len(answers) - len(failures) - len(needs_judge)
    detail = f"{num_passed:,} pass with reward 1.0, {len(failures):,} fail"
    if needs_judge:
        detail += f", {len(needs_judge):,} need a judge"
    return gate("reference_solutions", detail, failures, needs_judge=needs_judge)


def _empty_gate(answers: Sequence[tuple[str, AnswerRun]]) -> Gate:
    failures = [run.empty for _, run in answers if run.empty is not None]
    earned = {i: run.empty_reward for i, run in answers if run.empty_reward is not None}
    mean = sum(earned.values()) / len(earned) if earned else 0.0
    if mean >= EMPTY_REWARD_LIMIT:
        best = ", ".join(sorted(earned, key=lambda i: (-earned[i], i))[:3])
        message = f"the empty answer earns {mean:.3f} on average; under {EMPTY_REWARD_LIMIT} wanted"
        hint = f"tighten the criteria it meets, most of all in: {best}"
        failures.append(GateFailure(path="tasks", message=message, hint=hint))
    detail = f"mean reward {mean:.3f} over {counted(len(earned), 'task')}"
    return gate("empty_answer", detail, failures)


def _mutation_gate(runs: TaskRuns) -> Gate:
    found = [(task, run) for task in runs.tasks if (run := runs.planted[task.id]) is not None]
    failures = [failure for task, run in found for failure in _unnoticed(task, run)]
    num_planted = sum(run.num_planted for _, run in found)
    num_killed = sum(run.num_killed for _, run in found)
    lowest = min((run.score for _, run in found), default=0.0)
    detail = f"{num_killed:,} of {num_planted:,} planted errors noticed, lowest score {lowest:.2f}"
    needs_judge = tuple(t.id for t, run in found if run.needs_judge and run.score < MIN_SCORE)
    if needs_judge:
        detail += f", {len(needs_judge):,} need a judge"
    return gate("mutation_score", detail, failures, needs_judge=needs_judge)


def _unnoticed(task: Task, run: PlantedRun) -> list[GateFailure]:
    failures: list[GateFailure] = []
    if run.num_planted and run.score < MIN_SCORE and not run.needs_judge:
        message = f"score {run.score:.2f} of {run.num_planted}: {'; '.join(run.survivors)}"
        hint = "add or sharpen the criterion that each of these must break"
        failures.append(
            GateFailure(path=f"tasks.{task.id}.rubric.criteria", message=message, hint=hint)
        )
    if run.num_planted < MIN_PLANTED:
        message = f"only {counted(run.num_planted, 'error')} can be planted, {MIN_PLANTED} wanted"
        hint = "let the reference state more facts or do more"
        path = f"tasks.{task.id}.reference_solution"
        failures.append(GateFailure(path=path, message=message, hint=hint))
    return failures
