"""What a check says, and how several are made at once within a few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

DEADLINE_S = 4.5
"""Seconds that all checks together may take."""


class CheckState(StrEnum):
    """How a check came out."""

    GOOD = "good"
    WARN = "warn"
    """Worth knowing; the run may start."""
    BAD = "bad"
    """The run would fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    title: str
    state: CheckState
    text: str
    hint: str = ""
    """What to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """All checks of a run."""

    checks: tuple[Check, ...]

    @property
    def can_start(self) -> bool:
        return all(check.state is not CheckState.BAD for check in self.checks)

    @property
    def refusal(self) -> str:
        """Why it cannot start; empty when it can."""
        bad = (check for check in self.checks if check.state is CheckState.BAD)
        return "; ".join(f"{check.title}: {check.text}" for check in bad)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to look at, which may wait for a disk or a network."""

    title: str
    look: Callable[[], Iterable[Check]]


def gathered(jobs: Sequence[Job], deadline_s: float = DEADLINE_S) -> tuple[Check, ...]:
    """What all jobs found, in their order; one that is late says so instead.

    Raises whatever a job raises: an error there is a fault of ours.
    """
    answers: dict[int, tuple[Check, ...]] = {}
    faults: list[BaseException] = []

    def work(number: int, job: Job) -> None:
        try:
            answers[number] = tuple(job.look())
        except Exception as error:
            faults.append(error)

    # Daemons: nobody waits for a host that never answers.
    threads = [
        threading.Thread(target=work, args=(number, job), daemon=True)
        for number, job in enumerate(jobs)
    ]
    end = time.monotonic() + deadline_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    if faults:
        raise faults[0]
    late = {n: (_late(job, deadline_s),) for n, job in enumerate(jobs)}
    return tuple(check for n in range(len(jobs)) for check in answers.get(n, late[n]))


def _late(job: Job, deadline_s: float) -> Check:
    return Check(
        title=job.title,
        state=CheckState.WARN,
        text=f"no answer within {deadline_s:g} s",
        hint="Look again; if it stays so, see whether the machine or the host is overloaded.",
    )
