"""Seconds per stage of whole training steps, from the metrics of a real short run.

The second half of `corecraft bench train`: the training process as `corecraft train` starts it, on
a bundle, with SGLang, judge, trainer, weight sync and checkpoints. It is stopped once enough steps
with an update are done; what was written about them is the figure.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from exporter.bundle import Bundle
from rl_backend.config import load_preset
from rl_backend.errors import BackendError
from rl_backend.evaluation.bundles import lock_of
from rl_backend.launcher import launch
from rl_backend.records import MetricRecord, Phase
from rl_backend.rundir import RunDir
from world_builder.frozen import Frozen

PRESET: Final = "cpu-demo"
_LOOK_S: Final = 0.5
_STAGES: Final = ("rollout_s", "engine_s", "judge_s", "train_s", "trainer_s", "sync_s")


class StepFigures(Frozen):
    """Medians over the steps of a run, in seconds."""

    num_steps: int
    """With an update."""
    num_rollouts: float
    num_tokens: float
    """Trained ones, of a step."""
    step_s: float
    rollout_s: float
    engine_s: float
    """Of the rollouts: with a request in the engine."""
    judge_s: float
    """Of the rollouts: while one was judged."""
    train_s: float
    trainer_s: float
    """Of the update: in the trainer."""
    sync_s: float
    """Writing weights and loading them in the engine."""
    checkpoint_s: float

    @property
    def model_s(self) -> float:
        """Seconds in which a model computed: in the engine or in the trainer."""
        return self.engine_s + self.trainer_s

    @property
    def overhead_share(self) -> float:
        """Share of a step in which no model computed."""
        return 1 - self.model_s / self.step_s


def bench_step(
    bundle: Path,
    policy: Path,
    root: Path,
    *,
    num_steps: int = 2,
    changes: Sequence[str] = (),
    on_stage: Callable[[str], None] = lambda stage: None,
) -> StepFigures:
    """Runs until so many steps had an update; `changes` are settings of the run.

    Raises:
        BackendError: the run failed, or ended before.
    """
    config = load_preset(
        PRESET,
        [
            f"model.path={policy.absolute()}",
            "warm_start.num_steps=0",
            "num_steps=100",
            "min_groups_per_step=1",
            "evaluation.every_num_steps=none",
            "evaluation.rollouts_per_task=1",
            *changes,
        ],
    )
    run = RunDir.create(root, config, lock_of(Bundle.open(bundle)), "bench")
    launch(run)
    try:
        while len(_trained(run)) < num_steps and run.is_alive():
            on_stage(f"a real run: {run.status().state.value}, step {run.status().step}")
            time.sleep(_LOOK_S)
    finally:
        run.request_stop()
        while run.is_alive():
            time.sleep(_LOOK_S)
    return step_figures(_trained(run)[:num_steps], why_none=run.status().reason)


def step_figures(records: Sequence[MetricRecord], *, why_none: str = "") -> StepFigures:
    """Medians of records of steps with an update.

    Raises:
        BackendError: there is none.
    """
    if not records:
        raise BackendError(
            f"The run made no update: {why_none or 'no group had a spread of rewards'}.",
            hint="Teach the policy for more steps, or give another one.",
        )

    def median(name: str) -> float:
        return statistics.median(record.values[name] for record in records)

    return StepFigures(
        num_steps=len(records),
        num_rollouts=median("num_rollouts"),
        num_tokens=median("num_tokens"),
        step_s=median("step_s"),
        checkpoint_s=median("checkpoint_s"),
        **{name: median(name) for name in _STAGES},
    )


def _trained(run: RunDir) -> list[MetricRecord]:
    """The steps with an update and a checkpoint."""
    return [
        record
        for record in run.metrics()
        if record.phase is Phase.TRAIN and {"trainer_s", "checkpoint_s"} <= record.values.keys()
    ]
