"""Planted mistakes: how well does a task's rubric notice them?

`Planter` alters a task's reference solution in small, plausible ways; `mutation_score` says how
many of these mutants lose a criterion. The survivors show an author which criterion is missing.
"""

from world_builder.mutation.planting import Planter
from world_builder.mutation.scoring import mutants, mutation_score
from world_builder.mutation.types import (
    MIN_PLANTED,
    Mutant,
    MutantKind,
    MutationReport,
    Survivor,
)

__all__ = [
    "MIN_PLANTED",
    "Mutant",
    "MutantKind",
    "MutationReport",
    "Planter",
    "Survivor",
    "mutants",
    "mutation_score",
]
