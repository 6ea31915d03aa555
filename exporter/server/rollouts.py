"""The isolated worlds of one server process, over one shared base.

`mcp_endpoint` applies calls here, `control` makes and removes rollouts. It knows no HTTP.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from exporter.mcp_tools import mcp_tools
from world_builder.engine import Engine
from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.ids import canonical_json
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Start
from world_builder.tools import ToolCall, ToolErrorCode, ToolResult, tool_error
from world_builder.world import World

REMEMBERED_CALLS = 1024
"""Answers kept for retries, per rollout; older ones are forgotten first."""

_ID_BYTES = 24


class AtCapacity(WorldError):
    """No rollout can be added before another one ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A tool surface, compiled, with its tools as MCP lists them."""

    engine: Engine
    listing: list[Json]


class Rollout:
    """One isolated world: its state, its tools and the answers to calls that may be retried."""

    def __init__(self, rollout_id: str, base: WorldBase, surface: Surface, start: Start) -> None:
        self.id = rollout_id
        self.state = WorldState(base, start)
        self.listing = surface.listing
        self.used_at_s = 0.0
        self._engine = surface.engine
        self._answers: OrderedDict[str, tuple[str, ToolResult]] = OrderedDict()

    def call(self, call: ToolCall, key: str | None = None) -> ToolResult:
        """What the call answers; with a key that was seen, the answer it got, and nothing is done.

        A key that comes back with another call is refused.
        """
        if key is None:
            return self._engine.apply(self.state, call)
        fingerprint = f"{call.tool} {canonical_json(call.arguments)}"
        if key in self._answers:
            return self._answer(key, fingerprint, call)
        result = self._engine.apply(self.state, call)
        self._answers[key] = (fingerprint, result)
        if len(self._answers) > REMEMBERED_CALLS:
            self._answers.popitem(last=False)
        return result

    def _answer(self, key: str, fingerprint: str, call: ToolCall) -> ToolResult:
        known, result = self._answers[key]
        if known == fingerprint:
            return result
        message = f"the idempotency key {key!r} was used for another call; use a new one"
        return tool_error(call.tool, ToolErrorCode.MALFORMED_CALL, message)


def call_tool(
    rollout: Rollout, name: str, arguments: dict[str, Json] | None, key: str | None
) -> ToolResult:
    """The answer to raw arguments; those that are no JSON get a tool error, as any bad call."""
    try:
        call = ToolCall(tool=name, arguments=arguments or {})
    except ValidationError as error:
        message = f"the arguments are no JSON: {error.errors()[0]['msg']}"
        return tool_error(name, ToolErrorCode.MALFORMED_CALL, message)
    return rollout.call(call, key)


class Rollouts:
    """All rollouts of a process."""

    def __init__(
        self,
        world: World,
        *,
        capacity: int,
        idle_s: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.capacity = capacity
        self._base = WorldBase(world)
        self._surfaces: dict[str, Surface] = {}
        self._rollouts: dict[str, Rollout] = {}
        self._idle_s = idle_s
        self._clock_s = clock_s

    def __len__(self) -> int:
        return len(self._rollouts)

    def single(self, start: Start) -> Rollout:
        """A world of its own that counts for no capacity: the one at `/mcp`. Raises WorldError."""
        return Rollout("", self._base, self._surface(start.tool_surface), start)

    def add(self, start: Start) -> Rollout:
        """A fresh world under an id that nobody can guess.

        Raises AtCapacity, or WorldError when the world cannot start so.
        """
        self.reap()
        if len(self._rollouts) >= self.capacity:
            raise AtCapacity(
                f"all {self.capacity} rollouts are in use: DELETE the finished ones, wait, or "
                "start the server with a higher --capacity"
            )
        rollout_id = secrets.token_urlsafe(_ID_BYTES)
        rollout = Rollout(rollout_id, self._base, self._surface(start.tool_surface), start)
        rollout.used_at_s = self._clock_s()
        self._rollouts[rollout_id] = rollout
        return rollout

    def get(self, rollout_id: str) -> Rollout | None:
        """The rollout, now in use again; None when there is none, or no more."""
        rollout = self._rollouts.get(rollout_id)
        if rollout is not None:
            rollout.used_at_s = self._clock_s()
        return rollout

    def remove(self, rollout_id: str) -> bool:
        """True when there was such a rollout."""
        return self._rollouts.pop(rollout_id, None) is not None

    def reap(self) -> int:
        """Removes the rollouts that were idle for too long; returns how many."""
        limit = self._clock_s() - self._idle_s
        idle = [i for i, rollout in self._rollouts.items() if rollout.used_at_s <= limit]
        for rollout_id in idle:
            del self._rollouts[rollout_id]
        return len(idle)

    def _surface(self, name: str) -> Surface:
        if name not in self._surfaces:
            engine = Engine(self._base.world, name)
            self._surfaces[name] = Surface(engine=engine, listing=mcp_tools(engine.tools))
        return self._surfaces[name]
