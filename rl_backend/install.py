"""Installs the training backend into the running environment: `python -m rl_backend.install`.

Stock torch, Megatron-core and SGLang in the way that this machine needs. Without a GPU SGLang
comes without its GPU dependencies, which `engines.cpu` stands in for. Run by the studio in the
background or by hand; a second run finds everything in place and ends at once.
"""

from __future__ import annotations

import argparse
import fcntl
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from rl_backend.install_status import InstallState, InstallStatus, now, write_status

REQUIREMENTS = Path(__file__).with_name("requirements-cpu.txt")
REQUIREMENTS_NO_DEPS = Path(__file__).with_name("requirements-cpu-no-deps.txt")
CPU_PYTHON = (3, 11)
"""The Python that the pinned CPU versions have wheels for."""
HEARTBEAT_S = 2.0
NUM_TAIL_LINES = 3


class InstallFailed(Exception):
    """A step failed; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the installation."""

    title: str
    command: tuple[str, ...]


def unsupported_reason(python: tuple[int, int], system: str, has_gpu: bool) -> str | None:
    """Returns why the backend cannot be installed here; None when it can."""
    if system != "Linux":
        return f"Training needs Linux; this is {system}. Everything else works."
    if not has_gpu and python != CPU_PYTHON:
        return (
            "Training without a GPU needs Python 3.11; this is "
            f"{python[0]}.{python[1]}. Everything else works. To train, make the environment anew "
            "with python3.11."
        )
    return None


def plan(*, has_gpu: bool) -> tuple[Step, ...]:
    """Returns the steps for this kind of machine. The GPU steps were never run by this project."""
    if has_gpu:
        return (
            _pip("Installing torch, Megatron-core and SGLang", "torch", "megatron-core"),
            _pip("Installing SGLang with its GPU kernels", "sglang[all]"),
        )
    torch = next(line for line in pinned(REQUIREMENTS) if line.startswith("torch=="))
    check = "import megatron.core, rl_backend.engines.cpu.serve, sglang.launch_server"
    return (
        _pip("Installing torch", torch),
        _pip("Installing Megatron-core and what SGLang needs", "-r", str(REQUIREMENTS)),
        _pip("Installing SGLang", "--no-deps", "-r", str(REQUIREMENTS_NO_DEPS)),
        Step(title="Checking that all of it starts", command=(sys.executable, "-c", check)),
    )


def pinned(requirements: Path) -> tuple[str, ...]:
    """Returns the `name==version` lines of a requirement list."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text().splitlines())
    return tuple(line for line in lines if line)


def is_installed(*, has_gpu: bool) -> bool:
    """Whether every pinned version (on a GPU: any version) is in the running environment."""
    if has_gpu:
        return all(_version(name) for name in ("torch", "megatron-core", "sglang"))
    lines = (*pinned(REQUIREMENTS), *pinned(REQUIREMENTS_NO_DEPS))
    return all(
        _version(name) == version for name, _, version in (line.partition("==") for line in lines)
    )


def install(status_path: Path, log_path: Path, *, show_progress: bool = False) -> InstallStatus:
    """Installs what is missing and returns the last status, which is also in `status_path`.

    Two installations into one environment wait for one another.
    """
    has_gpu = shutil.which("nvidia-smi") is not None
    steps = plan(has_gpu=has_gpu)
    started_at = now()
    status = InstallStatus(
        state=InstallState.QUEUED,
        step=0,
        num_steps=len(steps),
        message="Waiting to start",
        log_path=log_path,
        started_at=started_at,
        updated_at=started_at,
    )
    reporter = Reporter(status_path, status, show_progress=show_progress)
    reason = unsupported_reason(sys.version_info[:2], platform.system(), has_gpu)
    if reason is not None:
        return reporter.end(InstallState.UNSUPPORTED, reason)
    with _only_one_per_environment(), reporter.shown():
        if is_installed(has_gpu=has_gpu):
            return reporter.end(InstallState.DONE, "The training backend is installed.")
        return _run_all(steps, log_path, reporter)


class Reporter:
    """Keeps the status file, and a progress bar where a person watches."""

    def __init__(self, path: Path, status: InstallStatus, *, show_progress: bool) -> None:
        self._path = path
        self._status = status
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(
            *columns, TimeElapsedColumn(), console=Console(stderr=True), disable=not show_progress
        )
        self._task = self._progress.add_task(status.message, total=status.num_steps)
        self._write()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows the bar until the end of the block."""
        with self._progress:
            yield

    def begin(self, step: int, title: str) -> None:
        """Says that a step begins."""
        self._progress.update(self._task, description=title, completed=step - 1)
        self._set(state=InstallState.RUNNING, step=step, message=title)

    def beat(self) -> None:
        """Says that the step still runs."""
        self._set()

    def end(self, state: InstallState, message: str) -> InstallStatus:
        """Says how it ended and returns the last status."""
        done = self._status.num_steps if state is InstallState.DONE else None
        self._progress.update(self._task, description=message, completed=done)
        self._set(state=state, message=message)
        return self._status

    def _set(self, **changes: object) -> None:
        self._status = self._status.model_copy(update={**changes, "updated_at": now()})
        self._write()

    def _write(self) -> None:
        write_status(self._path, self._status)


def _run_all(steps: tuple[Step, ...], log_path: Path, reporter: Reporter) -> InstallStatus:
    log_path.parent.mkdir(parents=True, exist_ok=True)
    log_path.write_text("")
    try:
        for number, step in enumerate(steps, start=1):
            reporter.begin(number, step.title)
            _run(step, log_path, reporter)
    except InstallFailed as failed:
        return reporter.end(InstallState.FAILED, str(failed))
    return reporter.end(InstallState.DONE, "The training backend is installed.")


def _run(step: Step, log_path: Path, reporter: Reporter) -> None:
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            step.command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        while True:
            try:
                code = process.wait(HEARTBEAT_S)
                break
            except subprocess.TimeoutExpired:
                reporter.beat()
    if code != 0:
        tail = log_path.read_text(errors="replace").splitlines()[-NUM_TAIL_LINES:]
        raise InstallFailed(f"{step.title} failed: {' '.join(tail)} The log: {log_path}")


def _pip(title: str, *arguments: str) -> Step:
    command = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments)
    return Step(title=title, command=command)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return None


@contextmanager
def _only_one_per_environment() -> Iterator[None]:
    with (Path(sys.prefix) / ".corecraft-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Returns 0 when the backend is installed, 1 when it failed, 2 when it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m rl_backend.install", description=__doc__)
    parser.add_argument("--status", type=Path, default=Path("var/install.json"))
    parser.add_argument("--log", type=Path, help="by default beside the status, ending in .log")
    arguments = parser.parse_args()
    status_path = arguments.status.absolute()
    log_path = (arguments.log or status_path.with_suffix(".log")).absolute()
    last = install(status_path, log_path, show_progress=sys.stderr.isatty())
    Console(stderr=True).print(last.message)
    return {InstallState.DONE: 0, InstallState.UNSUPPORTED: 2}.get(last.state, 1)


if __name__ == "__main__":
    sys.exit(main())
