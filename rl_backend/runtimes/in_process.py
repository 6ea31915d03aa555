"""Worlds in this process: the engine applied to a copy-on-write state.

The fastest runtime, for training on one machine, previews and evaluation. Only declared tools run
here; a bundle with Python tools needs the runtime `server` or `docker`.
"""

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.base import FinalState, OfferedTool
from world_builder.engine import Engine, python_tools
from world_builder.errors import WorldError
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Start
from world_builder.tools import ToolCall, ToolResult


class InProcessWorld:
    """One state over the shared base."""

    def __init__(self, engine: Engine, state: WorldState) -> None:
        self._engine = engine
        self._state = state
        self.tools: tuple[OfferedTool, ...] = tuple(map(OfferedTool.of, engine.tools))

    async def call(self, call: ToolCall) -> ToolResult:
        return self._engine.apply(self._state, call)

    async def finish(self) -> FinalState:
        return FinalState(diff=self._state.diff(), state_hash=self._state.state_hash)

    async def close(self) -> None:
        self._state.reset()


class InProcessRuntime:
    """Starts states over one base; compiles each tool surface once."""

    def __init__(self, base: WorldBase) -> None:
        """Raises WorldRuntimeError for a world with Python tools."""
        if names := python_tools(base.world.tools):
            raise WorldRuntimeError(
                f"Tools that run Python code do not run in this process: {', '.join(names)}.",
                hint="Use the runtime `server` or `docker`.",
            )
        self.base = base
        self._engines: dict[str, Engine] = {}

    async def start(self, start: Start) -> InProcessWorld:
        """A fresh state. Raises WorldRuntimeError when the task's start does not fit the world."""
        try:
            return InProcessWorld(self._engine(start.tool_surface), WorldState(self.base, start))
        except WorldError as error:
            raise WorldRuntimeError(
                f"The world cannot start this task: {error}.",
                hint="Mend the task's start state or tool surface.",
            ) from error

    async def close(self) -> None:
        self._engines.clear()

    def _engine(self, surface: str) -> Engine:
        if surface not in self._engines:
            self._engines[surface] = Engine(self.base.world, surface)
        return self._engines[surface]
