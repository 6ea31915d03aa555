"""Measures the engine of a world: resets, reads, writes and hashes per second of one core.

Beside each figure stands a peer timed in the same run, so that a noisy machine does not mislead:
SQLite in memory with one row of JSON per entity. It makes a fresh copy of the database, looks one
entity up, changes one in a transaction, and hashes all rows. It knows no schemas, preconditions or
expressions, which our reads and writes (the calls of the tasks' reference solutions) go through.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

from world_builder.engine import Engine
from world_builder.errors import WorldError
from world_builder.ids import content_hash
from world_builder.state import WorldBase, WorldState
from world_builder.tools import ToolCall
from world_builder.world import World

_ALL = "SELECT id, value FROM entity ORDER BY id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured rate, and the peer's in the same run."""

    name: str
    per_s: float
    peer_per_s: float

    @property
    def ratio(self) -> float:
        return self.per_s / self.peer_per_s


def bench_state(world: World, seconds: float = 1.0) -> Iterator[Figure]:
    """The figures of a world, one after the other; `seconds` of work for each rate.

    Raises WorldError when no reference solution reads, or none writes.
    """
    base, peer = WorldBase(world), _Peer(world)
    read, write = _recorded(base, is_read=True), _recorded(base, is_read=False)
    state = WorldState(base)
    yield _figure("resets", lambda: WorldState(base), peer.reset, seconds)
    yield _figure("reads", lambda: read.again(state), peer.read, seconds)
    yield _figure("writes", write.afresh, peer.write, seconds)
    write.again(state)  # one change, so that there is something to fold in
    yield _figure("hashes", lambda: state.state_hash, peer.hash, seconds)
    peer.close()


@dataclass(slots=True)
class _Recorded:
    """The calls of reference solutions that succeed, one after the other, over and over."""

    engine: Engine
    base: WorldBase
    calls: Iterator[ToolCall]

    def again(self, state: WorldState) -> str:
        return self.engine.apply(state, next(self.calls)).text

    def afresh(self) -> str:
        """The next call on a fresh state."""
        return self.again(WorldState(self.base))


def _recorded(base: WorldBase, *, is_read: bool) -> _Recorded:
    engine = Engine(base.world)
    calls = [
        call
        for task in base.world.tasks
        for call in (task.reference_solution.calls if task.reference_solution else ())
        if base.world.tool(call.tool).is_read_only is is_read
        and not engine.apply(WorldState(base), call).is_error
    ]
    if calls:
        return _Recorded(engine, base, cycle(calls))
    kind = "reads" if is_read else "writes"
    raise WorldError(f"no reference solution of world {base.world.name!r} {kind} anything")


class _Peer:
    """The entities of a world in an SQLite database in memory."""

    def __init__(self, world: World) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE TABLE entity (id TEXT PRIMARY KEY, value TEXT)")
        rows = [
            (str(r["id"]), json.dumps(r)) for records in world.entities.values() for r in records
        ]
        self._database.executemany("INSERT INTO entity VALUES (?, ?)", rows)
        self._ids = cycle([row[0] for row in rows])

    def reset(self) -> None:
        copied = sqlite3.connect(":memory:")
        self._database.backup(copied)
        copied.close()

    def read(self) -> str:
        return json.dumps(self._record(next(self._ids)), sort_keys=True)

    def write(self) -> None:
        entity_id = next(self._ids)
        self._database.execute("BEGIN")
        record = {**self._record(entity_id), "touched": True}
        update = "UPDATE entity SET value = ? WHERE id = ?"
        self._database.execute(update, (json.dumps(record), entity_id))
        self._database.execute("COMMIT")

    def hash(self) -> str:
        return content_hash([list(row) for row in self._database.execute(_ALL)])

    def close(self) -> None:
        self._database.close()

    def _record(self, entity_id: str) -> dict[str, object]:
        query = "SELECT value FROM entity WHERE id = ?"
        found: dict[str, object] = json.loads(
            self._database.execute(query, (entity_id,)).fetchone()[0]
        )
        return found


def _figure(
    name: str, work: Callable[[], object], peer: Callable[[], object], seconds: float
) -> Figure:
    return Figure(name=name, per_s=_rate(work, seconds), peer_per_s=_rate(peer, seconds / 2))


def _rate(work: Callable[[], object], seconds: float) -> float:
    """Calls per CPU second, which a busy neighbour disturbs least: the best of five stretches."""
    return max(_stretch(work, seconds / 5) for _ in range(5))


def _stretch(work: Callable[[], object], seconds: float) -> float:
    count, started = 0, time.process_time()
    while (elapsed := time.process_time() - started) < seconds or not count:
        work()
        count += 1
    return count / elapsed
