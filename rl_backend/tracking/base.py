"""What a tracker is told of a run, and what it does with the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rl_backend.records import MetricRecord, RunState
from world_builder.frozen import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A run as trackers know it."""

    id: str
    """The same whenever the run goes on, and no other run's; letters, digits and hyphens."""
    name: str
    project: str
    folder: Path
    """The tracker's own place in the run directory; it exists."""
    is_online: bool
    config: dict[str, Json]
    """The run's settings, without anything secret."""


class Tracker(Protocol):
    """Where figures go. Any method may raise, and may take long."""

    def log(self, record: MetricRecord) -> None:
        """Takes the figures of one step. After a resume a step may come again."""

    def close(self, state: RunState) -> None:
        """Sends what is left. A run that is `stopped` may go on; others are `done` or `failed`."""


def titled(record: MetricRecord) -> dict[str, float]:
    """The figures under the names that trackers group by, such as `train/loss`."""
    return {f"{record.phase.value}/{name}": value for name, value in record.values.items()}


def flat(config: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Settings by path, as text; what is None is left out.

    >>> dict(flat({"seed": 1, "model": {"path": None, "num_layers": 2}}))
    {'seed': '1', 'model.num_layers': '2'}
    """
    for name, value in config.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", str(value)
