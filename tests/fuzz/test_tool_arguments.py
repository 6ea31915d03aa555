"""Every tool of every surface, in this process: no call raises, and only accepted writes write."""

import json
from random import Random
from typing import Any, TypeAlias

from exporter.server.rollouts import Rollout, Rollouts, Worlds, call_tool
from tests.fuzz.running import counts, fuzz
from tests.fuzz.values import Words, call_of
from world_builder.tasks import Start
from world_builder.world import DEFAULT_SURFACE, World

Example: TypeAlias = tuple[str, list[tuple[str, Any]]]
"""A surface, and calls on it."""


def test_calls_of_every_tool(fuzzed_world: World) -> None:
    world, words = fuzzed_world, Words(fuzzed_world)
    surfaces = sorted({DEFAULT_SURFACE} | {s.name for s in world.surfaces})
    rollouts = Rollouts(Worlds(world), capacity=1, idle_s=60)
    reading = {t.name for t in world.tools if t.is_read_only}
    witness = rollouts.single(Start())
    untouched = witness.state.state_hash

    def draw(rng: Random, num_steps: int) -> Example:
        surface = rng.choice(surfaces)
        tools = world.surface_tools(surface)
        return surface, [call_of(rng, tools, words) for _ in range(num_steps)]

    def check(example: Example) -> None:
        surface, made = example
        rollout = rollouts.single(Start(tool_surface=surface))
        for name, arguments in made:
            if isinstance(arguments, dict):
                check_call(rollout, name, arguments, reading)
        assert witness.state.state_hash == untouched

    fuzz(f"{world.name} tools", draw, check)


def check_call(rollout: Rollout, name: str, arguments: dict[str, Any], reading: set[str]) -> None:
    before = rollout.state.state_hash
    result = call_tool(rollout, name, arguments, None)
    after = rollout.state.state_hash
    if result.is_error or name in reading:
        assert after == before
    value = json.loads(result.text.encode())
    assert isinstance(value, dict)
    code = str(value["error"]) if result.is_error else "accepted"
    counts[f"{rollout.state.base.world.name} tools, calls: {code}"] += 1
    assert code != "tool_broken", result.text
