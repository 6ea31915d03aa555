"""Trying a tool: scratch copies of a world, kept in memory for a while, never touching the draft.

A console is one scratch copy with the calls made on it. When the world's draft changes, its edits
move over to the new world, so that a mended tool can be tried at once on the same state.
"""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock

from studio.errors import Conflict, NotFound
from studio.services.world_cache import Snapshot
from world_builder.diff import StateDiff
from world_builder.errors import SandboxError, StateError, WorldError
from world_builder.frozen import Json
from world_builder.state import WorldState
from world_builder.tasks import Start
from world_builder.tools import ToolCall, ToolResult

_MOST_CONSOLES = 64
_MOST_CALLS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedCall:
    """One call on a scratch copy and what the agent would read."""

    call: ToolCall
    result: ToolResult
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What a console shows."""

    id: str
    task: str
    """The task whose start state it began from; empty for the world as it is."""
    calls: tuple[TriedCall, ...]
    """Newest first."""
    diff: StateDiff


@dataclass
class _Scratch:
    id: str
    world: str
    task: str
    start: Start
    snapshot: Snapshot
    state: WorldState
    calls: list[TriedCall] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


class Consoles:
    """The consoles of this process, the longest unused dropped first."""

    def __init__(self, most: int = _MOST_CONSOLES) -> None:
        self._most = most
        self._kept: OrderedDict[str, _Scratch] = OrderedDict()
        self._lock = Lock()

    def open(
        self, world: str, snapshot: Snapshot, task: str = "", start: Start | None = None
    ) -> str:
        """The id of a new scratch copy. Raises Conflict when the start state cannot be made."""
        chosen = start or Start()
        try:
            state = WorldState(snapshot.base, chosen)
        except (StateError, WorldError) as error:
            raise Conflict(f"The start state of {task!r} cannot be made: {error}") from error
        scratch = _Scratch(
            id=secrets.token_urlsafe(9), world=world, task=task,
            start=chosen, snapshot=snapshot, state=state,
        )  # fmt: skip
        with self._lock:
            self._kept[scratch.id] = scratch
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return scratch.id

    def has(self, console_id: str, world: str) -> bool:
        """True while that console of the world is kept."""
        with self._lock:
            scratch = self._kept.get(console_id)
        return scratch is not None and scratch.world == world

    def show(self, console_id: str, world: str) -> Console:
        """What the console shows. Raises NotFound when it was dropped."""
        scratch = self._find(console_id, world)
        with scratch.lock:
            return _shown(scratch)

    def call(self, console_id: str, world: str, snapshot: Snapshot, call: ToolCall) -> Console:
        """The console after one call.

        Raises NotFound, and Conflict while the world's tools cannot be compiled, or run here.
        """
        scratch = self._find(console_id, world)
        with scratch.lock:
            _move(scratch, snapshot)
            try:
                engine = snapshot.engine(scratch.start.tool_surface)
            except WorldError as error:
                raise Conflict(f"The tools of this world cannot run yet: {error}") from error
            began = time.perf_counter()
            try:
                result = engine.apply(scratch.state, call)
            except SandboxError as error:
                raise Conflict(str(error)) from error
            took = time.perf_counter() - began
            scratch.calls.append(TriedCall(call=call, result=result, duration_s=took))
            del scratch.calls[:-_MOST_CALLS]
            return _shown(scratch)

    def reset(self, console_id: str, world: str) -> Console:
        """The console as it began. Raises NotFound."""
        scratch = self._find(console_id, world)
        with scratch.lock:
            scratch.state.reset()
            scratch.calls.clear()
            return _shown(scratch)

    def _find(self, console_id: str, world: str) -> _Scratch:
        with self._lock:
            scratch = self._kept.get(console_id)
            if scratch is None or scratch.world != world:
                raise NotFound("This console was closed; try the tool again to open a new one.")
            self._kept.move_to_end(console_id)
            return scratch


CONSOLES = Consoles()


def argument_data(given: dict[str, Json]) -> dict[str, Json]:
    """The arguments that were given: empty ones are left out."""
    return {name: value for name, value in given.items() if value not in ("", None)}


def _move(scratch: _Scratch, snapshot: Snapshot) -> None:
    if scratch.snapshot is snapshot:
        return
    diff = scratch.state.diff()
    try:
        moved = WorldState.restore(snapshot.base, scratch.start, diff)
    except (StateError, WorldError) as error:
        raise Conflict(f"The world changed, reset the console: {error}") from error
    scratch.snapshot, scratch.state = snapshot, moved


def _shown(scratch: _Scratch) -> Console:
    calls = tuple(replace(call) for call in reversed(scratch.calls))
    return Console(id=scratch.id, task=scratch.task, calls=calls, diff=scratch.state.diff())
