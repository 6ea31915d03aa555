"""The processes of a run that a test kills, and who starts them again.

The trainer is resumed as a user would, by `corecraft train --resume`; the judge's service is its
vendor's to restart, which `JudgeService` does. The other two are the product's own to restart.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import psutil

from rl_backend.engines.ports import free_port
from rl_backend.rundir import RunDir
from tests.rl_backend.faults.judge_api import HOST

ROOT = Path(__file__).parents[3]
PATIENCE_S = 900.0
LOOK_S = 0.1


class Victim(StrEnum):
    TRAINER = "trainer"
    ENGINE = "engine"
    ENVIRONMENT = "environment"
    JUDGE = "judge"


PROGRAMS = {
    Victim.ENGINE: "rl_backend.engines.cpu.serve",
    Victim.ENVIRONMENT: "exporter.server",
}


def wait_until(run: RunDir, is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"{what}\n{run.log_path.read_text()[-5000:]}"
        time.sleep(LOOK_S)


class JudgeService:
    """The judge's process at one address."""

    def __init__(self) -> None:
        self.port = free_port(HOST)
        self.url = f"http://{HOST}:{self.port}"
        self._lock = threading.Lock()
        self._process = self._started()

    def die_for(self, seconds: float) -> None:
        """`kill -9`, and a new process after a while."""
        with self._lock:
            self.stop()
            time.sleep(seconds)
            self._process = self._started()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.rl_backend.faults.judge_api", str(self.port)]
        return subprocess.Popen(command, cwd=ROOT)


class Processes:
    """All processes that a run ever had, as far as they were seen."""

    def __init__(self, run: RunDir) -> None:
        self._run = run
        self.seen: set[psutil.Process] = set()

    def look(self) -> None:
        if (trainer := self.trainer()) is not None:
            try:
                self.seen |= {trainer, *trainer.children(recursive=True)}
            except psutil.NoSuchProcess:
                return

    def trainer(self) -> psutil.Process | None:
        """The training process; None while there is none."""
        pid = self._run.stored_status().pid
        if pid is None or pid == os.getpid() or not self._run.is_alive():
            return None
        try:
            return psutil.Process(pid)
        except psutil.NoSuchProcess:
            return None

    def of(self, victim: Victim) -> psutil.Process | None:
        """The living process of a victim. The engine's counts from when it served rollouts."""
        trainer = self.trainer()
        if victim is Victim.TRAINER or trainer is None:
            return trainer
        found = {name: _child(trainer, program) for name, program in PROGRAMS.items()}
        return found[victim] if found[Victim.ENVIRONMENT] is not None else None

    def wait_for_the_last(self) -> None:
        """Returns once none of them runs any more."""
        wait_until(self._run, lambda: not any(map(is_running, self.seen)), "the last process")


def is_running(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill(process: psutil.Process) -> None:
    os.kill(process.pid, signal.SIGKILL)


def _child(parent: psutil.Process, program: str) -> psutil.Process | None:
    try:
        for child in parent.children():
            if program in child.cmdline() and is_running(child):
                return child
    except psutil.NoSuchProcess:
        return None
    return None
