"""Figures for Weights & Biases. The key is the library's own affair (`wandb login`)."""

from __future__ import annotations

from typing import Any

from rl_backend.records import MetricRecord, Phase, RunState
from rl_backend.tracking.base import Tracked, titled


def start(run: Tracked) -> WandbTracker:
    """The run with our id; offline, its parts are joined by `wandb sync`."""
    import wandb

    settings = wandb.Settings(
        console="off", disable_git=True, save_code=False, silent=True, x_disable_stats=True
    )
    joined = wandb.init(
        project=run.project,
        name=run.name,
        id=run.id,
        resume="allow" if run.is_online else None,
        mode="online" if run.is_online else "offline",
        dir=str(run.folder),
        config=run.config,
        settings=settings,
    )
    for phase in Phase:
        step = f"{phase.value}/step"
        joined.define_metric(step, hidden=True)
        joined.define_metric(f"{phase.value}/*", step_metric=step)
    return WandbTracker(joined)


class WandbTracker:
    """A run of W&B, whose axis is the step of each phase."""

    def __init__(self, joined: Any) -> None:
        self._run = joined

    def log(self, record: MetricRecord) -> None:
        self._run.log({**titled(record), f"{record.phase.value}/step": record.step})

    def close(self, state: RunState) -> None:
        self._run.finish(exit_code=1 if state is RunState.FAILED else 0)
