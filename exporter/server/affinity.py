"""Which worker a rollout lives in: the id says so.

Ids of a server with several workers begin with the number of the worker and of its generation: how
many processes had its place before. So every worker knows where a request belongs, and whether the
rollout ended with the process that held it.
"""

from dataclasses import dataclass
from typing import Final

from exporter.server.board import Board, Column

FIRST_WORKER: Final = 0
"""Holds the one world at `/mcp`, and decides where a new rollout goes."""

_LONGEST_NUMBER: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A worker process: its place and its generation in it."""

    worker: int
    generation: int

    def id_of(self, secret: str) -> str:
        """A rollout id that names this worker.

        >>> Home(worker=1, generation=0).id_of("x")
        '1.0.x'
        """
        return f"{self.worker}.{self.generation}.{secret}"

    def is_of(self, board: Board) -> bool:
        """True when this process answers now."""
        row = board.rows[self.worker]
        return bool(row[Column.IS_ALIVE]) and row[Column.GENERATION] == self.generation

    def has_ended(self, board: Board) -> bool:
        """True when another process has its place now, or is about to."""
        return self.generation < board.rows[self.worker][Column.GENERATION]


def home_of(rollout_id: str, board: Board) -> Home | None:
    """The worker that an id names; None when it names none of this server."""
    worker, _, rest = rollout_id.partition(".")
    generation, dot, _ = rest.partition(".")
    if not (dot and _is_number(worker) and _is_number(generation)):
        return None
    home = Home(worker=int(worker), generation=int(generation))
    return home if home.worker < len(board.rows) else None


def rollout_in(path: str) -> str:
    """The rollout id in a path; empty when the path is about none.

    >>> rollout_in("/rollouts/1.0.x/mcp"), rollout_in("/rollouts"), rollout_in("/health")
    ('1.0.x', '', '')
    """
    _, _, rest = path.partition("/rollouts/")
    return rest.partition("/")[0] if path.startswith("/rollouts/") else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
