"""`corecraft studio` says its address once it can be reached, and what to mend when it cannot."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx2

COMMAND = (sys.executable, "-m", "studio.cli", "studio", "--no-backend-install")


def test_a_taken_port_is_told_and_no_address_is_printed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [*COMMAND, "--port", str(port), "--data-dir", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 2
    assert "choose another --port" in " ".join(ended.stderr.replace("│", " ").split())
    assert "http://" not in ended.stdout


def test_the_printed_address_answers(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--data-dir", str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            answer = httpx2.get(f"{address}/health", timeout=60)
            assert answer.status_code == 200
        finally:
            server.terminate()
