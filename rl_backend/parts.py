"""What the training loop joins: every part of a run, made once by `run`, as one value."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from rl_backend.buffer import DataBuffer, TaskSource
from rl_backend.busy import BusyClock
from rl_backend.config import RunConfig
from rl_backend.engines.base import Engine
from rl_backend.judges.base import Judge
from rl_backend.policies import Policy
from rl_backend.progress import Progress
from rl_backend.rollout import RolloutRunner
from rl_backend.rundir import RunDir
from rl_backend.trainers.base import Trainer
from world_builder.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Parts:
    """One run."""

    config: RunConfig
    run: RunDir
    progress: Progress
    stopping: asyncio.Event
    """Set once a stop was asked for."""
    tasks: tuple[Task, ...]
    """Of the whole bundle; the loop trains on one split and evaluates on the other."""
    bundle: str
    """Name, version and digest, for reports."""
    runner: RolloutRunner
    judge: Judge
    trainer: Trainer
    engine: Engine
    policy: Policy
    """Samples from the engine as training does."""
    eval_policy: Policy
    """Samples from the engine as evaluation does."""
    source: TaskSource
    buffer: DataBuffer
    engine_busy: BusyClock = field(default_factory=BusyClock)
    """Runs while a rollout's request is in the engine."""
