"""Starts the further ranks of a trainer on this machine, and says how they ended.

A process each, tethered: the kernel ends it when its leader is gone, however that went. Under
torchrun nothing is started here, since the ranks are there already.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from rl_backend.tethered import tethered

MODULE = "rl_backend.trainers.follow"
END_TIMEOUT_S = 30.0
"""Time that a rank gets to end by itself once the trainer is closed."""
POLL_S = 0.05


def given_ranks(environment: Mapping[str, str] = os.environ) -> int:
    """How many ranks something like torchrun started; 1 when nothing did."""
    return int(environment.get("WORLD_SIZE", "1")) if "RANK" in environment else 1


def is_follower(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process was started as a further rank and waits for rank 0's calls."""
    return environment.get("RANK", "0") != "0"


class RankProcesses:
    """Ranks 1 and up, as processes of this machine."""

    def __init__(self, num_ranks: int, *, port: int, num_threads: int) -> None:
        """Starts them; they meet on the loopback at `port`. Output goes where ours goes."""
        if sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        self._processes = {
            rank: subprocess.Popen(
                tethered([sys.executable, "-u", "-m", MODULE]),
                stdin=subprocess.DEVNULL,
                env=_environment(rank, num_ranks, port=port, num_threads=num_threads),
            )
            for rank in range(1, num_ranks)
        }

    @property
    def pids(self) -> tuple[int, ...]:
        """In the order of ranks, from rank 1."""
        return tuple(process.pid for process in self._processes.values())

    def ends(self, timeout_s: float = 0.0) -> dict[int, str]:
        """How ranks ended that did not end well, waiting so long for the first of them."""
        deadline = time.monotonic() + timeout_s
        while True:
            codes = {rank: process.poll() for rank, process in self._processes.items()}
            found = {rank: _how(code) for rank, code in codes.items() if code}
            if found or time.monotonic() >= deadline:
                return found
            time.sleep(POLL_S)

    def stop(self, *, is_broken: bool) -> None:
        """Waits for their end, which comes by force after a while, or at once when broken."""
        for process in self._processes.values():
            if is_broken or not _wait(process, END_TIMEOUT_S):
                process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _how(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"


def _environment(rank: int, num_ranks: int, *, port: int, num_threads: int) -> dict[str, str]:
    return {
        **os.environ,
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(num_ranks),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": str(num_threads),
    }
