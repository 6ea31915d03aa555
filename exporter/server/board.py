"""Figures and signals that the processes of a server share, in memory that a fork keeps shared.

Each worker writes its own row and reads all of them, so nothing is locked; a row outlives its
worker, so that no counter ever goes back. `metrics` and `/health` tell what is here.
"""

import mmap
import time
from enum import IntEnum, auto
from typing import Final

from world_builder.tools import ToolErrorCode

OUTCOMES: Final = ("ok", *ToolErrorCode, "repeated")
"""What a tool call can come to; a repeated one was answered from memory."""
BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper bounds of the call latency histogram; slower calls are counted, too."""

_CELL_BYTES: Final = 8


class Column(IntEnum):
    """The figures of one worker."""

    PROCESS_ID = 0
    GENERATION = auto()
    """How often a process was started in this place before."""
    IS_ALIVE = auto()
    ACTIVE = auto()
    CREATED = auto()
    DELETED = auto()
    REAPED = auto()
    LOST = auto()
    """Rollouts that ended with their worker."""
    REFUSED_AT_CAPACITY = auto()
    REFUSED_DRAINING = auto()
    CALL_SECONDS = auto()
    FIRST_OUTCOME = auto()


_FIRST_BUCKET: Final = Column.FIRST_OUTCOME + len(OUTCOMES)
_ROW_CELLS: Final = _FIRST_BUCKET + len(BUCKETS_S) + 1
_HEAD_CELLS: Final = 2
_IS_DRAINING, _DRAIN_UNTIL_S = range(_HEAD_CELLS)


class Row:
    """One worker's figures."""

    __slots__ = ("_cells",)

    def __init__(self, cells: "memoryview[float]") -> None:
        self._cells = cells

    def __getitem__(self, column: int) -> int:
        return int(self._cells[column])

    def __setitem__(self, column: int, value: int) -> None:
        self._cells[column] = value

    def add(self, column: int, number: int = 1) -> None:
        self._cells[column] += number

    def add_call(self, outcome: str, seconds: float) -> None:
        """Counts a tool call that was answered."""
        cells = self._cells
        cells[Column.FIRST_OUTCOME + OUTCOMES.index(outcome)] += 1
        cells[Column.CALL_SECONDS] += seconds
        place = 0
        while place < len(BUCKETS_S) and seconds > BUCKETS_S[place]:
            place += 1
        cells[_FIRST_BUCKET + place] += 1

    @property
    def call_seconds(self) -> float:
        return float(self._cells[Column.CALL_SECONDS])

    @property
    def calls(self) -> dict[str, int]:
        """Number of calls by outcome."""
        return {name: self[Column.FIRST_OUTCOME + i] for i, name in enumerate(OUTCOMES)}

    @property
    def buckets(self) -> list[int]:
        """Number of calls by latency: up to each bound and above the one before; then the rest."""
        return [self[_FIRST_BUCKET + i] for i in range(len(BUCKETS_S) + 1)]


class Board:
    """The rows of all workers, and whether the server is draining."""

    def __init__(self, num_workers: int = 1) -> None:
        size = _HEAD_CELLS + num_workers * _ROW_CELLS
        self._cells = memoryview(mmap.mmap(-1, size * _CELL_BYTES)).cast("d")
        self.rows = tuple(
            Row(self._cells[start : start + _ROW_CELLS])
            for start in range(_HEAD_CELLS, size, _ROW_CELLS)
        )

    def total(self, column: int) -> int:
        return sum(row[column] for row in self.rows)

    @property
    def is_draining(self) -> bool:
        return bool(self._cells[_IS_DRAINING])

    def drain(self, drain_s: float) -> None:
        """From now on no rollout begins; those that run may go on for so long."""
        self._cells[_DRAIN_UNTIL_S] = time.monotonic() + drain_s
        self._cells[_IS_DRAINING] = 1

    def is_drained(self) -> bool:
        """True when the server was told to drain, and no rollout is left or the time is over."""
        if not self.is_draining:
            return False
        is_late = time.monotonic() >= self._cells[_DRAIN_UNTIL_S]
        return is_late or not self.total(Column.ACTIVE)
