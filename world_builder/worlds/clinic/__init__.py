"""The world `clinic`: the front desk of Fernhill Clinic, an outpatient clinic.

A second trade, to measure what a policy carries over. `story` makes the contents, `tools` and
`policies` say how the clinic works, `scenarios` what people ask. Scheduling only: nothing medical.
"""

from world_builder.world import World
from world_builder.worlds.clinic.policies import POLICIES
from world_builder.worlds.clinic.rules import NOW
from world_builder.worlds.clinic.scenarios import build_tasks
from world_builder.worlds.clinic.story import build_practice
from world_builder.worlds.clinic.tools import TOOLS
from world_builder.worlds.clinic.types import ENTITY_TYPES

DEFAULT_SEED = 149
"""The seed of the shipped world."""

__all__ = ["DEFAULT_SEED", "build"]


def build(seed: int = DEFAULT_SEED) -> World:
    """The clinic of a seed. Other seeds give other people, visits and papers."""
    practice = build_practice(seed)
    world = World(
        name="clinic",
        title="Fernhill Clinic",
        description="The front desk of an outpatient clinic: appointments, rooms, referrals, "
        "co-payments, a waiting list and an inbox.",
        now=NOW,
        seed=seed,
        entity_types=ENTITY_TYPES,
        entities=practice.records(),
        tools=TOOLS,
        policies=POLICIES,
    )
    return world.model_copy(update={"tasks": build_tasks(world, practice)})
