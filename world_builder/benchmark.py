"""Measures the engine of a world: resets, calls by kind and hashes per second of one core.

The calls are those of the tasks' reference solutions, one after the other, over and over. A figure
is *warm*: the base has its indexes and remembers how its entities are shown. Beside it stands the
*cold* one, the first pass over the same calls on a base where nothing was ever asked.

Each figure has a peer timed in the same run, so that a noisy machine does not mislead
(`benchmark_peer`).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

from world_builder.benchmark_peer import SqlitePeer
from world_builder.engine import Engine
from world_builder.errors import WorldError
from world_builder.operations import Search
from world_builder.state import WorldBase, WorldState
from world_builder.tools import Tool, ToolCall
from world_builder.world import World

WRITES = "writes"
READS = "reads"

_TARGETS = {"resets": 20_000.0, READS: 20_000.0, WRITES: 10_000.0, "hashes": 10_000.0}
"""What the product promises for a world of a few thousand entities, per second."""
_NUM_COLD_PASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured rate, and the peer's in the same run."""

    name: str
    per_s: float
    peer_per_s: float
    peer: str
    """What the peer did."""
    cold_per_s: float | None = None
    """The rate of the first pass; None where nothing is remembered between two of them."""
    target_per_s: float | None = None
    num_calls: int | None = None
    """Recorded calls of this kind; None when it is no call."""

    @property
    def ratio(self) -> float:
        return self.per_s / self.peer_per_s


def bench_state(world: World, seconds: float = 1.0) -> Iterator[Figure]:
    """The figures of a world, one after the other; `seconds` of work for each rate.

    Raises WorldError when no reference solution reads, or none writes.
    """
    recorded = _recorded(world)
    base, peer = WorldBase(world), SqlitePeer(world)
    yield Figure(
        name="resets",
        per_s=_rate(lambda: WorldState(base), seconds),
        peer_per_s=_rate(peer.reset, seconds / 2),
        peer="copies its database",
        target_per_s=_TARGETS["resets"],
    )
    for name, calls in recorded.items():
        yield _calls_figure(name, calls, base, peer, seconds)
    yield _hashes(base, recorded[WRITES], peer, seconds)
    peer.close()


def kind_of(tool: Tool) -> str:
    """The kind of call that a tool's figure belongs to."""
    operation = tool.operation
    if not tool.is_read_only:
        return WRITES
    if isinstance(operation, Search) and operation.where is not None:
        return "search with CEL"
    return operation.kind


def _recorded(world: World) -> dict[str, list[ToolCall]]:
    """The succeeding calls of reference solutions: all reads, reads by kind, writes."""
    base, engine = WorldBase(world), Engine(world)
    found: dict[str, list[ToolCall]] = {READS: []}
    known = {tool.name: tool for tool in engine.tools}
    for task in world.tasks:
        for call in task.reference_solution.calls if task.reference_solution else ():
            if call.tool in known and not engine.apply(WorldState(base), call).is_error:
                kind = kind_of(known[call.tool])
                found.setdefault(kind, []).append(call)
                if kind != WRITES:
                    found[READS].append(call)
    for name in (READS, WRITES):
        if not found.get(name):
            raise WorldError(f"no reference solution of world {world.name!r} {name[:-1]}s anything")
    return {**found, WRITES: found.pop(WRITES)}


def _calls_figure(
    name: str, calls: list[ToolCall], base: WorldBase, peer: SqlitePeer, seconds: float
) -> Figure:
    warm = _Player(base, calls).work(name)
    for _ in calls:
        warm()
    other, doing = peer.counterpart(name, base.world, calls)
    return Figure(
        name=name,
        per_s=_rate(warm, seconds),
        peer_per_s=_rate(other, seconds / 2),
        peer=doing,
        cold_per_s=max(_cold_rate(base.world, name, calls) for _ in range(_NUM_COLD_PASSES)),
        target_per_s=_TARGETS.get(name),
        num_calls=len(calls),
    )


def _hashes(base: WorldBase, calls: list[ToolCall], peer: SqlitePeer, seconds: float) -> Figure:
    state = WorldState(base)
    Engine(base.world).apply(state, calls[0])  # one change, so that there is something to fold in
    return Figure(
        name="hashes",
        per_s=_rate(lambda: state.state_hash, seconds),
        peer_per_s=_rate(peer.hash, seconds / 2),
        peer="hashes all rows",
        target_per_s=_TARGETS["hashes"],
    )


class _Player:
    """Plays calls over and over: reads on one state, writes each on a fresh one."""

    def __init__(self, base: WorldBase, calls: list[ToolCall]) -> None:
        self._engine = Engine(base.world)
        self._base = base
        self._state = WorldState(base)
        self._calls: Iterator[ToolCall] = cycle(calls)

    def read(self) -> str:
        return self._engine.apply(self._state, next(self._calls)).text

    def write(self) -> str:
        return self._engine.apply(WorldState(self._base), next(self._calls)).text

    def work(self, kind: str) -> Callable[[], str]:
        """What to time for a kind of call."""
        return self.write if kind == WRITES else self.read


def _cold_rate(world: World, kind: str, calls: list[ToolCall]) -> float:
    play = _Player(WorldBase(world), calls).work(kind)
    started = time.process_time()
    for _ in calls:
        play()
    return len(calls) / (time.process_time() - started)


def _rate(work: Callable[[], object], seconds: float) -> float:
    """Calls per CPU second, which a busy neighbour disturbs least: the best of five stretches."""
    return max(_stretch(work, seconds / 5) for _ in range(5))


def _stretch(work: Callable[[], object], seconds: float) -> float:
    count, started = 0, time.process_time()
    while (elapsed := time.process_time() - started) < seconds or not count:
        work()
        count += 1
    return count / elapsed
