"""The `World`: everything an author declares, in one frozen aggregate.

`validation` says what is wrong with one, `WorldState` runs rollouts in it, `exporter` freezes it
into a bundle. It holds no behaviour beyond look-ups.
"""

from typing import TypeVar

from pydantic import AwareDatetime
from pydantic import Field as Declared

from world_builder.entities import EntityType
from world_builder.errors import UnknownName
from world_builder.frozen import Frozen, Json
from world_builder.ids import SLUG_PATTERN
from world_builder.tasks import Split, Task
from world_builder.tools import Tool, ToolSurface

_Named = TypeVar("_Named", EntityType, Tool, "Policy")

DEFAULT_SURFACE = "default"
"""The tool surface that every world has: all its tools, unless it declares one of this name."""


class Policy(Frozen):
    """A company's rules in Markdown; a task names the one that is its system prompt."""

    name: str = Declared(pattern=SLUG_PATTERN)
    title: str
    text: str


class World(Frozen):
    """A simulated workplace."""

    name: str = Declared(pattern=SLUG_PATTERN)
    title: str
    description: str = ""
    now: AwareDatetime
    """The one fixed clock: no tool ever reads the real time."""
    seed: int = 0
    entity_types: tuple[EntityType, ...]
    entities: dict[str, tuple[dict[str, Json], ...]]
    """Records by entity type, each with its `id`."""
    tools: tuple[Tool, ...]
    surfaces: tuple[ToolSurface, ...] = ()
    policies: tuple[Policy, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def num_entities(self) -> int:
        return sum(len(records) for records in self.entities.values())

    def entity_type(self, name: str) -> EntityType:
        """The type of that name. Raises UnknownName."""
        return _named(self.entity_types, name, "entity type")

    def tool(self, name: str) -> Tool:
        """The tool of that name. Raises UnknownName."""
        return _named(self.tools, name, "tool")

    def policy(self, name: str) -> Policy:
        """The policy of that name. Raises UnknownName."""
        return _named(self.policies, name, "policy")

    def task(self, task_id: str) -> Task:
        """The task of that id. Raises UnknownName."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise UnknownName(f"no task {task_id!r} in world {self.name!r}")

    def tasks_in(self, split: Split) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if task.split is split)

    @property
    def unseen_scenarios(self) -> frozenset[str]:
        """Scenarios that have held-out tasks and no training task."""
        seen = {task.scenario for task in self.tasks_in(Split.TRAIN)}
        return frozenset({task.scenario for task in self.tasks_in(Split.HELD_OUT)} - seen - {""})

    def surface_tools(self, surface: str = DEFAULT_SURFACE) -> tuple[Tool, ...]:
        """The tools of a surface, in its order. Raises UnknownName."""
        declared = next((s for s in self.surfaces if s.name == surface), None)
        if declared is not None:
            return tuple(self.tool(name) for name in declared.tools)
        if surface == DEFAULT_SURFACE:
            return self.tools
        raise UnknownName(f"no tool surface {surface!r} in world {self.name!r}")


def _named(items: tuple[_Named, ...], name: str, kind: str) -> _Named:
    for item in items:
        if item.name == name:
            return item
    raise UnknownName(
        f"no {kind} {name!r}; there are: {', '.join(i.name for i in items) or 'none'}"
    )
