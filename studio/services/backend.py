"""The training backend as the studio sees it: installed, being installed, or why not.

The installation is a job of its own (`python -m rl_backend.install`) that reports in a status
file; this reads the file and starts the job. Nothing of the backend is imported here.
"""

import importlib
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from rl_backend.install import is_installed
from rl_backend.install_status import InstallState, InstallStatus, read_status
from studio.jobs import Job, Jobs

JOB_ID = "backend-install"
PACKAGES = ("torch", "megatron", "sglang")
_NUM_TAIL_BYTES = 4096


class BackendState(StrEnum):
    READY = "ready"
    INSTALLING = "installing"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendView:
    """Whether runs can be started, and what is going on when they can't."""

    state: BackendState
    message: str = ""
    """For people: what is being done, or why it ended."""
    step: int = 0
    num_steps: int = 0
    last_line: str = ""
    """The newest line of the installation's log."""
    log_path: str = ""

    @property
    def is_ready(self) -> bool:
        return self.state is BackendState.READY

    @property
    def can_install(self) -> bool:
        return self.state in {BackendState.FAILED, BackendState.MISSING}


def status_path(data_dir: Path) -> Path:
    return data_dir.resolve() / f"{JOB_ID}.json"


def backend_view(data_dir: Path, jobs: Jobs) -> BackendView:
    """How the backend stands now."""
    status, job = read_status(status_path(data_dir)), jobs.find(JOB_ID)
    if job is not None and jobs.is_running(job):
        return _view(BackendState.INSTALLING, status, job, "Starting the installation")
    if _is_ready(status):
        return BackendView(state=BackendState.READY)
    if status is None and job is None:
        message = "Training needs torch, Megatron-core and SGLang, which are not installed."
        return BackendView(state=BackendState.MISSING, message=message)
    if status is not None and status.state is InstallState.UNSUPPORTED:
        return _view(BackendState.UNSUPPORTED, status, job, "")
    if status is not None and status.state is InstallState.FAILED:
        return _view(BackendState.FAILED, status, job, "")
    return BackendView(
        state=BackendState.FAILED,
        message="The installation stopped without a word. Try again: it goes on where it was.",
        last_line=_last_line(_log_of(status, job)),
        log_path=str(_log_of(status, job) or ""),
    )


def install_backend(data_dir: Path, jobs: Jobs) -> bool:
    """Starts the installation; False when it is running already."""
    job = jobs.find(JOB_ID)
    if job is not None and jobs.is_running(job):
        return False
    path = status_path(data_dir)
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "rl_backend.install", "--status", str(path)]
    jobs.start(JOB_ID, "install", command)
    return True


def _is_ready(status: InstallStatus | None) -> bool:
    importlib.invalidate_caches()
    has_packages = all(find_spec(name) is not None for name in PACKAGES)
    if status is None or status.state is InstallState.DONE:
        return has_packages
    return has_packages and is_installed(has_gpu=shutil.which("nvidia-smi") is not None)


def _view(
    state: BackendState, status: InstallStatus | None, job: Job | None, default: str
) -> BackendView:
    log = _log_of(status, job)
    return BackendView(
        state=state,
        message=default if status is None else status.message,
        step=0 if status is None else status.step,
        num_steps=0 if status is None else status.num_steps,
        last_line=_last_line(log),
        log_path=str(log or ""),
    )


def _log_of(status: InstallStatus | None, job: Job | None) -> Path | None:
    if status is not None and status.log_path.is_file():
        return status.log_path
    return None if job is None else Path(job.log)


def _last_line(log: Path | None) -> str:
    if log is None or not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _NUM_TAIL_BYTES))
        lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
