"""Counts what a world declares, in one pass over its tasks and without running anything."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from world_builder.rubrics import Criterion, CriterionCategory, CriterionKind, Scope
from world_builder.statistics.types import CriteriaCounts, Spread, TaskCounts, WorldCounts
from world_builder.tasks import Category, Difficulty, Split
from world_builder.world import DEFAULT_SURFACE, World


def count_world(world: World) -> WorldCounts:
    """Entities, tools, tasks, criteria and calls of a world."""
    solutions = (t.reference_solution for t in world.tasks if t.reference_solution is not None)
    declared = {surface.name: len(surface.tools) for surface in world.surfaces}
    return WorldCounts(
        entities={t.name: len(world.entities.get(t.name, ())) for t in world.entity_types},
        tools=dict(Counter(tool.group for tool in world.tools)),
        surfaces={DEFAULT_SURFACE: len(world.tools)} | declared,
        tasks=_count_tasks(world),
        criteria=_count_criteria(world),
        calls=Spread.of(len(solution.calls) for solution in solutions),
    )


def _count_tasks(world: World) -> TaskCounts:
    unseen = world.unseen_scenarios
    scenarios = Counter(task.scenario for task in world.tasks if task.scenario)
    return TaskCounts(
        total=len(world.tasks),
        by_category=_by(Category, (task.category for task in world.tasks)),
        by_difficulty=_by(Difficulty, (task.difficulty for task in world.tasks)),
        by_split=_by(Split, (task.split for task in world.tasks)),
        by_scenario=dict(sorted(scenarios.items())),
        unseen_scenarios={name: scenarios[name] for name in sorted(unseen)},
        num_with_reference=sum(task.reference_solution is not None for task in world.tasks),
    )


def _count_criteria(world: World) -> CriteriaCounts:
    criteria: list[Criterion] = [c for task in world.tasks for c in task.rubric.criteria]
    return CriteriaCounts(
        total=len(criteria),
        per_task=Spread.of(len(task.rubric.criteria) for task in world.tasks),
        by_category=_by(CriterionCategory, (c.category for c in criteria)),
        by_kind=_by(CriterionKind, (c.kind for c in criteria)),
        by_scope=_by(Scope, (c.scope for c in criteria)),
        num_with_check=sum(c.check is not None for c in criteria),
    )


def _by(kinds: type[StrEnum], values: Iterable[StrEnum]) -> dict[str, int]:
    """How often each member of an enumeration occurs, in its order, zeros included."""
    found = Counter(values)
    return {kind.value: found[kind] for kind in kinds}
