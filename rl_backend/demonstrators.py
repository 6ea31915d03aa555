"""Who shows a policy how to work: a careful worker, or one that leaves things out.

A baseline that was only shown perfect work has little to learn, and one that was shown nothing has
nothing to strengthen. The careless worker makes the reference's calls and plants one of its usual
slips: a fact left out, a change claimed but never made, an answer cut short.
"""

from __future__ import annotations

from random import Random

from world_builder.mutation import Mutant, MutantKind, Planter
from world_builder.tasks import Task
from world_builder.trajectory import Trajectory
from world_builder.workbench import Workbench, reference_of

SLIPS = frozenset({MutantKind.DROP_SENTENCE, MutantKind.SKIP_WRITE, MutantKind.CUT_SHORT})
"""What careless work looks like; wrong values would be ignorance."""


class Demonstrator:
    """Solves the tasks of one world."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._planter = Planter(bench)

    def careful(self, task: Task) -> Trajectory:
        """The reference solution. Raises WorldError when there is none."""
        return self._bench.run(task, reference_of(task))

    def careless(self, task: Task, rng: Random) -> Trajectory:
        """The reference with one slip; the reference itself where none can be planted.

        Raises WorldError when there is no reference solution.
        """
        careful = self.careful(task)
        slips = self._slips(task, careful)
        return self._bench.run(task, rng.choice(slips).solution) if slips else careful

    def _slips(self, task: Task, careful: Trajectory) -> list[Mutant]:
        planted = self._planter.plant(task, careful)
        return [each.mutant for each in planted if each.mutant.kind in SLIPS]
