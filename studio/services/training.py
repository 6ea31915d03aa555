"""Runs: start, stop, resume, delete. What a run does and says is in its directory alone.

The training process is started by `rl_backend.launcher` in a session of its own and holds the
run's lock, so it outlives the studio and is found again by whoever looks at the directory.
"""

import os
import re
import shutil
from pathlib import Path

from exporter.bundle import Bundle
from exporter.errors import BundleError
from rl_backend import run_lock
from rl_backend.config import RunConfig
from rl_backend.evaluation.bundles import lock_of, open_locked
from rl_backend.launcher import launch
from rl_backend.run_lock import RunIsTaken
from rl_backend.rundir import RunDir, RunDirError, list_runs
from studio.errors import Conflict, NotFound
from studio.repository.bundles import BundleVersion

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def find_run(runs_dir: Path, run_id: str) -> RunDir:
    """The run of that id. Raises NotFound."""
    try:
        if not _ID.fullmatch(run_id):
            raise RunDirError(run_id)
        return RunDir.open(runs_dir / run_id)
    except RunDirError as error:
        raise NotFound(f"There is no run {run_id!r}.") from error


def active_runs(runs_dir: Path) -> tuple[RunDir, ...]:
    """Runs that a process works on."""
    return tuple(run for run in list_runs(runs_dir) if run.is_alive())


def start_run(runs_dir: Path, config: RunConfig, version: BundleVersion) -> RunDir:
    """Creates a run on a published version and starts it.

    Raises Conflict when the bundle is not what was published or the process cannot be started.
    """
    try:
        bundle = Bundle.open(Path(version.path))
    except BundleError as error:
        raise Conflict(str(error)) from error
    if bundle.digest != version.digest:
        raise Conflict(f"{version.path} holds another bundle than version {version.version}.")
    run = RunDir.create(runs_dir.absolute(), config, lock_of(bundle))
    _launch(run)
    return run


def stop_run(run: RunDir) -> bool:
    """Asks a run to stop at the next safe point; False when nobody works on it."""
    if not run.is_alive():
        return False
    run.request_stop()
    return True


def resume_run(run: RunDir) -> None:
    """Lets a stopped or failed run go on from its newest checkpoint.

    Raises Conflict when it cannot: it is under way or done, or its bundle is gone or changed.
    """
    try:
        open_locked(run.bundle())
    except (BundleError, RunDirError) as error:
        raise Conflict(str(error)) from error
    _launch(run)


def delete_run(run: RunDir) -> None:
    """Removes a run for good. Raises Conflict while a process works on it."""
    try:
        lock = run_lock.acquire(run.path)
    except RunIsTaken as error:
        raise Conflict(f"{run.id} is under way; stop it first.") from error
    try:
        away = run.path.with_name(f".deleted-{run.id}")
        run.path.rename(away)
        shutil.rmtree(away)
    finally:
        os.close(lock)


def _launch(run: RunDir) -> None:
    try:
        launch(run)
    except (RunIsTaken, RunDirError) as error:
        raise Conflict(str(error)) from error
    except OSError as error:
        raise Conflict(f"The training process of {run.id} cannot be started: {error}") from error
