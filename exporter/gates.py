"""What must hold of a world before it is published.

Between validation and `writer`: it runs the reference solutions and the empty answer in process,
by checks alone. What checks can't decide is reported as such, neither passed nor failed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from exporter.layout import RESERVED_ENTITY_TYPE
from exporter.manifest import Gate, GateFailure, GateReport
from world_builder.checking import CheckContext, check_rubric
from world_builder.engine import Engine
from world_builder.entities import target_of
from world_builder.errors import WorldError
from world_builder.operations import Severity
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
from world_builder.tasks import ReferenceSolution, Split, Task
from world_builder.trajectory import Trajectory
from world_builder.validation import validate_world
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


def run_gates(
    world: World, *, override_reason: str = "", on_task: OnTask = lambda: None
) -> GateReport:
    """The report on every gate, the same for the same world."""
    validity = _validation(world)
    runs = _run_gates(world, on_task) if validity.is_met else _not_run()
    gates = (
        validity,
        _references(world),
        *runs,
        _distinct_prompts(world),
        _no_leak(world),
        _decidable(world),
        _coverage(world),
    )
    return GateReport(gates=gates, override_reason=override_reason)


def _validation(world: World) -> Gate:
    problems = validate_world(world)
    failures = [
        GateFailure(path=p.path, message=p.message, hint=p.hint)
        for p in problems
        if p.severity is Severity.ERROR
    ]
    if any(t.name == RESERVED_ENTITY_TYPE for t in world.entity_types):
        failures.append(
            GateFailure(
                path=f"entity_types.{RESERVED_ENTITY_TYPE}",
                message="a bundle keeps its schema under this name",
                hint="rename the type",
            )
        )
    num_warnings = sum(p.severity is Severity.WARNING for p in problems)
    detail = f"{len(failures)} errors, {num_warnings} warnings"
    return _gate("validation", detail, failures)


def _references(world: World) -> Gate:
    ids = {name: {str(r.get("id")) for r in records} for name, records in world.entities.items()}
    failures: list[GateFailure] = []
    num_references = 0
    for path, target, entity_id in _pointers(world):
        num_references += 1
        if entity_id not in ids.get(target, set()):
            hint = f"point it at a {target} that exists, or add that {target}"
            message = f"no {target} {entity_id!r}"
            failures.append(GateFailure(path=path, message=message, hint=hint))
    return _gate("references", f"{num_references} references looked up", failures)


def _pointers(world: World) -> Iterator[tuple[str, str, str]]:
    """Path, type and id of everything that an entity points at."""
    for declared in world.entity_types:
        for record in world.entities.get(declared.name, ()):
            for field in declared.references():
                value = record.get(field.name)
                for entity_id in value if isinstance(value, list) else (value,):
                    if entity_id is not None:
                        path = f"entities.{declared.name}.{record.get('id')}.{field.name}"
                        yield path, target_of(field) or "", str(entity_id)


def _run_gates(world: World, on_task: OnTask) -> tuple[Gate, Gate]:
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


def _not_run() -> tuple[Gate, Gate]:
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


def _attempt(
    base: WorldBase, task: Task, answer: ReferenceSolution, engine: Engine
) -> _Run | GateFailure:
    try:
        trajectory: Trajectory = replay(base, task, answer, engine)
        context = CheckContext(task=task, trajectory=trajectory, base=base)
        verdicts, left = check_rubric(context)
    except WorldError as error:
        return GateFailure(path=f"tasks.{task.id}", message=f"cannot be run: {error}")
    return _Run(task=task, judgement=judgement(task.rubric, verdicts), left=left)


def _reference_gate(results: Iterable[_Run | GateFailure]) -> Gate:
    failures: list[GateFailure] = []
    needs_judge: list[str] = []
    num_passed = 0
    for result in results:
        if isinstance(result, GateFailure):
            failures.append(result)
        elif result.refused or (not result.left and not _is_perfect(result.judgement)):
            failures.append(_reference_failure(result))
        elif result.left:
            needs_judge.append(result.task.id)
        else:
            num_passed += 1
    detail = f"{num_passed} pass with reward 1.0, {len(failures)} fail"
    if needs_judge:
        detail += f", {len(needs_judge)} need a judge"
    return _gate("reference_solutions", detail, failures, needs_judge=tuple(needs_judge))


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
    return _gate("empty_answer", f"mean reward {mean:.3f} over {len(earned)} tasks", failures)


def _best_paid(runs: list[_Run]) -> str:
    ranked = sorted(runs, key=lambda run: (-reward(run.task.rubric, run.met), run.task.id))
    return ", ".join(run.task.id for run in ranked[:3])


def _distinct_prompts(world: World) -> Gate:
    failures = [
        GateFailure(
            path=f"tasks.{task.id}.prompt",
            message=f"the same prompt as {group[0].id}",
            hint="ask for something else, or remove one of the two",
        )
        for group in _same_prompt(world)
        for task in group[1:]
    ]
    return _gate("distinct_prompts", f"{len(world.tasks)} prompts compared", failures)


def _no_leak(world: World) -> Gate:
    failures = [
        GateFailure(
            path=f"tasks.{task.id}.split",
            message=f"held out, but {trained.id} trains on the same prompt",
            hint="put both on one side of the split",
        )
        for group in _same_prompt(world)
        for trained in [t for t in group if t.split is Split.TRAIN][:1]
        for task in group
        if task.split is Split.HELD_OUT
    ]
    sizes = {split: len(world.tasks_in(split)) for split in Split}
    detail = f"{sizes[Split.TRAIN]} train, {sizes[Split.HELD_OUT]} held out"
    return _gate("no_leak", detail, failures)


def _same_prompt(world: World) -> list[list[Task]]:
    """Tasks that ask the same, spaces and case aside; groups of two or more."""
    groups: dict[str, list[Task]] = defaultdict(list)
    for task in world.tasks:
        groups[" ".join(task.prompt.casefold().split())].append(task)
    return [group for group in groups.values() if len(group) > 1]


def _decidable(world: World) -> Gate:
    failures: list[GateFailure] = []
    num_checked = num_judged = 0
    for task in world.tasks:
        for i, criterion in enumerate(task.rubric.criteria):
            num_checked += criterion.check is not None
            if criterion.check is not None:
                continue
            num_judged += 1
            if not (criterion.examples.met and criterion.examples.unmet):
                failures.append(_undecidable(task, i))
    detail = f"{num_checked} criteria have a check, {num_judged} are left to a judge"
    return _gate("decidable_criteria", detail, failures)


def _undecidable(task: Task, index: int) -> GateFailure:
    return GateFailure(
        path=f"tasks.{task.id}.rubric.criteria[{index}]",
        message="has no check, and no examples that a judge could be tried on",
        hint="add a check, or an answer that meets it and one that does not",
    )


def _coverage(world: World) -> Gate:
    """Only warns: an unused tool may be a distractor."""
    solutions = (t.reference_solution for t in world.tasks if t.reference_solution is not None)
    used = {call.tool for solution in solutions for call in solution.calls}
    failures = [
        GateFailure(
            path=f"tools.{tool.name}",
            message="no reference solution calls it",
            hint="add a task that needs it",
        )
        for tool in world.tools
        if tool.name not in used
    ]
    detail = f"{len(world.tools) - len(failures)} of {len(world.tools)} tools are used"
    return _gate("tool_coverage", detail, failures, is_blocking=False)


def _gate(
    name: str,
    detail: str,
    failures: Iterable[GateFailure],
    *,
    is_blocking: bool = True,
    needs_judge: tuple[str, ...] = (),
) -> Gate:
    found = tuple(failures)
    return Gate(
        name=name,
        is_met=not found,
        is_blocking=is_blocking,
        detail=detail,
        failures=found,
        needs_judge=needs_judge,
    )
