"""Starts environment servers as real processes."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

START_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A server process and how to reach and control it."""

    url: str
    token: str
    process: subprocess.Popen[bytes]

    @property
    def trainer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, path: str, content: str = "") -> httpx2.Response:
        return httpx2.post(f"{self.url}{path}", content=content, headers=self.trainer)


@contextmanager
def serving(
    bundle: Path,
    folder: Path,
    *options: str,
    token: str = "",
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    interpreter: tuple[str, ...] = (),
) -> Iterator[RunningServer]:
    """A real server process on a free port, stopped at the end."""
    port_file = folder / f"port-{secrets.token_hex(4)}"
    program = [sys.executable, "-B", *interpreter, "-m", "exporter.server"]
    process = subprocess.Popen(
        [*program, str(bundle), "--port", "0", "--port-file", str(port_file), *options],
        cwd=cwd or Path(__file__).parents[2],
        env={**(environment or os.environ), "CORECRAFT_CONTROL_TOKEN": token},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        port = _wait_for_port(port_file, process)
        yield RunningServer(url=f"http://127.0.0.1:{port}", token=token, process=process)
    finally:
        process.terminate()
        process.communicate(timeout=START_LIMIT_S)


def _wait_for_port(port_file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline_s = time.monotonic() + START_LIMIT_S
    while not port_file.exists():
        if process.poll() is not None:
            _, problem = process.communicate()
            raise AssertionError(f"the server ended: {problem.decode()}")
        assert time.monotonic() < deadline_s, "the server did not start"
        time.sleep(0.02)
    return int(port_file.read_text())
