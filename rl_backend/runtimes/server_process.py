"""An environment server as a process of ours: started on a free port, stopped at the end.

Runs `python -m exporter.server` on a bundle. `server` talks to it.
"""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rl_backend.errors import WorldRuntimeError
from rl_backend.tethered import tethered

_POLL_S = 0.02
_TOKEN_VARIABLE = "CORECRAFT_CONTROL_TOKEN"  # noqa: S105 (the name, not the secret)
_PATH_VARIABLE = "PYTHONPATH"
_LOG_BYTES = 1000


class ServerProcess:
    """One server process; `url` and `token` are valid once it has started."""

    def __init__(
        self,
        bundle: Path,
        *,
        capacity: int = 1024,
        num_workers: int = 1,
        start_timeout_s: float = 60.0,
    ) -> None:
        """`capacity` is the most rollouts it holds at a time, in all its worker processes."""
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self._bundle = bundle
        self._capacity = capacity
        self._num_workers = num_workers
        self._start_timeout_s = start_timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def start(self) -> None:
        """Starts it and waits until it answers. Raises WorldRuntimeError."""
        self._folder = tempfile.TemporaryDirectory(prefix="corecraft-server-")
        port_file = Path(self._folder.name) / "port"
        self._process = self._spawn(port_file)
        deadline_s = time.monotonic() + self._start_timeout_s
        while not port_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                why = self.log_tail() or "it did not answer in time"
                await self.stop()
                raise WorldRuntimeError(
                    f"The environment server of {self._bundle} did not start: {why}.",
                    hint="Run `python -m exporter.server` on the bundle to see more.",
                )
            await asyncio.sleep(_POLL_S)
        self.url = f"http://127.0.0.1:{int(port_file.read_text(encoding='ascii'))}"

    @property
    def is_running(self) -> bool:
        """Whether there is a process, ready or not."""
        return self._process is not None and self._process.poll() is None

    async def start_again(self) -> None:
        """Another process in the place of one that ended, on another port.

        Raises WorldRuntimeError.
        """
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """Stops it and removes its files; may be called twice."""
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(_wait_or_kill, self._process)
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def log_tail(self) -> str:
        """The end of what it wrote to its standard error; empty when nothing."""
        if self._folder is None:
            return ""
        log = self._log_path().read_bytes()[-_LOG_BYTES:]
        return log.decode(errors="replace").strip()

    def _spawn(self, port_file: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "exporter.server", str(self._bundle), "--port", "0"]
        command += ["--port-file", str(port_file), "--capacity", str(self._capacity)]
        command += ["--workers", str(self._num_workers), "--drain-seconds", "0"]
        with self._log_path().open("wb") as log:
            return subprocess.Popen(
                tethered(command), env=self._environment(), stdout=subprocess.DEVNULL, stderr=log
            )

    def _environment(self) -> dict[str, str]:
        """Ours, with the token, and the packages we ourselves were imported from first."""
        here = str(Path(__file__).parents[2])
        paths = [here, *filter(None, [os.environ.get(_PATH_VARIABLE)])]
        return {
            **os.environ,
            _TOKEN_VARIABLE: self.token,
            _PATH_VARIABLE: os.pathsep.join(paths),
        }

    def _log_path(self) -> Path:
        if self._folder is None:
            raise RuntimeError("the server was not started")
        return Path(self._folder.name) / "log"


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
