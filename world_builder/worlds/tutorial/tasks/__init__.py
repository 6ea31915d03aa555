"""The tasks of the bookshop: every scenario bound to the shop of a seed.

One module per family of scenarios; `drafting` says what a scenario is, `cases` finds what its cases
are about, `criteria` holds the checks.
"""

from world_builder.tasks import Task
from world_builder.world import World
from world_builder.worlds.tutorial.shop import Shop
from world_builder.worlds.tutorial.tasks import changes, letters, reasoning, retrieval, returns
from world_builder.worlds.tutorial.tasks.drafting import Desk, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *retrieval.SCENARIOS,
    *reasoning.SCENARIOS,
    *letters.SCENARIOS,
    *returns.SCENARIOS,
    *changes.SCENARIOS,
)


def build_tasks(world: World, shop: Shop) -> tuple[Task, ...]:
    """All tasks over a world that has everything else."""
    desk = Desk(world, shop)
    return tuple(task for scenario in SCENARIOS for task in scenario.tasks(desk))
