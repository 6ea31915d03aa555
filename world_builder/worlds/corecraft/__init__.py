"""The world `corecraft`: Corecraft Computers, an online shop for PC parts at the paper's full size.

`types` declares the entity types, `company` holds their contents as typed values, `rules` the
figures of the company's policies, `story` makes the contents of a seed, `tools` and `policies` say
how the company works, `scenarios` what people ask, `consistency` what must hold.
"""

from world_builder.templates import Desk, SplitSizes, expand
from world_builder.world import World
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import POLICIES
from world_builder.worlds.corecraft.scenarios import SCENARIOS
from world_builder.worlds.corecraft.story import build_company
from world_builder.worlds.corecraft.tools import SURFACES, TOOLS
from world_builder.worlds.corecraft.types import ENTITY_TYPES

DEFAULT_SEED = 11
"""The seed of the shipped world."""
SPLIT_SIZES = SplitSizes(num_train=1000, num_held_out=150)
"""As in the paper (section 4.1); tasks of unseen scenarios come on top."""
_AUTHOR = "Corecraft experts"

__all__ = ["DEFAULT_SEED", "SPLIT_SIZES", "build", "world_of"]


def build(seed: int = DEFAULT_SEED) -> World:
    """The company of a seed. Other seeds give other people, orders and mishaps."""
    company = build_company(seed)
    world = world_of(company, seed)
    tasks = expand(SCENARIOS, Desk(world, company), SPLIT_SIZES, author=_AUTHOR)
    return world.model_copy(update={"tasks": tasks})


def world_of(company: Company, seed: int) -> World:
    """The company as a world without tasks."""
    return World(
        name="corecraft",
        title="Corecraft Computers",
        description="An online shop for PC parts with a build lab: orders, parcels, returns, "
        "warranties, tickets, and colleagues who ask for help.",
        now=company.now,
        seed=seed,
        entity_types=ENTITY_TYPES,
        entities=company.records(),
        tools=TOOLS,
        surfaces=SURFACES,
        policies=POLICIES,
    )
