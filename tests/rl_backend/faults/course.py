"""Takes a run through a seeded course of kills, each at a random moment, until its last step.

A moment is a number of new lines in the run's history and figures, and a random while after them.
What was killed must be back before the next kill. What the records then say is `claims`' affair.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import typer
from typer.testing import CliRunner

from rl_backend.records import RunState
from rl_backend.rundir import RunDir
from tests.rl_backend.faults.victims import (
    JudgeService,
    Processes,
    Victim,
    is_running,
    kill,
    wait_until,
)

MAX_LINES, MAX_WAIT_S, MAX_SILENCE_S = 3, 1.0, 1.5
_COMMANDS = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill of a course."""

    victim: Victim
    num_lines: int
    """New lines of history and figures before it."""
    wait_s: float
    """How long after them."""
    silence_s: float
    """How long a judge stays away."""
    is_inner: bool
    """Whether SGLang loses the process that computes instead of the one that answers."""


def courses(seed: int, num_of_each: int, num_runs: int) -> list[tuple[Kill, ...]]:
    """So many kills of each victim, shuffled and dealt to the runs."""
    rng = random.Random(seed)
    victims = list(Victim) * num_of_each
    rng.shuffle(victims)
    kills = [
        Kill(
            victim=victim,
            num_lines=rng.randint(1, MAX_LINES),
            wait_s=rng.uniform(0, MAX_WAIT_S),
            silence_s=rng.uniform(0, MAX_SILENCE_S),
            is_inner=rng.random() < 1 / 3,
        )
        for victim in victims
    ]
    return [tuple(kills[index::num_runs]) for index in range(num_runs)]


@dataclass
class Course:
    """A run under way, the kills it is to survive, and what became of it."""

    app: typer.Typer
    bundle: Path
    run_dir: Path
    judge: JudgeService
    kills: tuple[Kill, ...]
    settings: tuple[str, ...]
    survived: list[Kill] = field(default_factory=list)

    def go(self) -> None:
        """Starts the run, kills and resumes, and waits for its end."""
        options = [part for each in self.settings for part in ("--set", each)]
        self._command("--preset", "smoke", *options)
        self.run = RunDir.open(self.run_dir)
        self.processes = Processes(self.run)
        for each in self.kills:
            self._strike(each)
            self.survived.append(each)
        self._until(lambda: False, "the end")

    def _strike(self, planned: Kill) -> None:
        """One kill, and the wait until what was killed is there again."""
        wanted = self._num_lines() + planned.num_lines
        self._until(lambda: self._num_lines() >= wanted, "news of the run")
        time.sleep(planned.wait_s)
        if planned.victim in {Victim.ENGINE, Victim.ENVIRONMENT}:
            # Before its first answer a server's end is taken for a wrong setting, and ends the run.
            self._until(self._have_answered, "the servers' first answers to this process")
        if planned.victim is Victim.JUDGE:
            self.judge.die_for(planned.silence_s)
            return
        victim = self._victim(planned.victim)
        trainer = self.processes.trainer()
        self.processes.look()
        kill(_inner(victim) if planned.is_inner else victim)
        wait_until(self.run, lambda: not is_running(victim), "the victim's end")
        if planned.victim is Victim.TRAINER:
            wait_until(self.run, lambda: not self.run.is_alive(), "the lock")
            assert self.run.status().state is RunState.FAILED
            self._command("--resume")
            return
        self._until(lambda: self.processes.of(planned.victim) is not None, "its successor")
        assert self.processes.trainer() == trainer

    def _have_answered(self) -> bool:
        return self.run.status().state in {RunState.RUNNING, RunState.EVALUATING}

    def _victim(self, victim: Victim) -> psutil.Process:
        found: list[psutil.Process] = []

        def is_there() -> bool:
            process = self.processes.of(victim)
            found.extend([] if process is None else [process])
            return bool(found)

        self._until(is_there, f"a living {victim}")
        assert found, "the run ended before its kills did"
        return found[0]

    def _until(self, is_so: Callable[[], bool], what: str) -> None:
        """Waits for something or for the end of the run; nothing but a kill may fail it."""

        def is_so_or_over() -> bool:
            self.processes.look()
            return is_so() or self.run.status().state.is_over

        wait_until(self.run, is_so_or_over, what)
        status = self.run.status()
        assert status.state is not RunState.FAILED, status.reason

    def _num_lines(self) -> int:
        return len(self.run.tail_events().records) + len(self.run.tail_metrics().records)

    def _command(self, *options: str) -> None:
        """`corecraft train`, which leaves the run to itself."""
        args = ["train", str(self.bundle), "--run-dir", str(self.run_dir), "--detach", *options]
        with _COMMANDS:
            done = CliRunner().invoke(self.app, args)
        assert done.exit_code == 0, done.output


def _inner(server: psutil.Process) -> psutil.Process:
    inner = [each for each in server.children() if "sglang::sched" in each.name()]
    return inner[0] if inner else server
