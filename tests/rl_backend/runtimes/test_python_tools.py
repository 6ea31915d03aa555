"""Which runtimes run Python tools."""

import pytest

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.in_process import InProcessRuntime
from world_builder.operations import Python
from world_builder.state import WorldBase


def test_the_runtime_in_process_refuses_a_world_with_python_tools(tutorial: WorldBase) -> None:
    world = tutorial.world
    operation = Python(source="def run(arguments, world):\n    return {}")
    tool = world.tools[0].model_copy(update={"operation": operation})
    base = WorldBase(world.model_copy(update={"tools": (tool, *world.tools[1:])}))
    with pytest.raises(WorldRuntimeError, match=f"{tool.name}.*runtime `server`"):
        InProcessRuntime(base)
