"""Supervised subprocesses: long work that outlives the web process.

Each job runs in its own session and is written down in `jobs/<id>.json`; after a restart of the
studio it is found again by process id and start time. Jobs report progress in files of their own
(run directories, status files); nothing is read from their pipes.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One subprocess."""

    id: str
    kind: str
    command: tuple[str, ...]
    pid: int
    started_ticks: str
    """When the process started, as the system tells it: with `pid` it names one process."""
    log: str
    """The file with its output."""


class Jobs:
    """Starts, finds and stops the jobs of a data directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, job_id: str, kind: str, command: Sequence[str], cwd: Path | None = None) -> Job:
        """Starts a command in the background. Raises OSError when it cannot be started."""
        self.directory.mkdir(parents=True, exist_ok=True)
        log = self.directory / f"{job_id}.log"
        with log.open("ab") as output:
            child = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, cwd=cwd,
            )  # fmt: skip
        job = Job(
            id=job_id, kind=kind, command=tuple(command), pid=child.pid,
            started_ticks=start_of(child.pid) or "", log=str(log),
        )  # fmt: skip
        self._children[job_id] = child
        path = self.directory / f"{job_id}.json"
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(job)))
        draft.replace(path)
        return job

    def find(self, job_id: str) -> Job | None:
        """The job of that id, running or ended; None when there never was one."""
        path = self.directory / f"{job_id}.json"
        try:
            data = json.loads(path.read_text())
        except (OSError, ValueError):
            return None
        return Job(**(data | {"command": tuple(data["command"])}))

    def all(self) -> tuple[Job, ...]:
        """All jobs by id."""
        found = (self.find(path.stem) for path in sorted(self.directory.glob("*.json")))
        return tuple(job for job in found if job is not None)

    def is_running(self, job: Job) -> bool:
        """True while that very process lives, whoever started it."""
        child = self._children.get(job.id)
        if child is not None and child.pid == job.pid:
            return child.poll() is None
        return bool(job.started_ticks) and start_of(job.pid) == job.started_ticks

    def exit_code(self, job: Job) -> int | None:
        """How it ended; None while it runs and when an earlier studio process started it."""
        child = self._children.get(job.id)
        return child.poll() if child is not None and child.pid == job.pid else None

    def stop(self, job: Job, grace_s: float = 5.0) -> None:
        """Asks the job and its children to end, and ends them after the grace time."""
        for sign, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 5.0)):
            if not self.is_running(job):
                return
            os.killpg(job.pid, sign)
            deadline = time.monotonic() + wait_s
            while self.is_running(job) and time.monotonic() < deadline:
                time.sleep(0.05)


def start_of(pid: int) -> str | None:
    """When the process of that id started, in the system's own words; None when there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if words[0] == "Z" else words[19]
    shown = subprocess.run(
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None
