"""What must hold of a world before it is published.

Between validation and `writer`. What is seen without running a task is found here, the rest in
`task_gates`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TypeAlias

from exporter.layout import RESERVED_ENTITY_TYPE
from exporter.manifest import Gate, GateFailure, GateReport, gate
from exporter.run_cache import MemoryRuns, RunCache, RunKeys, SoundRuns
from exporter.task_gates import OnTask, run_tasks, task_gates, task_gates_not_run
from world_builder.audit.similarity import audit_similarity
from world_builder.entities import target_of
from world_builder.operations import Severity
from world_builder.tasks import Split, Task
from world_builder.validation import SoundTasks, has_errors, validate_parts, validate_tasks
from world_builder.wording import counted
from world_builder.workbench import Workbench
from world_builder.world import World

Warm: TypeAlias = Callable[[RunKeys], None]


def run_gates(
    world: World,
    *,
    override_reason: str = "",
    on_task: OnTask = lambda: None,
    cache: RunCache | None = None,
    warm: Warm = lambda keys: None,
) -> GateReport:
    """The report on every gate, the same for the same world, whatever the cache holds.

    `warm` is called before tasks are looked at, once the rest of the world is known to have no
    errors: it may fill the cache.
    """
    kept: RunCache = MemoryRuns() if cache is None else cache
    keys = RunKeys(world)
    found = validity(world, SoundRuns(kept, keys), lambda: warm(keys))
    is_valid = found.is_met
    runs = task_gates(run_tasks(world, on_task, kept, keys)) if is_valid else task_gates_not_run()
    gates = (
        found,
        _references(world),
        *runs,
        _distinct_prompts(world),
        similar_prompts(world, keys, kept) if is_valid else _similarity_not_run(),
        _no_leak(world),
        _decidable(world),
        _coverage(world),
    )
    return GateReport(gates=gates, override_reason=override_reason)


def validity(
    world: World, sound: SoundTasks | None = None, warm: Callable[[], None] = lambda: None
) -> Gate:
    """The gate `validation`: errors of the world itself, and what no bundle could hold.

    `warm` is called before tasks are looked at, unless the rest has errors.
    """
    parts = validate_parts(world)
    if not has_errors(parts):
        warm()
    problems = (*parts, *validate_tasks(world, sound))
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
    detail = f"{counted(len(failures), 'error')}, {counted(num_warnings, 'warning')}"
    return gate("validation", detail, failures)


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
    return gate("references", f"{counted(num_references, 'reference')} looked up", failures)


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
    return gate("distinct_prompts", f"{counted(len(world.tasks), 'prompt')} compared", failures)


def similar_prompts(world: World, keys: RunKeys, cache: RunCache) -> Gate:
    """The audit of prompts: none is a near copy of another, facts aside."""
    key = keys.similarity()
    if (text := cache.get(key)) is not None:
        return Gate.model_validate_json(text)
    found = audit_similarity(Workbench(world), lambda: None)
    failures = [
        GateFailure(path=f"tasks.{f.task_id}.prompt", message=f.message, hint=f.hint)
        for f in found.failures
    ]
    compared = gate("similar_prompts", found.detail, failures)
    cache.put(key, compared.model_dump_json())
    return compared


def _similarity_not_run() -> Gate:
    return Gate(name="similar_prompts", is_met=False, detail="not run: the world has errors")


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
    detail = f"{sizes[Split.TRAIN]:,} train, {sizes[Split.HELD_OUT]:,} held out"
    return gate("no_leak", detail, failures)


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
    total = counted(num_checked + num_judged, "criterion", "criteria")
    detail = f"{total}: {num_checked:,} with a check, {num_judged:,} left to a judge"
    return gate("decidable_criteria", detail, failures)


def _undecidable(task: Task, index: int) -> GateFailure:
    return GateFailure(
        path=f"tasks.{task.id}.rubric.criteria[{index}]",
        message="has no check, and no examples that a judge could be tried on",
        hint="add a check, or an answer that meets it and one that does not",
    )


def _coverage(world: World) -> Gate:
    """Every tool that some task offers is used; surfaces that no task has are left out."""
    solutions = (t.reference_solution for t in world.tasks if t.reference_solution is not None)
    used = {call.tool for solution in solutions for call in solution.calls}
    offered = _offered(world)
    failures = [
        GateFailure(
            path=f"tools.{name}",
            message="no reference solution calls it",
            hint="add a task that needs it, or take it off the tool surface",
        )
        for name in offered
        if name not in used
    ]
    num_used = len(offered) - len(failures)
    detail = f"{num_used} of {counted(len(offered), 'tool')} used by reference solutions"
    return gate("tool_coverage", detail, failures)


def _offered(world: World) -> tuple[str, ...]:
    """The tools of the surfaces that tasks have, in the world's order."""
    declared = {surface.name: set(surface.tools) for surface in world.surfaces}
    everything = {tool.name for tool in world.tools}
    asked = {task.tool_surface for task in world.tasks}
    names = set().union(*(declared.get(surface, everything) for surface in asked))
    return tuple(tool.name for tool in world.tools if tool.name in names)
