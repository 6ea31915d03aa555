"""Statistics of a world: how much it holds, how its tasks are spread, what they exercise.

Used by `corecraft world stats` and the studio's overview. It judges nothing: whether a world is
fit to train on is the matter of `validation`, `audit` and the gates.
"""

from world_builder.statistics.binning import Bin, binned
from world_builder.statistics.counting import count_world
from world_builder.statistics.coverage import tool_coverage, type_coverage
from world_builder.statistics.touching import OnTask, Toucher
from world_builder.statistics.types import (
    REFERENCE_NUM_TASKS,
    Coverage,
    CoverageRow,
    CriteriaCounts,
    Spread,
    TaskCounts,
    Thresholds,
    WorldCounts,
    WorldStatistics,
)
from world_builder.workbench import Workbench
from world_builder.world import World


def world_statistics(
    world: World,
    *,
    thresholds: Thresholds | None = None,
    runs_references: bool = True,
    on_task: OnTask = lambda: None,
) -> WorldStatistics:
    """Everything there is to count of a valid world.

    Without `runs_references` nothing is run and `entity_types` is None. `thresholds` None takes
    those for the world's size. `on_task` is called once for each task that has been run.
    """
    wanted = thresholds or Thresholds.for_size(len(world.tasks))
    types = None
    if runs_references:
        touched = Toucher(Workbench(world)).touched_by(world.tasks, on_task)
        types = type_coverage(world, touched, wanted.entity_type)
    return WorldStatistics(
        world=world.name,
        counts=count_world(world),
        tools=tool_coverage(world, wanted.tool),
        entity_types=types,
    )


__all__ = [
    "REFERENCE_NUM_TASKS",
    "Bin",
    "Coverage",
    "CoverageRow",
    "CriteriaCounts",
    "OnTask",
    "Spread",
    "TaskCounts",
    "Thresholds",
    "Toucher",
    "WorldCounts",
    "WorldStatistics",
    "binned",
    "count_world",
    "tool_coverage",
    "type_coverage",
    "world_statistics",
]
