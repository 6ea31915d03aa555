"""What a checkpoint of a run holds beside the trainer's state, and how a run goes on from one.

Step counts, the position among the tasks and the buffer; random numbers need nothing, since seeds
follow from the step. Weights and optimizer are the trainer's own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field

from rl_backend.buffer import DataBuffer, TaskSource
from rl_backend.errors import TrainerError
from rl_backend.records import EventKind, Phase
from rl_backend.rundir import RunDir
from rl_backend.trainers.base import Trainer
from world_builder.frozen import Frozen, Json


class LoopState(Frozen):
    """Where a run is."""

    step: int = 0
    """Reinforcement steps finished."""
    warm_start_step: int = 0
    """Warm-start steps finished."""
    clip_high: float | None = None
    """Where an adaptive clip stands; None: at the configured bound."""
    num_skipped: int = 0
    """Updates up to now, one after the other, that changed nothing."""

    def after(self, step: int, *, num_skipped: int, clip_high: float | None = None) -> Self:
        """The state once a step is done; `clip_high` None keeps what stands."""
        bound = self.clip_high if clip_high is None else clip_high
        changes = {"step": step, "clip_high": bound, "num_skipped": num_skipped}
        return self.model_copy(update=changes)


class _Kept(Frozen):
    v: int = 1
    state: LoopState
    position: int
    buffer: Json
    figures: dict[str, float] = Field(default_factory=dict)
    """Of the state's step, which is not made again; empty when there are none yet."""


def save(
    run: RunDir,
    trainer: Trainer,
    state: LoopState,
    source: TaskSource,
    buffer: DataBuffer,
    figures: Mapping[str, float] | None = None,
) -> None:
    """Writes the checkpoint of the state's step, whole or not at all.

    `figures` are those of a step that are not in the run's metrics yet; None: all are.
    """
    kept = _Kept(
        state=state, position=source.position, buffer=buffer.to_json(), figures=dict(figures or {})
    )
    trainer.save_checkpoint(run.checkpoint_dir(state.step), kept.model_dump(mode="json"))
    run.append_event(EventKind.CHECKPOINT, state.step, f"checkpoint after step {state.step}")


def restore(run: RunDir, trainer: Trainer, source: TaskSource, buffer: DataBuffer) -> LoopState:
    """Goes back to the newest checkpoint that can be read; the start when there is none.

    Raises:
        TrainerError: there are checkpoints and none of them can be read.
    """
    faults = []
    for step in reversed(run.checkpoint_steps()):
        try:
            kept = _Kept.model_validate(trainer.load_checkpoint(run.checkpoint_dir(step)))
            buffer.restore(kept.buffer)
        except ValueError as error:
            faults.append(str(error))
            continue
        source.position = kept.position
        run.forget_after(kept.state.step)
        _tell(run, kept)
        return kept.state
    if faults:
        raise TrainerError(
            f"No checkpoint can be read: {'; '.join(faults)}.", hint="Start a new run."
        )
    run.forget_after(0)
    return LoopState()


def _tell(run: RunDir, kept: _Kept) -> None:
    """Adds the figures that a process kept in its checkpoint and then died before it told them."""
    step = kept.state.step
    is_told = any(r.phase is Phase.TRAIN and r.step == step for r in run.metrics())
    if kept.figures and not is_told:
        run.append_metrics(Phase.TRAIN, step, kept.figures)
