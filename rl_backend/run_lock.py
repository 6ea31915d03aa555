"""Whether a process is alive behind a run: a lock that the kernel lets go when it dies.

The process that works on a run holds `lock` in its directory from before it exists (the starter
takes it and passes it on) until it ends, however it ends. So a reader never mistakes a reused
process id for the run, in another container on the same files no more than on the same machine.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

LOCK_FILE = "lock"
_ATTEMPTS = 50
_PAUSE_S = 0.02


class RunIsTaken(RuntimeError):
    """Another process already works on the run."""


def acquire(run_dir: Path) -> int:
    """The descriptor of the lock, held until it is closed or the process ends.

    Raises:
        RunIsTaken: another process holds it.
    """
    descriptor = os.open(run_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)  # a reader's look at the lock lasts an instant
        else:
            return descriptor
    os.close(descriptor)
    raise RunIsTaken(f"a process already works on {run_dir.name}; stop it first")


def is_held(run_dir: Path) -> bool:
    """True while a process works on the run."""
    try:
        descriptor = os.open(run_dir / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
