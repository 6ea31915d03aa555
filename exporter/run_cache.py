"""Keeps what running a task said, so that only changed tasks are run again.

The key names everything that a run depends on: the task, the world without its tasks, the code that
runs it; for planted errors also the writing calls of the other tasks, from which some are taken.
What validating a task and comparing all prompts said is kept likewise.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Protocol

import world_builder
from world_builder.ids import content_hash
from world_builder.tasks import Task
from world_builder.workbench import Workbench
from world_builder.world import World

_MOST_KEPT: Final = 75_000
"""Runs that a file keeps, about twenty times a large world."""
SOUND: Final = ""
"""What is kept of a task that validation found nothing wrong with."""
_OWN_SOURCES: Final = ("task_runs.py", "gates.py")


def cache_folder() -> Path:
    """Where the command line keeps things: `CORECRAFT_CACHE_DIR`, else in the user's cache."""
    given = os.environ.get("CORECRAFT_CACHE_DIR")
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "corecraft"
    return Path(given) if given else users


def default_file() -> Path:
    """Where the command line keeps runs."""
    return cache_folder() / "task-runs.db"


class RunCache(Protocol):
    """Texts by key."""

    @property
    def is_empty(self) -> bool:
        """True when nothing is kept."""

    def get(self, key: str) -> str | None:
        """The text that was kept, or None."""

    def put(self, key: str, text: str) -> None:
        """Keeps a text."""


class MemoryRuns:
    """Kept as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    @property
    def is_empty(self) -> bool:
        return not self._kept

    def get(self, key: str) -> str | None:
        return self._kept.get(key)

    def put(self, key: str, text: str) -> None:
        self._kept[key] = text


class FileRuns:
    """Kept in a file, for the next process. A file that cannot be used keeps nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = MemoryRuns()
        self._new: dict[str, str] = {}
        for key, text in self._rows():
            self._kept.put(key, text)

    @property
    def is_empty(self) -> bool:
        return self._kept.is_empty

    def get(self, key: str) -> str | None:
        return self._kept.get(key)

    def put(self, key: str, text: str) -> None:
        self._kept.put(key, text)
        self._new[key] = text

    def save(self) -> None:
        """Writes what is new to the file; the oldest go when there are too many."""
        if not self._new:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as connection, connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO run (key, text) VALUES (?, ?)", self._new.items()
                )
                connection.execute(
                    "DELETE FROM run WHERE rowid <= (SELECT max(rowid) FROM run) - ?",
                    (_MOST_KEPT,),
                )
        except (OSError, sqlite3.Error):
            return
        self._new = {}

    def _rows(self) -> Iterator[tuple[str, str]]:
        if not self._path.is_file():
            return
        try:
            with closing(self._open()) as connection:
                yield from connection.execute("SELECT key, text FROM run")
        except sqlite3.Error:
            return

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10)
        connection.execute("CREATE TABLE IF NOT EXISTS run (key TEXT PRIMARY KEY, text TEXT)")
        return connection


class RunKeys:
    """The keys of the runs of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._writes: dict[str, str] = {}
        self._texts: dict[int, str] = {}

    def soundness(self, task: Task) -> str:
        """Of what validating the task said."""
        return _sha256(f"soundness\0{self._core}\0{self._text(task)}")

    def answers(self, task: Task) -> str:
        return _sha256(f"answers\0{self._core}\0{self._text(task)}")

    def planted(self, task: Task) -> str:
        writes = self._writes_of(task.tool_surface)
        return _sha256(f"planted\0{self._core}\0{writes}\0{self._text(task)}")

    def similarity(self) -> str:
        """Of what comparing all prompts said."""
        told = [[task.id, task.scenario, task.prompt] for task in self._world.tasks]
        return _sha256(f"similarity\0{self._core}\0{json.dumps(told)}")

    @cached_property
    def _core(self) -> str:
        core = self._world.model_dump(mode="json", exclude={"tasks"})
        return f"{code_digest()}\0{content_hash(core)}"

    @cached_property
    def _bench(self) -> Workbench:
        return Workbench(self._world)

    def _text(self, task: Task) -> str:
        """The task as JSON, made once: it is part of several keys."""
        if id(task) not in self._texts:
            self._texts[id(task)] = task.model_dump_json()
        return self._texts[id(task)]

    def _writes_of(self, surface: str) -> str:
        if surface not in self._writes:
            calls = self._bench.writing_calls(surface)
            told = "\0".join(f"{task_id} {call.model_dump_json()}" for task_id, call in calls)
            self._writes[surface] = _sha256(told)
        return self._writes[surface]


class SoundRuns:
    """The tasks of a world of which a cache knows that validation found nothing wrong."""

    def __init__(self, cache: RunCache, keys: RunKeys) -> None:
        self._cache, self._keys = cache, keys

    def __contains__(self, task: Task, /) -> bool:
        return self._cache.get(self._keys.soundness(task)) is not None

    def add(self, task: Task, /) -> None:
        self._cache.put(self._keys.soundness(task), SOUND)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Names the code that runs tasks: another release runs them again."""
    package = Path(str(world_builder.__file__)).parent
    sources = [path for path in package.rglob("*.py") if "worlds" not in path.parts]
    found = hashlib.sha256()
    for path in (*sorted(sources), *map(Path(__file__).with_name, _OWN_SOURCES)):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
