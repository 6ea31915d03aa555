"""Counts a draft beside the requests: its statistics, and which tasks touch which entity type.

In the process of `world_work` what a task's reference solution touched is kept for as long as the
task and the world around it stay the same, so that one saved task costs one run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from studio.services.world_process import OnTask, is_same_core
from studio.services.world_work import WorldWork, work_on
from world_builder.statistics import (
    Thresholds,
    Toucher,
    WorldStatistics,
    count_world,
    tool_coverage,
    type_coverage,
)
from world_builder.tasks import Task
from world_builder.validation import has_errors, validate_world
from world_builder.workbench import Workbench
from world_builder.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted of one state of a world."""

    statistics: WorldStatistics
    """Without entity types while types or tools have errors: then nothing can be run."""
    touched_by: Mapping[str, frozenset[str]]
    """By entity type: the ids of the tasks whose reference solution touches it."""


TallyWork: TypeAlias = WorldWork[Tally]


@dataclass(slots=True)
class _Known:
    """What is known of the references of one world."""

    core: World
    toucher: Toucher | None
    """None when nothing can be run."""
    touched: dict[int, tuple[Task, frozenset[str] | None]]
    """By the identity of the task, which is kept so that no other object gets it."""


_known: _Known | None = None


def tally(world: World, on_task: OnTask) -> Tally:
    """The job: everything there is to count."""
    global _known
    if _known is None or not is_same_core(_known.core, world):
        _known = _Known(world, _toucher(world), {})
    wanted = Thresholds.for_size(len(world.tasks))
    touched = _touched(_known, world, on_task)
    types = type_coverage(world, touched, wanted.entity_type)
    return Tally(
        statistics=WorldStatistics(
            world=world.name, counts=count_world(world), tools=tool_coverage(world, wanted.tool),
            entity_types=None if _known.toucher is None else types,
        ),
        touched_by={
            row.name: frozenset(task for task, names in touched.items() if row.name in names)
            for row in types.rows
        },
    )  # fmt: skip


def tally_of(database_url: str, world: World) -> TallyWork:
    """The tally of this very world, begun when there is none yet."""
    return work_on(database_url, world, tally)


def _toucher(world: World) -> Toucher | None:
    core = world.model_copy(update={"tasks": ()})
    return None if has_errors(validate_world(core)) else Toucher(Workbench(core))


def _touched(known: _Known, world: World, on_task: OnTask) -> dict[str, frozenset[str]]:
    touched = {}
    for task in world.tasks:
        held = known.touched.get(id(task))
        if held is None:
            held = (task, None if known.toucher is None else known.toucher.touched(task))
        touched[id(task)] = held
        on_task()
    known.touched = touched
    return {task.id: names for task, names in touched.values() if names is not None}
