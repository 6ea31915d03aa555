"""The data buffer of figure 1, and the source of tasks that fills it through rollouts.

Judged groups come in as samples, a batch's worth goes out to the trainer. Both parts are plain
data, so that a checkpoint holds them and a resumed run goes on where it was.

Source: paper figure 1 and section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import TypeAdapter

from rl_backend.seeding import generator
from rl_backend.types import PolicyVersion, TrainingSample
from world_builder.frozen import Json

_SAMPLES = TypeAdapter(tuple[TrainingSample, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a step trains on."""

    samples: tuple[TrainingSample, ...]
    num_stale: int
    """Samples thrown away because their policy was too old."""
    policy_lag: int
    """Updates since the oldest token of the samples was sampled; 0 without samples."""


class DataBuffer:
    """Samples that wait for an update."""

    def __init__(self, *, max_policy_lag: int = 0) -> None:
        self._max_policy_lag = max_policy_lag
        self._samples: list[TrainingSample] = []

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def num_groups(self) -> int:
        """Groups that the waiting samples belong to; a task may have several."""
        return len({sample.group_id for sample in self._samples})

    def add(self, samples: Iterable[TrainingSample]) -> None:
        self._samples.extend(samples)

    def take(self, version: PolicyVersion) -> Taken:
        """Everything that `version` may still learn from; the buffer is empty afterwards."""
        lags = [version - _oldest(sample) for sample in self._samples]
        fresh = [lag <= self._max_policy_lag for lag in lags]
        taken = Taken(
            samples=tuple(s for s, ok in zip(self._samples, fresh, strict=True) if ok),
            num_stale=fresh.count(False),
            policy_lag=max((lag for lag, ok in zip(lags, fresh, strict=True) if ok), default=0),
        )
        self._samples.clear()
        return taken

    def to_json(self) -> Json:
        """The waiting samples as JSON."""
        data: Json = _SAMPLES.dump_python(tuple(self._samples), mode="json")
        return data

    def restore(self, data: Json) -> None:
        """Puts back what `to_json` gave. Raises ValueError when it is something else."""
        self._samples = list(_SAMPLES.validate_python(data))


class TaskSource:
    """Hands out task ids, every epoch in another order that follows from the run's seed."""

    def __init__(self, task_ids: Sequence[str], *, seed: int, position: int = 0) -> None:
        """Raises ValueError when there is no task."""
        if not task_ids:
            raise ValueError("the bundle has no task in its training split; nothing to train on")
        self._task_ids = tuple(task_ids)
        self._seed = seed
        self.position = position
        """Tasks handed out and used so far: all that a resumed run must know."""

    def copy(self) -> Self:
        """Another source that hands out the same tasks from here on."""
        return type(self)(self._task_ids, seed=self._seed, position=self.position)

    def next(self, num: int) -> tuple[str, ...]:
        """The next `num` tasks, fewer when the split is smaller: never one twice.

        An epoch that ends is followed by the next one; what that would repeat is skipped.
        """
        taken: dict[str, None] = {}
        while len(taken) < min(num, len(self._task_ids)):
            taken[self._at(self.position)] = None
            self.position += 1
        return tuple(taken)

    def _at(self, position: int) -> str:
        epoch, index = divmod(position, len(self._task_ids))
        order = list(self._task_ids)
        generator(self._seed, "epoch", epoch).shuffle(order)
        return order[index]


def _oldest(sample: TrainingSample) -> int:
    """The oldest version that sampled a token of it."""
    sampled = zip(sample.policy_versions, sample.loss_mask, strict=True)
    return min((version for version, is_sampled in sampled if is_sampled), default=0)
