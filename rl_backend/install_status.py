"""How far the installation of the training backend is: one JSON file, replaced atomically.

Written by `install`, read by the studio, which shows it on the runs page. It installs nothing.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt, ValidationError

STALE_AFTER = timedelta(seconds=30)
"""A running installation writes every few seconds; after this silence its process is gone."""


class InstallState(StrEnum):
    """Where an installation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    """This machine or Python version cannot hold the backend; the rest of the studio works."""


class InstallStatus(BaseModel):
    """One look at an installation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: InstallState
    step: NonNegativeInt
    """Number of the step being done, from 1; 0 before the first."""
    num_steps: NonNegativeInt
    message: str
    """What is being done, or why it ended, for people."""
    log_path: Path
    started_at: AwareDatetime
    updated_at: AwareDatetime

    def is_stale(self, now: datetime) -> bool:
        """Whether the installation says that it runs, but its process is gone."""
        return self.state is InstallState.RUNNING and now - self.updated_at > STALE_AFTER


def write_status(path: Path, status: InstallStatus) -> None:
    """Replaces the file, so that a reader sees the old or the new status, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(status.model_dump_json(indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def read_status(path: Path) -> InstallStatus | None:
    """Returns the status; None when nothing was ever installed, or the file is not a status."""
    try:
        return InstallStatus.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def now() -> datetime:
    """Returns the time that statuses are stamped with."""
    return datetime.now(UTC)
