"""Figures for trackio: a database in the run directory, or a Space or server of yours."""

from __future__ import annotations

import os
from typing import Any

from rl_backend.records import MetricRecord, RunState
from rl_backend.tracking.base import Tracked, titled

ADDRESSES = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


def start(run: Tracked) -> TrackioTracker:
    """The run of our name, begun or continued."""
    if not run.is_online:  # read when the library is imported, and when a run begins
        os.environ["TRACKIO_DIR"] = str(run.folder)
        for name in ADDRESSES:
            os.environ.pop(name, None)
    import trackio

    joined = trackio.init(
        project=run.project,
        name=run.name,
        config=run.config,
        resume="allow",
        embed=False,
        auto_log_gpu=False,
        auto_log_cpu=False,
    )
    return TrackioTracker(joined)


class TrackioTracker:
    """A run of trackio; steps of the phases share its axis."""

    def __init__(self, joined: Any) -> None:
        self._run = joined

    def log(self, record: MetricRecord) -> None:
        self._run.log(titled(record), step=record.step)

    def close(self, state: RunState) -> None:
        self._run.finish()
