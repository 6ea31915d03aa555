"""Figures for TensorBoard: event files, written by torch's writer.

A phase has a directory of its own, since warm start and training count their steps apart.
"""

from __future__ import annotations

from typing import Any

from rl_backend.records import MetricRecord, Phase, RunState
from rl_backend.tracking.base import Tracked, titled


def start(run: Tracked) -> TensorBoardTracker:
    """Event files beside those of earlier processes."""
    return TensorBoardTracker(run)


class TensorBoardTracker:
    """One writer for each phase that has figures."""

    def __init__(self, run: Tracked) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._open: Any = SummaryWriter
        self._folder = run.folder
        self._writers: dict[Phase, tuple[Any, int]] = {}

    def log(self, record: MetricRecord) -> None:
        writer = self._writer(record)
        for name, value in titled(record).items():
            writer.add_scalar(name, value, record.step, walltime=record.at.timestamp())
        writer.flush()

    def close(self, state: RunState) -> None:
        for writer, _ in self._writers.values():
            writer.close()

    def _writer(self, record: MetricRecord) -> Any:
        """The phase's writer; a step that comes again takes the place of what followed it."""
        phase, step = record.phase, record.step
        writer, last = self._writers.get(phase, (None, 0))
        if writer is None or step <= last:
            if writer is not None:
                writer.close()
            folder = str(self._folder / phase.value)
            writer = self._open(log_dir=folder, purge_step=step)
        self._writers[phase] = (writer, step)
        return writer
