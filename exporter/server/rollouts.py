"""The isolated worlds of one server process, over one shared base.

`mcp_endpoint` applies calls here, `control` makes and removes rollouts. It knows no HTTP and no
other process.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from pydantic import ValidationError

from exporter.mcp_tools import mcp_tools
from exporter.server.affinity import Home
from exporter.server.answers import Answer, Answers
from exporter.server.board import Board, Column, Row
from world_builder.engine import Engine, python_tools
from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Start
from world_builder.tools import ToolCall, ToolErrorCode, ToolResult, tool_error
from world_builder.world import World

_ID_BYTES = 24


class AtCapacity(WorldError):
    """No rollout can be added before another one ends."""


def at_capacity(capacity: int) -> str:
    """What to do about it."""
    return (
        f"all {capacity} rollouts are in use: DELETE the finished ones, wait, or start the server "
        "with a higher --capacity"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A tool surface, compiled, with its tools as MCP lists them."""

    engine: Engine
    listing: list[Json]
    writers: frozenset[str]
    """Names of the tools that change a world."""
    has_python: bool
    """Whether a tool runs Python code, which may take a second."""


class Worlds:
    """What all rollouts share: the base of the world and its compiled tool surfaces."""

    def __init__(self, world: World) -> None:
        self._base = WorldBase(world)
        self._surfaces: dict[str, Surface] = {}

    def make(self, start: Start, tally: Row, rollout_id: str = "") -> "Rollout":
        """A fresh world. Raises WorldError when it cannot start so."""
        state = WorldState(self._base, start)
        return Rollout(rollout_id, state, self._surface(start.tool_surface), tally)

    def warm(self, surface: str) -> None:
        """Makes now what the first requests make otherwise. Raises UnknownName."""
        self._surface(surface)
        _ = self._base.hash_sum

    def _surface(self, name: str) -> Surface:
        if name not in self._surfaces:
            engine = Engine(self._base.world, name)
            self._surfaces[name] = Surface(
                engine=engine,
                listing=mcp_tools(engine.tools),
                writers=frozenset(tool.name for tool in engine.tools if not tool.is_read_only),
                has_python=bool(python_tools(engine.tools)),
            )
        return self._surfaces[name]


class Rollout:
    """One isolated world: its state, its tools and the answers to calls that may be retried."""

    __slots__ = ("_answers", "_surface", "_tally", "_turn", "id", "state", "used_at_s")

    def __init__(self, rollout_id: str, state: WorldState, surface: Surface, tally: Row) -> None:
        self.id = rollout_id
        self.state = state
        self.used_at_s = 0.0
        self._surface = surface
        self._tally = tally
        self._turn = asyncio.Lock() if surface.has_python else None
        self._answers: Answers | None = None

    @property
    def listing(self) -> list[Json]:
        """Its tools as MCP lists them."""
        return self._surface.listing

    @property
    def is_slow(self) -> bool:
        """True when calls are to be made in a thread, so that others need not wait for them."""
        return self._turn is not None

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Keeps others out of the state of a slow rollout while it is used."""
        return self._turn or nullcontext()

    def call(self, call: ToolCall, key: str | None = None) -> Answer:
        """What the call answers; with a key that was seen, the answer it got, and nothing is done.

        A key that comes back with another call is refused.
        """
        began_s = time.perf_counter()
        known = None if key is None or self._answers is None else self._answers.known(key, call)
        if known is not None:
            self._tally.add_call("repeated", time.perf_counter() - began_s)
            return known
        result = self._surface.engine.apply(self.state, call)
        answer = Answer.of(result)
        if key is not None:
            self._keep(key, call, answer)
        self._tally.add_call(_outcome(result), time.perf_counter() - began_s)
        return answer

    def refuse(self, tool: str, message: str) -> Answer:
        """The answer to what is no call at all."""
        self._tally.add_call(ToolErrorCode.MALFORMED_CALL, 0.0)
        return Answer.of(tool_error(tool, ToolErrorCode.MALFORMED_CALL, message))

    def _keep(self, key: str, call: ToolCall, answer: Answer) -> None:
        if self._answers is None:
            self._answers = Answers()
        self._answers.keep(key, call, answer, is_write=call.tool in self._surface.writers)


def call_tool(
    rollout: Rollout, name: str, arguments: dict[str, Json] | None, key: str | None
) -> Answer:
    """The answer to raw arguments; those that are no JSON get a tool error, as any bad call."""
    try:
        call = ToolCall(tool=name, arguments=arguments or {})
    except ValidationError as error:
        message = f"the arguments are no JSON: {error.errors()[0]['msg']}"
        return rollout.refuse(name, message)
    return rollout.call(call, key)


class Rollouts:
    """All rollouts of a process."""

    def __init__(
        self,
        worlds: Worlds,
        *,
        capacity: int,
        idle_s: float,
        tally: Row | None = None,
        home: Home | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`home` is named by the ids, when there are several processes."""
        self.capacity = capacity
        self.tally = tally or Board().rows[0]
        self._worlds = worlds
        self._rollouts: dict[str, Rollout] = {}
        self._idle_s = idle_s
        self._home = home
        self._clock_s = clock_s

    def __len__(self) -> int:
        return len(self._rollouts)

    def single(self, start: Start) -> Rollout:
        """A world of its own that counts for no capacity: the one at `/mcp`. Raises WorldError."""
        return self._worlds.make(start, self.tally)

    def add(self, start: Start) -> Rollout:
        """A fresh world under an id that nobody can guess.

        Raises AtCapacity, or WorldError when the world cannot start so.
        """
        [rollout] = self.add_group(start, 1)
        return rollout

    def add_group(self, start: Start, size: int) -> list[Rollout]:
        """So many fresh worlds that begin alike, all of them or none; raises as `add` does."""
        self.reap()
        if len(self._rollouts) + size > self.capacity:
            raise AtCapacity(at_capacity(self.capacity))
        made = [self._made(start) for _ in range(size)]
        self._rollouts |= {rollout.id: rollout for rollout in made}
        self._count(Column.CREATED, size)
        return made

    def _made(self, start: Start) -> Rollout:
        secret = secrets.token_urlsafe(_ID_BYTES)
        rollout_id = secret if self._home is None else self._home.id_of(secret)
        rollout = self._worlds.make(start, self.tally, rollout_id)
        rollout.used_at_s = self._clock_s()
        return rollout

    def get(self, rollout_id: str) -> Rollout | None:
        """The rollout, now in use again; None when there is none, or no more."""
        rollout = self._rollouts.get(rollout_id)
        if rollout is not None:
            rollout.used_at_s = self._clock_s()
        return rollout

    def remove(self, rollout_id: str) -> bool:
        """True when there was such a rollout."""
        was_there = self._rollouts.pop(rollout_id, None) is not None
        self._count(Column.DELETED, was_there)
        return was_there

    def reap(self) -> int:
        """Removes the rollouts that were idle for too long; returns how many."""
        limit = self._clock_s() - self._idle_s
        idle = [i for i, rollout in self._rollouts.items() if rollout.used_at_s <= limit]
        for rollout_id in idle:
            del self._rollouts[rollout_id]
        self._count(Column.REAPED, len(idle))
        return len(idle)

    def _count(self, column: Column, number: int) -> None:
        self.tally.add(column, number)
        self.tally[Column.ACTIVE] = len(self._rollouts)


def _outcome(result: ToolResult) -> str:
    return str(result.value.get("error")) if result.is_error else "ok"
