"""The rollouts of an evaluation without their content: what is counted, and where each one stands.

A review page counts thousands of rollouts and shows two. This reads the outcome of each line of an
evaluation's file and parses a whole record only when it is asked for. It writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from rl_backend.jsonl import tail_bytes
from rl_backend.records import RolloutRecord


class StaleHeadError(ValueError):
    """The file was written anew since its heads were read; read them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutHead:
    """One rollout's outcome."""

    task_id: str
    index: int
    """Position in its group, from 0."""
    reward: float | None
    """None when unscored."""
    is_pass: bool | None
    """None when unscored."""
    offset: int
    """Of its line in the file, in bytes."""
    size: int
    """Of its line, in bytes."""


class _Outcome(BaseModel):
    model_config = ConfigDict(extra="ignore")

    reward: float | None
    is_pass: bool | None


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    task_id: str
    index: int
    judgement: _Outcome | None


def read_heads(path: Path) -> tuple[RolloutHead, ...]:
    """The heads of a file of rollout records; none when it is absent. Torn lines are skipped."""
    return tuple(_heads(tail_bytes(path)[0]))


def read_record(path: Path, head: RolloutHead) -> RolloutRecord:
    """The whole record of a head. Raises StaleHeadError when the file holds another one there."""
    try:
        with path.open("rb") as file:
            file.seek(head.offset)
            record = RolloutRecord.model_validate_json(file.read(head.size))
    except (OSError, ValidationError) as error:
        raise StaleHeadError(f"{path.name} was written anew meanwhile") from error
    if (record.task_id, record.index) != (head.task_id, head.index):
        raise StaleHeadError(f"{path.name} was written anew meanwhile")
    return record


def scored_heads(heads: Iterable[RolloutHead]) -> dict[str, tuple[RolloutHead, ...]]:
    """The scored rollouts of each task, by index."""
    by_task: dict[str, list[RolloutHead]] = defaultdict(list)
    for head in sorted(heads, key=lambda h: h.index):
        if head.reward is not None:
            by_task[head.task_id].append(head)
    return {task_id: tuple(found) for task_id, found in by_task.items()}


def _heads(data: bytes) -> Iterator[RolloutHead]:
    offset = 0
    for line in data.splitlines(keepends=True):
        try:
            found = _Line.model_validate_json(line)
        except ValidationError:
            found = None
        if found is not None:
            yield RolloutHead(
                task_id=found.task_id,
                index=found.index,
                reward=found.judgement.reward if found.judgement else None,
                is_pass=found.judgement.is_pass if found.judgement else None,
                offset=offset,
                size=len(line),
            )
        offset += len(line)
