"""Makes the parts of a run and lets the warm start and the loop work with them.

The one place where a training process chooses its engine, trainer and runtime. While the warm
start computes, the SGLang server starts beside it. What ends the run is `run`'s business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial

import torch

from rl_backend.buffer import DataBuffer, TaskSource
from rl_backend.busy import BusyClock
from rl_backend.checkpoints import LoopState, restore, save
from rl_backend.config import RunConfig
from rl_backend.evaluation.bundles import bundle_label, open_locked, open_runtime
from rl_backend.judge_lock import held_judge
from rl_backend.lessons import lessons_of
from rl_backend.loop import TrainingLoop
from rl_backend.parts import Parts
from rl_backend.progress import Progress, stop_event
from rl_backend.records import EventKind, RunState
from rl_backend.renderer import Renderer
from rl_backend.rollout import RolloutRunner
from rl_backend.rundir import RunDir
from rl_backend.seeding import generator
from rl_backend.serving import Connect, run_policy, serving
from rl_backend.stopping import Stopped, cancel, unless
from rl_backend.trainers.base import Trainer
from rl_backend.trainers.ranked import open_trainer
from rl_backend.warm_start import starting_model, warm_start
from world_builder.state import WorldBase
from world_builder.tasks import Split

_log = logging.getLogger(__name__)


async def train(run: RunDir, progress: Progress, *, connect: Connect | None = None) -> None:
    """The whole run, from where it is to its end or to a stop.

    `connect` makes the engine when the configuration names one that already runs; None connects.

    Raises:
        Stopped: a stop was asked for before the loop began; whatever was learned is kept.
    """
    config, bundle = run.config(), open_locked(run.bundle())
    base = WorldBase(bundle.world)
    stopping = stop_event(progress)
    model_dir = starting_model(run, config, base)
    warn = partial(_warn, run, progress)
    async with (
        AsyncExitStack() as ranks,
        held_judge(run, base) as judge,
        serving(run, config, model_dir, connect, warn) as ready,
    ):
        trainer = ranks.enter_context(open_trainer(config.trainer, model_dir, seed=config.seed))
        _log.info("trainer: %s", trainer.info)
        source = TaskSource(_train_tasks(config, base), seed=config.seed)
        buffer = DataBuffer(max_policy_lag=config.max_policy_lag)
        state = restore(run, trainer, source, buffer)
        progress.finished(step=state.step, warm_start_step=state.warm_start_step)
        with _threads(config.warm_start.num_cpu_threads):
            state = await _taught(run, config, base, trainer, progress, state, source, buffer)
        if config.trainer.num_cpu_threads is not None:
            torch.set_num_threads(config.trainer.num_cpu_threads)
        engine = await unless(stopping, ready)
        opening = open_runtime(
            config.rollout.runtime,
            bundle,
            base,
            docker=config.rollout.docker,
            max_worlds=config.rollout.concurrency,
            server_workers=config.rollout.server_workers,
            max_restarts=config.max_restarts,
            run_id=run.id,
            on_problem=warn,
        )
        runtime = await unless(stopping, opening)
        runner = RolloutRunner(base, runtime, max_worlds=config.rollout.concurrency)
        watcher = asyncio.create_task(_cancel_when(stopping, runner))
        renderer = Renderer.load(model_dir, config.model.tool_format)
        busy = BusyClock()
        policy = partial(run_policy, engine, renderer, config, model_dir, busy=busy)
        parts = Parts(
            config=config,
            run=run,
            progress=progress,
            stopping=stopping,
            tasks=base.world.tasks,
            bundle=bundle_label(bundle),
            runner=runner,
            judge=judge,
            trainer=trainer,
            engine=engine,
            policy=policy(config.rollout.temperature),
            eval_policy=policy(config.evaluation.temperature),
            engine_busy=busy,
            source=source,
            buffer=buffer,
        )
        try:
            await TrainingLoop(parts, state).run()
        finally:
            await cancel(watcher)
            await runtime.close()
            await engine.close()


def _warn(run: RunDir, progress: Progress, problem: str) -> None:
    """Says in the run's history what went wrong without ending it."""
    _log.warning("%s", problem)
    run.append_event(EventKind.WARNING, progress.status.step, problem)


@contextmanager
def _threads(num: int | None) -> Iterator[None]:
    """So many threads of torch inside the block; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(num or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train_tasks(config: RunConfig, base: WorldBase) -> list[str]:
    """Ids of the tasks that rollouts are made of."""
    ids = [task.id for task in base.world.tasks_in(Split.TRAIN)]
    if config.num_train_tasks is None or config.num_train_tasks >= len(ids):
        return ids
    return generator(config.seed, "train_tasks").sample(ids, config.num_train_tasks)


async def _taught(
    run: RunDir,
    config: RunConfig,
    base: WorldBase,
    trainer: Trainer,
    progress: Progress,
    state: LoopState,
    source: TaskSource,
    buffer: DataBuffer,
) -> LoopState:
    """The state after the warm start, which is kept as the checkpoint of step 0."""
    if state.warm_start_step >= config.warm_start.num_steps:
        return state
    renderer = Renderer.load(starting_model(run, config, base), config.model.tool_format)
    lessons = lessons_of(run, base, renderer, config)

    def keep(state: LoopState) -> None:
        save(run, trainer, state, source, buffer)

    try:
        with progress.unbroken():
            state = await warm_start(trainer, lessons, config, run, progress, state, keep)
    finally:
        lessons.close()
    if progress.is_stopping:
        raise Stopped
    progress.enter(RunState.STARTING, "waiting for the engine")
    return state


async def _cancel_when(stopping: asyncio.Event, runner: RolloutRunner) -> None:
    await stopping.wait()
    runner.cancel()
