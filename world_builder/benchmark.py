"""Measures the engine of a world: resets, reads, writes and state hashes per second.

Beside each figure stands a naive peer timed in the same run, so that a noisy machine does not
mislead: a state that is a deep copy of all entities, scanned for reads, copied again before each
write (for want of a rollback) and hashed whole.
"""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from world_builder.engine import Engine
from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.ids import canonical_json, content_hash
from world_builder.state import WorldBase, WorldState
from world_builder.tools import ToolCall
from world_builder.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured rate, and the naive peer's in the same run."""

    name: str
    per_s: float
    peer_per_s: float

    @property
    def ratio(self) -> float:
        return self.per_s / self.peer_per_s


def bench_state(world: World, seconds: float = 1.0) -> Iterator[Figure]:
    """The figures of a world, one after the other; `seconds` of work for each rate.

    Reads and writes are the calls of the tasks' reference solutions. Raises WorldError when those
    hold no read or no write.
    """
    base = WorldBase(world)
    read, write = _recorded(base, is_read=True), _recorded(base, is_read=False)
    copied = {name: [dict(r) for r in records] for name, records in world.entities.items()}
    state = WorldState(base)
    yield _figure("resets", lambda: WorldState(base), lambda: copy.deepcopy(copied), seconds)
    scan = _scanner(copied)
    yield _figure("reads", lambda: read.again(state), scan, seconds)
    yield _figure("writes", write.afresh, lambda: copy.deepcopy(copied), seconds)
    write.again(state)
    yield _figure("hashes", lambda: state.state_hash, lambda: content_hash(_json(copied)), seconds)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A first successful call of a reference solution."""

    engine: Engine
    base: WorldBase
    call: ToolCall

    def again(self, state: WorldState) -> str:
        return self.engine.apply(state, self.call).text

    def afresh(self) -> str:
        """The call on a fresh state."""
        return self.again(WorldState(self.base))


def _recorded(base: WorldBase, *, is_read: bool) -> _Recorded:
    engine = Engine(base.world)
    for task in base.world.tasks:
        for call in task.reference_solution.calls if task.reference_solution else ():
            fits = base.world.tool(call.tool).is_read_only is is_read
            if fits and not engine.apply(WorldState(base), call).is_error:
                return _Recorded(engine, base, call)
    kind = "reads" if is_read else "writes"
    raise WorldError(f"no reference solution of world {base.world.name!r} {kind} anything")


def _figure(
    name: str, work: Callable[[], object], peer: Callable[[], object], seconds: float
) -> Figure:
    return Figure(name=name, per_s=_rate(work, seconds), peer_per_s=_rate(peer, seconds / 2))


def _rate(work: Callable[[], object], seconds: float) -> float:
    """Calls per second: the best of five stretches, which a noisy neighbour disturbs least."""
    return max(_stretch(work, seconds / 5) for _ in range(5))


def _stretch(work: Callable[[], object], seconds: float) -> float:
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds or not count:
        work()
        count += 1
    return count / elapsed


def _scanner(copied: dict[str, list[dict[str, Json]]]) -> Callable[[], object]:
    name, records = max(copied.items(), key=lambda item: len(item[1]))
    last = records[-1]["id"]
    return lambda: canonical_json(next(r for r in copied[name] if r["id"] == last))


def _json(copied: dict[str, list[dict[str, Json]]]) -> dict[str, Json]:
    return {name: list(records) for name, records in copied.items()}
