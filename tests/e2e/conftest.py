"""The real studio in its own process, and a real browser in front of it."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

START_TIMEOUT_S = 90.0
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class StudioProcess:
    """`corecraft studio` on a free port, with a data directory of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "studio.cli", "studio", "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir), "--no-backend-install"]
        with (self.data_dir / "studio.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait_until_ready(process)
        return process

    def kill_and_restart(self) -> None:
        """`kill -9`, then a new process on the same data."""
        self.process.kill()
        self.process.wait()
        self.process = self.start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert process.poll() is None, (self.data_dir / "studio.log").read_text()
            try:
                with urlopen(f"{self.url}/health", timeout=2):  # noqa: S310 - our own address
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError(f"no answer within {START_TIMEOUT_S:.0f} s")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[StudioProcess]:
    running = StudioProcess(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not kept for the session: while it runs, no asynchronous test can."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which a script error or a violated security policy fails the test."""
    context = browser.new_context(viewport={"width": 1480, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if "Content Security" in m.text else None)
    yield page
    context.close()
    assert not errors


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
