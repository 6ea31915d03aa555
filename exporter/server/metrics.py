"""The figures of a server in the text format of Prometheus.

A few counters of its own shared memory, written out by hand: the client library would add 40 ms to
a start, and keeps the figures of several processes in files. It measures nothing itself.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path

from exporter.server.board import BUCKETS_S, OUTCOMES, Board, Column

_PREFIX = "corecraft"


def exposition(board: Board, labels: Mapping[str, str]) -> str:
    """All figures; `labels` say what is served."""
    return "\n".join((*_rollouts(board), *_calls(board), *_processes(board, labels), ""))


def _rollouts(board: Board) -> Iterator[str]:
    total = board.total
    yield from _family("rollouts_active", "gauge", "Rollouts that are there now.")
    for worker, row in enumerate(board.rows):
        yield _sample("rollouts_active", row[Column.ACTIVE], worker=str(worker))
    yield from _family("rollouts_created_total", "counter", "Rollouts that began.")
    yield _sample("rollouts_created_total", total(Column.CREATED))
    yield from _family("rollouts_ended_total", "counter", "Rollouts that ended, by reason.")
    for reason, column in (
        ("deleted", Column.DELETED),
        ("idle", Column.REAPED),
        ("lost", Column.LOST),
    ):
        yield _sample("rollouts_ended_total", total(column), reason=reason)
    yield from _family("rollouts_refused_total", "counter", "Rollouts that could not begin.")
    for reason, column in (
        ("at_capacity", Column.REFUSED_AT_CAPACITY),
        ("draining", Column.REFUSED_DRAINING),
    ):
        yield _sample("rollouts_refused_total", total(column), reason=reason)


def _calls(board: Board) -> Iterator[str]:
    yield from _family("tool_calls_total", "counter", "Tool calls that were answered.")
    calls = [row.calls for row in board.rows]
    for outcome in OUTCOMES:
        yield _sample("tool_calls_total", sum(c[outcome] for c in calls), outcome=str(outcome))
    name = "tool_call_seconds"
    yield from _family(name, "histogram", "Time to apply a tool call, HTTP not counted.")
    columns = zip(*(row.buckets for row in board.rows), strict=True)
    counts = list(accumulate(map(sum, columns)))
    for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
        yield _sample(f"{name}_bucket", count, le=bound)
    yield _sample(f"{name}_sum", sum(row.call_seconds for row in board.rows))
    yield _sample(f"{name}_count", counts[-1])


def _processes(board: Board, labels: Mapping[str, str]) -> Iterator[str]:
    name = "worker_resident_memory_bytes"
    yield from _family(name, "gauge", "Resident memory of a worker, shared pages included.")
    alive = [(n, row) for n, row in enumerate(board.rows) if row[Column.IS_ALIVE]]
    for worker, row in alive:
        if (size := _resident_bytes(row[Column.PROCESS_ID])) is not None:
            yield _sample(name, size, worker=str(worker))
    yield from _family("workers", "gauge", "Worker processes that the server was started with.")
    yield _sample("workers", len(board.rows))
    yield from _family("workers_alive", "gauge", "Worker processes that answer.")
    yield _sample("workers_alive", len(alive))
    restarts = "worker_restarts_total"
    yield from _family(restarts, "counter", "Worker processes that were started again.")
    yield _sample(restarts, board.total(Column.GENERATION))
    yield from _family("draining", "gauge", "1 when the server takes no new rollout.")
    yield _sample("draining", int(board.is_draining))
    yield from _family("bundle_info", "gauge", "What is served.")
    yield _sample("bundle_info", 1, **labels)


def _family(name: str, kind: str, told: str) -> Iterable[str]:
    return f"# HELP {_PREFIX}_{name} {told}", f"# TYPE {_PREFIX}_{name} {kind}"


def _sample(name: str, value: float, **labels: str) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{_PREFIX}_{name}{{{told}}} {value!r}" if told else f"{_PREFIX}_{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _resident_bytes(process_id: int) -> int | None:
    """None where the system does not tell."""
    try:
        pages = Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
