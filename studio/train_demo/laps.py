"""How long each stage took, over all the times that the demonstration was started."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rl_backend.jsonl import replace_text

WRITE_EVERY_S = 5.0


class Laps:
    """Seconds by stage, kept in a file while a stage runs: a kill costs the last few."""

    def __init__(self, path: Path, *, write_every_s: float = WRITE_EVERY_S) -> None:
        self._path = path
        self._write_every_s = write_every_s
        self.spent: dict[str, float] = json.loads(path.read_text()) if path.is_file() else {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time inside the block to a stage."""
        over = threading.Event()
        writer = threading.Thread(target=self._count, args=(name, over), daemon=True)
        writer.start()
        try:
            yield
        finally:
            over.set()
            writer.join()

    def _count(self, name: str, over: threading.Event) -> None:
        before, since = self.spent.get(name, 0.0), time.monotonic()
        is_over = False
        while not is_over:
            is_over = over.wait(self._write_every_s)
            self.spent[name] = before + time.monotonic() - since
            replace_text(self._path, json.dumps(self.spent))
