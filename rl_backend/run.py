"""The training process of one run: `python -m rl_backend.run RUN_DIR`.

Holds the run's lock, reports how it goes and leaves the reason in the run directory whatever ends
it. A stop comes as SIGTERM or as a file; started again, the run goes on from its newest checkpoint.
`launcher` starts this process, `assembly` does the work. Under torchrun rank 0 works on the run and
the other ranks follow its trainer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from rl_backend import run_lock
from rl_backend.launcher import LOCK_ENV, prepare
from rl_backend.progress import Progress
from rl_backend.records import RunState
from rl_backend.rundir import RunDir, RunDirError
from rl_backend.tracking.follow import followed
from rl_backend.trainers.rank_processes import is_follower

NUM_REASON_LINES = 5

_log = logging.getLogger("rl_backend.run")


def main() -> int:
    """Works on the run of the command line: 0 when done or stopped, 1 when it failed, 2 misused."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    if len(sys.argv) != 2:
        _log.error("usage: python -m rl_backend.run RUN_DIR")
        return 2
    if is_follower():
        from rl_backend.trainers.follower import follow

        return follow()
    try:
        run = RunDir.open(Path(sys.argv[1]))
        _adopt_lock(run)
    except (RunDirError, run_lock.RunIsTaken) as error:
        _log.error("%s", error)
        return 2
    progress = Progress(run, on_overdue=lambda: _leave(progress))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: progress.stop())
    with progress:
        try:
            _train(run, progress)
        except Exception as error:
            _log.exception("the run failed")
            progress.end(RunState.FAILED, _reason(error))
            return 1
        progress.end(_last_state(progress))
    return 0


def _last_state(progress: Progress) -> RunState:
    return RunState.DONE if progress.status.is_complete else RunState.STOPPED


def _leave(progress: Progress) -> None:
    """Ends the process where something hangs; what it started ends with it, as after a crash."""
    _log.warning("stopped without waiting any longer for what does not end")
    progress.end(_last_state(progress))
    os._exit(0)


def _train(run: RunDir, progress: Progress) -> None:
    from rl_backend.assembly import train
    from rl_backend.stopping import Stopped

    with followed(run, lambda: _last_state(progress)), suppress(Stopped):
        asyncio.run(train(run, progress))


def _reason(error: Exception) -> str:
    """Why a run failed, for its status: a long text is cut in the middle, the log has it whole."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    if len(lines) > NUM_REASON_LINES:
        lines = [lines[0], "...", *lines[2 - NUM_REASON_LINES :]]
    return "\n".join(lines) or type(error).__name__


def _adopt_lock(run: RunDir) -> None:
    """Takes over the lock that the starter passed on, or takes it now; no child inherits it.

    Without a starter, as under torchrun, it also makes the run ready to go on.

    Raises:
        RunIsTaken: another process works on the run.
        RunDirError: the run is done.
    """
    given = os.environ.pop(LOCK_ENV, None)
    lock = run_lock.acquire(run.path) if given is None else int(given)
    if given is None:
        prepare(run)
    os.set_inheritable(lock, False)
    os.register_at_fork(after_in_child=lambda: os.close(lock))


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # Nothing is left to write, and tearing torch and Megatron-core down takes seconds.
    os._exit(code)
