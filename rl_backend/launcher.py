"""Starts the training process of a run, so that it outlives whoever started it.

The child gets a session of its own and writes to the run's log; from then on the run directory is
the only connection. Used by the studio and the command line; it imports nothing heavy.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from rl_backend import run_lock
from rl_backend.records import EventKind, RunState
from rl_backend.rundir import RunDir, RunDirError

LOCK_ENV = "CORECRAFT_RUN_LOCK_FD"
"""Tells the child which descriptor carries the run's lock."""


def launch(run: RunDir, python: Path | None = None) -> int:
    """Starts or resumes a run and returns the process id.

    The lock passes from here to the child, so the run is never without an owner in between. A
    thread waits for the child's end, so that it leaves no zombie while its starter lives.

    Args:
        run: the run.
        python: interpreter with the training packages; None is the running one.

    Raises:
        RunIsTaken: a process already works on the run.
        RunDirError: the run is done.
    """
    lock = run_lock.acquire(run.path)
    try:
        prepare(run)
        process = _spawn(run, python or Path(sys.executable), lock)
    finally:
        os.close(lock)
    threading.Thread(target=process.wait, name=f"reap {run.id}", daemon=True).start()
    return process.pid


def prepare(run: RunDir) -> None:
    """Makes a run ready for this process, which holds its lock: a stop asked for before is over.

    Raises:
        RunDirError: the run is done.
    """
    status = run.stored_status()
    if status.state is RunState.DONE:
        raise RunDirError(f"{run.id} is done; start a new run to train on")
    run.clear_stop()
    now = datetime.now(UTC)
    changes = {
        "state": RunState.QUEUED,
        "reason": "",
        "pid": os.getpid(),
        "process_started_at": now,
        "updated_at": now,
    }
    run.write_status(status.model_copy(update=changes))
    if status.pid is not None:
        run.append_event(EventKind.RESUME, status.step, f"resumed after step {status.step}")


def _spawn(run: RunDir, python: Path, lock: int) -> subprocess.Popen[bytes]:
    with run.log_path.open("ab") as log:
        return subprocess.Popen(
            [str(python), "-u", "-m", "rl_backend.run", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, LOCK_ENV: str(lock)},
            pass_fds=(lock,),
            start_new_session=True,
        )
