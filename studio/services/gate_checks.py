"""Runs the gates on a draft beside the requests, so that no page waits for a thousand tasks.

What running a task said is kept in a file of the studio, so that only changed tasks run again.
"""

from functools import partial
from pathlib import Path
from typing import TypeAlias

from exporter.gates import run_gates
from exporter.manifest import GateReport
from exporter.run_cache import FileRuns
from studio.services.world_process import Job, OnTask
from studio.services.world_work import WorldWork, work_on
from world_builder.world import World

GateCheck: TypeAlias = WorldWork[GateReport]
"""One run of the gates on one state of a world."""

_jobs: dict[str, Job[GateReport]] = {}
"""By the address of the database."""
_kept: dict[Path, FileRuns] = {}
"""In the process that runs jobs: the files it has read."""


def gates(world: World, on_task: OnTask, file: Path | None = None) -> GateReport:
    """The job: the report on every gate. `file` keeps what running tasks said."""
    if file is None:
        return run_gates(world, on_task=on_task)
    if file not in _kept:
        _kept[file] = FileRuns(file)
    try:
        return run_gates(world, on_task=on_task, cache=_kept[file])
    finally:
        _kept[file].save()


def keep_runs(database_url: str, file: Path) -> None:
    """Has what running the tasks of a database said kept in a file."""
    _jobs[database_url] = partial(gates, file=file.resolve())


def check_of(database_url: str, world: World) -> GateCheck:
    """The check of this very world, started when there is none yet."""
    return work_on(database_url, world, _jobs.get(database_url, gates))
