"""Verdicts of model judges, kept for ever: the same question is never paid for twice.

One SQLite file that several processes may use at once. It stores answers, not failures.
"""

import sqlite3
from pathlib import Path

from pydantic import ValidationError

from rl_backend.judges.prompts import PROMPT_VERSION, Answer, Case
from world_builder.ids import content_hash
from world_builder.rubrics import Criterion

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    judge TEXT NOT NULL,
    criterion TEXT NOT NULL,
    answer TEXT NOT NULL,
    stored_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID
"""


class AnswerCache:
    """Answers by the hash of everything they depend on."""

    def __init__(self, path: Path | None = None) -> None:
        """Opens or makes the file; None keeps the answers in memory."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path,
            isolation_level=None,
            timeout=30,
            check_same_thread=False,
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(_SCHEMA)

    def get(self, key: str) -> Answer | None:
        """The stored answer, or None; one that no longer reads counts as none."""
        row = self._connection.execute("SELECT answer FROM answers WHERE key = ?", (key,))
        found = row.fetchone()
        try:
            return None if found is None else Answer.model_validate_json(found[0])
        except ValidationError:
            return None

    def put(self, key: str, judge: str, criterion: Criterion, answer: Answer) -> None:
        """Keeps an answer; the first one under a key stays."""
        self._connection.execute(
            "INSERT OR IGNORE INTO answers (key, judge, criterion, answer) VALUES (?, ?, ?, ?)",
            (key, judge, criterion.text, answer.model_dump_json()),
        )

    def __len__(self) -> int:
        count: int = self._connection.execute("SELECT COUNT(*) FROM answers").fetchone()[0]
        return count

    def close(self) -> None:
        self._connection.close()


def answer_key(judge: str, case: Case, criterion: Criterion, vote: int) -> str:
    """SHA-256 over judge, prompt version, criterion, everything it sees and the vote's index."""
    return content_hash(
        {
            "judge": judge,
            "prompt": PROMPT_VERSION,
            "criterion": [criterion.text, criterion.kind.value, criterion.category.value],
            "case": case.key,
            "vote": vote,
        }
    )
