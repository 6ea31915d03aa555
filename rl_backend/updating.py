"""The right half of figure 1: from the buffer's samples to the next policy version.

Samples become one batch or several minibatches, whole groups each; the ratio starts from the
trainer's own log-probabilities, so that it is exactly 1 where nothing was updated yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rl_backend.buffer import DataBuffer
from rl_backend.config import RunConfig
from rl_backend.objective import ClippedObjective
from rl_backend.samples import to_batch, with_old_logprobs
from rl_backend.seeding import generator
from rl_backend.trainers.base import Trainer, UpdateMetrics
from rl_backend.types import Batch, TrainingSample

PAD_ID = 0
"""Stands where a row has no token; masked everywhere, so any id of the vocabulary serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What a step's training was; nothing when there was none."""

    updates: tuple[UpdateMetrics, ...] = ()
    num_row_tokens: int = 0
    """Tokens of all rows, prompts included."""
    num_stale: int = 0
    policy_lag: int = 0


def update_policy(buffer: DataBuffer, trainer: Trainer, config: RunConfig, *, step: int) -> Updated:
    """Empties the buffer into the policy and says what that was."""
    taken = buffer.take(trainer.policy_version)
    temperature = config.rollout.temperature
    minibatches = _minibatches(taken.samples, config, step=step)
    batches = [_with_own_logprobs(part, trainer, temperature) for part in minibatches]
    return Updated(
        updates=tuple(
            trainer.train_step(batch, objective(config), temperature=temperature)
            for batch in batches
        ),
        num_row_tokens=sum(batch.num_tokens for batch in batches),
        num_stale=taken.num_stale,
        policy_lag=taken.policy_lag,
    )


def objective(config: RunConfig) -> ClippedObjective:
    """The configured objective."""
    return ClippedObjective(
        clip_low=config.objective.clip_low,
        clip_high=config.objective.clip_high,
        dual_clip=config.objective.dual_clip,
        engine_ratio_cap=config.objective.engine_ratio_cap,
    )


def _with_own_logprobs(
    samples: Sequence[TrainingSample], trainer: Trainer, temperature: float
) -> Batch:
    batch = to_batch(samples, pad_id=PAD_ID)
    return with_old_logprobs(batch, trainer.compute_logprobs(batch, temperature=temperature))


def _minibatches(
    samples: Sequence[TrainingSample], config: RunConfig, *, step: int
) -> list[list[TrainingSample]]:
    """The samples in `num_minibatches` parts of whole groups, in an order drawn for the step."""
    tasks = sorted({sample.task_id for sample in samples})
    generator(config.seed, "minibatches", step).shuffle(tasks)
    num = min(config.trainer.num_minibatches, len(tasks))
    parts: list[list[TrainingSample]] = [[] for _ in range(num)]
    place = {task: index % num for index, task in enumerate(tasks)}
    for sample in samples:
        parts[place[sample.task_id]].append(sample)
    return parts
