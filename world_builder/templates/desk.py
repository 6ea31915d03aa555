"""Where a scenario's program works: the world's typed contents and a place to make real calls.

A `Session` is one case being solved: every call goes through the engine in a fresh state and is
recorded, so a reference can hold no call that the world refuses. It draws no conclusions.
"""

from __future__ import annotations

import random
from typing import Generic, TypeVar

from world_builder.engine import Engine
from world_builder.frozen import Json
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Start
from world_builder.tools import ToolCall
from world_builder.world import DEFAULT_SURFACE, World

ModelT = TypeVar("ModelT")


class ReferenceRefused(ValueError):
    """A reference program made a call that the world refused."""


class Session:
    """One case: calls made in order in a fresh state, and what they answered."""

    def __init__(self, engine: Engine, state: WorldState) -> None:
        self._engine, self.state = engine, state
        self._calls: list[ToolCall] = []

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls made so far."""
        return tuple(self._calls)

    def call(self, tool: str, **arguments: Json) -> dict[str, Json]:
        """What the call answers. Raises ReferenceRefused when the world refuses it."""
        made = ToolCall(tool=tool, arguments=arguments)
        result = self._engine.apply(self.state, made)
        if result.is_error:
            raise ReferenceRefused(f"{tool} {arguments} was refused: {result.text}")
        self._calls.append(made)
        return result.value

    def tries(self, tool: str, **arguments: Json) -> tuple[bool, str]:
        """Whether the world would take the call, and its answer; nothing is recorded or changed."""
        scratch = WorldState(self.state.base)
        result = self._engine.apply(scratch, ToolCall(tool=tool, arguments=arguments))
        return not result.is_error, result.text


class Desk(Generic[ModelT]):
    """The contents of a world as the author's typed model, and sessions in the world itself."""

    def __init__(self, world: World, model: ModelT) -> None:
        self.world, self.model = world, model
        self._base = WorldBase(world)
        self._engines: dict[str, Engine] = {}

    def session(self, surface: str = DEFAULT_SURFACE) -> Session:
        """A fresh state of the world, with the tools of a surface."""
        engine = self._engines.get(surface)
        if engine is None:
            engine = self._engines[surface] = Engine(self.world, surface)
        return Session(engine, WorldState(self._base, Start(tool_surface=surface)))

    def random(self, name: str) -> random.Random:
        """A generator of its own for a name: adding a scenario does not move the others."""
        return random.Random(f"{self.world.name}/{self.world.seed}/{name}")
