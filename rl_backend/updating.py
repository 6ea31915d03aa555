"""The right half of figure 1: from the buffer's samples to the next policy version, in force.

Samples become one batch or several minibatches, whole groups each; the ratio starts from the
trainer's own log-probabilities, so that it is exactly 1 where nothing was updated yet.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rl_backend.buffer import DataBuffer
from rl_backend.config import RunConfig
from rl_backend.engines.base import Engine, Weights
from rl_backend.handover import WrittenWeights
from rl_backend.objective import PolicyObjective
from rl_backend.objective.adaptive_clip import AdaptiveClip
from rl_backend.objective_kinds import ClipSignal
from rl_backend.samples import to_batch, with_old_logprobs, with_reference_logprobs
from rl_backend.seeding import generator
from rl_backend.trainers.base import Trainer, UpdateMetrics
from rl_backend.types import Batch, PolicyVersion, TrainingSample

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
    clip_high: float | None = None
    """The upper bound after an adaptive clip; None when it does not adapt."""
    trainer_s: float = 0.0
    """Seconds in the trainer: scoring and updates."""


def update_policy(
    buffer: DataBuffer,
    trainer: Trainer,
    config: RunConfig,
    *,
    step: int,
    clip_high: float | None = None,
) -> Updated:
    """Empties the buffer into the policy and says what that was.

    `clip_high` is where an adaptive clip stands; None takes the configured bound.
    """
    taken = buffer.take(trainer.policy_version)
    temperature = config.rollout.temperature
    minibatches = _minibatches(taken.samples, config, step=step)
    unscored = [to_batch(part, pad_id=PAD_ID) for part in minibatches]
    started = time.monotonic()
    batches = [_scored(batch, trainer, config) for batch in unscored]
    bound = config.objective.clip_high if clip_high is None else clip_high
    updates = []
    for batch in batches:
        goal = objective(config, clip_high=bound)
        updates.append(trainer.train_step(batch, goal, temperature=temperature))
        bound = _next_bound(config, bound, updates[-1])
    is_adaptive = config.objective.adaptive_clip.signal is not ClipSignal.OFF
    return Updated(
        updates=tuple(updates),
        num_row_tokens=sum(batch.num_tokens for batch in batches),
        num_stale=taken.num_stale,
        policy_lag=taken.policy_lag,
        clip_high=bound if is_adaptive else None,
        trainer_s=time.monotonic() - started,
    )


def weights_of(trainer: Trainer, config: RunConfig, folder: Path) -> Weights:
    """The trainer's weights for the engine; written to `folder` where it reads files.

    Called by every hand-over, in a thread; all ranks of the trainer take part.
    """
    folder = folder.absolute()  # an engine's server has a working directory of its own
    if config.engine.weight_sync != "disk":
        return trainer.gather(folder)
    trainer.export_hf(folder)
    return WrittenWeights(path=folder)


async def swap_weights(
    engine: Engine, weights: Weights, version: PolicyVersion, *, is_busy: bool
) -> None:
    """Brings weights into force as `version`.

    With `is_busy` sampling is held meanwhile: rollouts in flight go on under the new weights, each
    token with the version that sampled it.
    """
    if not is_busy:
        await engine.update_weights(weights, version)
        return
    try:
        await engine.pause()
        await engine.update_weights(weights, version)
    finally:
        await engine.resume()


def objective(config: RunConfig, *, clip_high: float | None = None) -> PolicyObjective:
    """The configured objective; `clip_high` None takes the configured bound."""
    chosen = config.objective
    return PolicyObjective(
        clip_low=chosen.clip_low,
        clip_high=chosen.clip_high if clip_high is None else clip_high,
        dual_clip=chosen.dual_clip,
        ratio_level=chosen.ratio_level,
        surrogate=chosen.surrogate,
        aggregation=chosen.aggregation,
        constant_length=chosen.constant_length or config.rollout.max_new_tokens,
        kl_coef=chosen.kl_coef,
        entropy_coef=chosen.entropy_coef,
        engine_ratio_cap=chosen.engine_ratio_cap,
        engine_ratio_floor=chosen.engine_ratio_floor,
    )


def _next_bound(config: RunConfig, bound: float, update: UpdateMetrics) -> float:
    chosen = config.objective.adaptive_clip
    steer = AdaptiveClip(
        signal=chosen.signal,
        target=chosen.target,
        gain=chosen.gain,
        lowest=chosen.lowest,
        highest=chosen.highest,
    )
    is_entropy = chosen.signal is ClipSignal.ENTROPY
    return steer.after(bound, update.entropy if is_entropy else update.clip_fraction_high)


def _scored(batch: Batch, trainer: Trainer, config: RunConfig) -> Batch:
    """The batch with the log-probabilities that the objective compares with."""
    temperature = config.rollout.temperature
    batch = with_old_logprobs(batch, trainer.compute_logprobs(batch, temperature=temperature))
    if not objective(config).needs_reference:
        return batch
    reference = trainer.compute_reference_logprobs(batch, temperature=temperature)
    return with_reference_logprobs(batch, reference)


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
