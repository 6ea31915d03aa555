"""The interpreter that a peer runs with: a virtual environment of its own, made on demand."""

import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.errors import ExporterError

_LIMIT_S: Final = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A package that something of ours is measured against."""

    name: str
    """As people call it."""
    requirements: tuple[str, ...]
    """What is installed, as pip is told."""
    probe: str
    """A program that prints the version, and fails where the package does not work."""
    folder: Path
    """Where the environment is made."""

    @property
    def install_command(self) -> str:
        """What a user types to make an environment of theirs."""
        return f"python -m pip install {' '.join(self.requirements)}"


OPENENV: Final = Peer(
    name="OpenEnv",
    requirements=("openenv==0.10.0",),
    probe="import importlib.metadata as m, openenv.core.env_server; print(m.version('openenv'))",
    folder=Path("var/bench/openenv-venv"),
)


def peer_python(peer: Peer) -> Path:
    """The interpreter of the peer's environment, made and filled at the first time.

    Raises ExporterError when the peer cannot be installed.
    """
    python = peer.folder.absolute() / "bin" / "python"
    if not python.exists():
        venv.create(peer.folder, with_pip=True)
    if peer_version(peer, python) is None:
        _install(peer, python)
    return python


def peer_version(peer: Peer, python: Path) -> str | None:
    """The version of the peer that an interpreter has; None when it has none."""
    try:
        told = _run([str(python), "-c", peer.probe])
    except OSError as error:
        raise ExporterError(f"{python} cannot be run: {error}") from error
    return told.stdout.strip() if told.returncode == 0 else None


def required_version(peer: Peer, python: Path) -> str:
    """The version of the peer. Raises ExporterError, with what to do, when there is none."""
    found = peer_version(peer, python)
    if found is None:
        raise ExporterError(
            f"{python} has no {peer.name}: run `{peer.install_command}` with it, or leave out "
            "--peer-python to have an environment made"
        )
    return found


def _install(peer: Peer, python: Path) -> None:
    told = _run([str(python), "-m", "pip", "install", "--quiet", *peer.requirements])
    if told.returncode != 0 or peer_version(peer, python) is None:
        reason = told.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ExporterError(
            f"{peer.name} cannot be installed into {python.parents[1]}: {reason[0]}; run "
            f"`{peer.install_command}` in any environment and name its interpreter with "
            "--peer-python"
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
