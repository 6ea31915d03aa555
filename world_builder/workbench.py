"""One world made ready to run many solutions in: shared base, one engine per surface.

Used by `mutation` and `audit`, which run thousands of solutions in one process. It scores nothing.
"""

from world_builder.engine import Engine
from world_builder.errors import WorldError
from world_builder.replay import replay
from world_builder.state import WorldBase
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import ToolCall
from world_builder.trajectory import Trajectory
from world_builder.world import World


class Workbench:
    """A world, its base and its engines, each built once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = WorldBase(world)
        self._engines: dict[str, Engine] = {}
        self._writing_calls: dict[str, tuple[tuple[str, ToolCall], ...]] = {}
        self._read_only = {tool.name: tool.is_read_only for tool in world.tools}

    def engine(self, surface: str) -> Engine:
        """The compiled tools of a surface. Raises UnknownName."""
        if surface not in self._engines:
            self._engines[surface] = Engine(self.world, surface)
        return self._engines[surface]

    def run(self, task: Task, solution: ReferenceSolution) -> Trajectory:
        """The trajectory of a solution from the task's start."""
        return replay(self.base, task, solution, self.engine(task.tool_surface))

    def writes(self, call: ToolCall) -> bool:
        """True when the call is of a tool that may change the world."""
        return not self._read_only.get(call.tool, True)

    def writing_calls(self, surface: str) -> tuple[tuple[str, ToolCall], ...]:
        """The writing calls of a surface's reference solutions, each with its task's id."""
        if surface not in self._writing_calls:
            self._writing_calls[surface] = tuple(
                (task.id, call)
                for task in self.world.tasks
                if task.tool_surface == surface and task.reference_solution is not None
                for call in task.reference_solution.calls
                if self.writes(call)
            )
        return self._writing_calls[surface]


def reference_of(task: Task) -> ReferenceSolution:
    """The task's reference solution. Raises WorldError when it has none."""
    if task.reference_solution is None:
        raise WorldError(f"task {task.id!r} has no reference solution: record one first")
    return task.reference_solution
