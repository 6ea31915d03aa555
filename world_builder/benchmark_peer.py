"""The peer of `benchmark`: SQLite in memory with one row of JSON per entity.

It makes a fresh copy of the database, looks one entity up, finds the first ten of a type that hold
a text, changes one in a transaction, and hashes all rows. It knows no schemas, preconditions or
expressions, which our calls go through; where it has nothing of the kind, it looks one entity up.
"""

import json
import sqlite3
from collections.abc import Callable
from itertools import cycle

from world_builder.ids import content_hash
from world_builder.operations import Search
from world_builder.tools import ToolCall
from world_builder.world import World

_ALL = "SELECT id, value FROM entity ORDER BY id"
_FOUND = "SELECT value FROM entity WHERE type = ? AND value LIKE ? ORDER BY id LIMIT 10"


class SqlitePeer:
    """The entities of a world in an SQLite database in memory."""

    def __init__(self, world: World) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE TABLE entity (id TEXT PRIMARY KEY, type TEXT, value TEXT)")
        self._database.execute("CREATE INDEX by_type ON entity (type, id)")
        rows = [
            (str(r["id"]), name, json.dumps(r))
            for name, records in world.entities.items()
            for r in records
        ]
        self._database.executemany("INSERT INTO entity VALUES (?, ?, ?)", rows)
        self._ids = cycle([row[0] for row in rows])

    def counterpart(
        self, kind: str, world: World, calls: list[ToolCall]
    ) -> tuple[Callable[[], object], str]:
        """What to time beside calls of a kind, and what it does."""
        if kind == "writes":
            return self.write, "changes a row"
        if kind.startswith("search"):
            asked = cycle([_asked(world, call) for call in calls])
            return lambda: self.find(*next(asked)), "ten rows LIKE a text"
        return self.read, "reads a row"

    def reset(self) -> None:
        copied = sqlite3.connect(":memory:")
        self._database.backup(copied)
        copied.close()

    def read(self) -> str:
        return json.dumps(self._record(next(self._ids)), sort_keys=True)

    def find(self, entity_type: str, text: str) -> str:
        rows = self._database.execute(_FOUND, (entity_type, f"%{text}%"))
        return json.dumps([json.loads(row[0]) for row in rows], sort_keys=True)

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


def _asked(world: World, call: ToolCall) -> tuple[str, str]:
    """The type that a call searches, and the first text among its arguments."""
    operation = world.tool(call.tool).operation
    entity_type = operation.entity_type if isinstance(operation, Search) else ""
    texts = (value for value in call.arguments.values() if isinstance(value, str))
    return entity_type, next(texts, "")
