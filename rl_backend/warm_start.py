"""Makes a run's starting policy: a small model from scratch, taught by reference solutions.

The supervised phase before the reinforcement loop: same trainer, same run directory, another
objective. It sees the training split alone. A policy that is sometimes right is the aim, since the
loop can only strengthen what is sampled at all.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from rl_backend.checkpoints import LoopState
from rl_backend.config import RunConfig, WarmStartConfig
from rl_backend.demonstrations import corpus
from rl_backend.lessons import FIRST_SIBLING_SEED, Lessons, require_shipped
from rl_backend.objective import SupervisedObjective
from rl_backend.progress import Progress
from rl_backend.records import EventKind, Phase, RunState
from rl_backend.rundir import RunDir
from rl_backend.samples import to_batch
from rl_backend.seeding import derive_seed
from rl_backend.skipped_updates import count_skipped
from rl_backend.step_metrics import known
from rl_backend.tiny_model import TinyShape, make_tiny_model
from rl_backend.tiny_template import made_template
from rl_backend.trainers.base import Trainer, UpdateMetrics
from rl_backend.updating import PAD_ID
from world_builder.state import WorldBase
from world_builder.worlds import build_world

NUM_CORPUS_SIBLINGS = 8
RISING_SHARE = 0.1
LAST_SHARE = 0.1


def starting_model(run: RunDir, config: RunConfig, base: WorldBase) -> Path:
    """The directory of the starting model: the configured one, or one made in the run directory.

    Raises:
        DemonstrationError: a model has to be made and there is nothing to learn from.
    """
    if config.model.path is not None:
        return Path(config.model.path)
    if not run.model_dir.exists():
        template = made_template()
        texts = [
            text
            for source in _sources(base, config)
            for text in corpus(source, source.world.tasks, template)
        ]
        seed = derive_seed(config.seed, "model")
        make_tiny_model(run.model_dir, texts, seed=seed, shape=_shape(config))
        run.append_event(EventKind.NOTE, 0, f"made a model from {len(texts)} reference solutions")
    return run.model_dir


def _sources(base: WorldBase, config: RunConfig) -> list[WorldBase]:
    """The worlds whose texts the tokenizer learns from: the bundle's own, or siblings of it."""
    if not config.warm_start.siblings_per_step:
        return [base]
    require_shipped(base.world.name)
    seeds = range(FIRST_SIBLING_SEED - NUM_CORPUS_SIBLINGS, FIRST_SIBLING_SEED)
    return [WorldBase(build_world(base.world.name, seed)) for seed in seeds]


async def warm_start(
    trainer: Trainer,
    lessons: Lessons,
    config: RunConfig,
    run: RunDir,
    progress: Progress,
    state: LoopState,
    keep: Callable[[LoopState], None],
) -> LoopState:
    """Teaches the lessons until the configured step, or until a stop was asked for.

    `keep` makes a checkpoint, now and then and at the end. Both run in a thread, so that the event
    loop stays free: the engine's server starts meanwhile.

    Raises:
        TrainerError: several updates in a row changed nothing.
    """
    if state.warm_start_step >= config.warm_start.num_steps:
        return state
    progress.enter(RunState.WARMING_UP)
    loop = asyncio.get_running_loop()
    with _own_thread() as thread:
        for step in range(state.warm_start_step + 1, config.warm_start.num_steps + 1):
            if progress.is_stopping:
                break
            update = await loop.run_in_executor(
                thread, _one_step, trainer, lessons, config, run, step
            )
            state = _after(state, step, update, run)
            progress.finished(warm_start_step=step)
            progress.at_version(trainer.policy_version)
            if step % config.warm_start.checkpoint_every_num_steps == 0:
                await loop.run_in_executor(thread, keep, state)
        await loop.run_in_executor(thread, keep, state)
    return state


def _own_thread() -> ThreadPoolExecutor:
    """A thread that computes with as many threads of torch as this one is set to.

    torch keeps that number for each thread, from its first use on. A thread of the event loop's own
    pool would carry the warm start's number into the updates after it.
    """
    return ThreadPoolExecutor(
        1, "warm-start", initializer=torch.set_num_threads, initargs=(torch.get_num_threads(),)
    )


def _after(state: LoopState, step: int, update: UpdateMetrics, run: RunDir) -> LoopState:
    """Raises TrainerError when the last updates changed nothing."""
    num_skipped = count_skipped(
        run, [update], state.num_skipped, step=0, what=f"warm-start step {step}"
    )
    return state.model_copy(update={"warm_start_step": step, "num_skipped": num_skipped})


def scheduled_rate(config: WarmStartConfig, step: int) -> float:
    """Step size at a step counted from 1: a linear rise, then a cosine down to a tenth.

    >>> config = WarmStartConfig(num_steps=10, learning_rate=1.0)
    >>> [round(scheduled_rate(config, step), 3) for step in (1, 10)]
    [1.0, 0.1]
    """
    rise = max(1, round(config.num_steps * RISING_SHARE))
    if step <= rise:
        return config.learning_rate * step / rise
    done = (step - rise) / max(1, config.num_steps - rise)
    cosine = (1 + math.cos(math.pi * done)) / 2
    return config.learning_rate * (LAST_SHARE + (1 - LAST_SHARE) * cosine)


def _one_step(
    trainer: Trainer,
    lessons: Lessons,
    config: RunConfig,
    run: RunDir,
    step: int,
) -> UpdateMetrics:
    demonstrations = lessons.of(step)
    started = time.monotonic()
    batch = to_batch(demonstrations, pad_id=PAD_ID)
    update = trainer.train_step(
        batch,
        SupervisedObjective(context_weight=config.warm_start.context_weight),
        learning_rate=scheduled_rate(config.warm_start, step),
    )
    seconds = time.monotonic() - started
    values: dict[str, float | None] = {
        "loss": update.loss,
        "grad_norm": update.grad_norm,
        "entropy": update.entropy,
        "learning_rate": update.learning_rate,
        "num_tokens": float(update.num_tokens),
        "num_excluded_tokens": float(update.num_excluded_tokens),
        "num_updates_skipped": float(not update.is_applied),
        "train_tokens_per_s": batch.num_tokens / seconds,
        "step_s": seconds,
    }
    run.append_metrics(Phase.WARM_START, step, known(values))
    return update


def _shape(config: RunConfig) -> TinyShape:
    return TinyShape(
        vocab_size=config.model.vocab_size,
        hidden_size=config.model.hidden_size,
        num_layers=config.model.num_layers,
        num_heads=config.model.num_heads,
        context_length=config.model.context_length,
    )
