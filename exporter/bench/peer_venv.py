"""The interpreter that OpenEnv's server runs with: a virtual environment made on demand."""

import subprocess
import venv
from pathlib import Path
from typing import Final

from exporter.errors import ExporterError

PACKAGE: Final = "openenv==0.10.0"
DEFAULT_FOLDER: Final = Path("var/bench/openenv-venv")

_VERSION: Final = (
    "import importlib.metadata as m, openenv.core.env_server; print(m.version('openenv'))"
)
_LIMIT_S: Final = 900


def peer_python(folder: Path = DEFAULT_FOLDER) -> Path:
    """The interpreter of the folder's environment, made and filled at the first time.

    Raises ExporterError when OpenEnv cannot be installed.
    """
    python = folder.absolute() / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if openenv_version(python) is None:
        _install(python)
    return python


def openenv_version(python: Path) -> str | None:
    """The version of OpenEnv that an interpreter has; None when it has none."""
    try:
        told = _run([str(python), "-c", _VERSION])
    except OSError as error:
        raise ExporterError(f"{python} cannot be run: {error}") from error
    return told.stdout.strip() if told.returncode == 0 else None


def _install(python: Path) -> None:
    told = _run([str(python), "-m", "pip", "install", "--quiet", PACKAGE])
    if told.returncode != 0 or openenv_version(python) is None:
        reason = told.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ExporterError(
            f"{PACKAGE} cannot be installed into {python.parents[1]}: {reason[0]}; install it into "
            "any environment and name its interpreter with --peer-python"
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
