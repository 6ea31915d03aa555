"""The world `tutorial`: Larkspur Books, an online bookshop that fits on one screen.

Used by the guided tour, the tests and the training demonstration. `build` puts the parts
together: `stock_room` makes the entities, `tools` and `policies` say how the shop works, `tasks`
what people ask.
"""

from world_builder.world import World
from world_builder.worlds.tutorial.policies import POLICIES
from world_builder.worlds.tutorial.stock_room import build_shop
from world_builder.worlds.tutorial.tasks import build_tasks
from world_builder.worlds.tutorial.tools import TOOLS
from world_builder.worlds.tutorial.types import ENTITY_TYPES

DEFAULT_SEED = 7
"""The seed of the shipped world."""

__all__ = ["DEFAULT_SEED", "build"]


def build(seed: int = DEFAULT_SEED) -> World:
    """The bookshop of a seed. Other seeds give other people, books, orders and dates."""
    shop = build_shop(seed)
    world = World(
        name="tutorial",
        title="Larkspur Books",
        description="A small online bookshop: stock, orders, loyalty tiers and a returns policy.",
        now=shop.now,
        seed=seed,
        entity_types=ENTITY_TYPES,
        entities=shop.records(),
        tools=TOOLS,
        policies=POLICIES,
    )
    return world.model_copy(update={"tasks": build_tasks(world, shop)})
