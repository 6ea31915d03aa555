"""How long each stage took, over all the times that the demonstration was started."""

from __future__ import annotations

import json
import time
from pathlib import Path

from rl_backend.jsonl import replace_text


class Laps:
    """Seconds by stage, kept in a file; what a stage spent before it was killed is not in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._since = time.monotonic()
        self.spent: dict[str, float] = json.loads(path.read_text()) if path.is_file() else {}

    def lap(self, name: str) -> None:
        """Adds the time since the last lap to a stage."""
        now = time.monotonic()
        self.spent[name] = self.spent.get(name, 0.0) + now - self._since
        self._since = now
        replace_text(self._path, json.dumps(self.spent))
