"""How a server stops: it drains, lets running calls end, and waits for nobody who says nothing."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.exporter.calling import post, rpc
from tests.exporter.servers import START_LIMIT_S, RunningServer, serving

BOTH = pytest.mark.parametrize("workers", ["1", "2"])
LONGEST_STOP_S = 10.0


def stop(server: RunningServer) -> float:
    """Seconds from the signal until the server has ended."""
    began_s = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=START_LIMIT_S)
    return time.monotonic() - began_s


def connect(server: RunningServer) -> socket.socket:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=START_LIMIT_S)


def wait_until_draining(server: RunningServer) -> httpx2.Response:
    deadline_s = time.monotonic() + START_LIMIT_S
    while (health := httpx2.get(f"{server.url}/health")).status_code == 200:
        assert time.monotonic() < deadline_s, "the server does not drain"
        time.sleep(0.02)
    return health


@BOTH
def test_a_server_drains_before_it_stops(bundle_path: Path, tmp_path: Path, workers: str) -> None:
    options = ("--workers", workers, "--drain-seconds", "60")
    with serving(bundle_path, tmp_path, *options, token="secret") as server:
        made = [server.post("/rollouts").json() for _ in range(2)]
        server.process.send_signal(signal.SIGTERM)
        health = wait_until_draining(server)
        assert (health.status_code, health.json()["status"]) == (503, "draining")
        refused = server.post("/rollouts")
        assert (refused.status_code, refused.json()["error"]) == (503, "draining")
        assert refused.headers["retry-after"]
        metrics = httpx2.get(f"{server.url}/metrics", headers=server.trainer).text
        assert "corecraft_draining 1" in metrics
        assert 'corecraft_rollouts_refused_total{reason="draining"} 1' in metrics
        for one in made:
            assert post(one["mcp_url"], rpc("ping"))[0] == 200
            url = f"{server.url}/rollouts/{one['id']}"
            assert httpx2.delete(url, headers=server.trainer).status_code == 204
        assert server.process.wait(timeout=LONGEST_STOP_S) == -signal.SIGTERM


@BOTH
def test_a_second_signal_ends_it_at_once(bundle_path: Path, tmp_path: Path, workers: str) -> None:
    options = ("--workers", workers, "--drain-seconds", "60")
    with serving(bundle_path, tmp_path, *options, token="secret") as server:
        server.post("/rollouts")
        server.process.send_signal(signal.SIGTERM)
        wait_until_draining(server)
        assert stop(server) < LONGEST_STOP_S
        assert server.process.returncode == -signal.SIGTERM


@BOTH
def test_the_drain_ends_although_rollouts_are_left(
    bundle_path: Path, tmp_path: Path, workers: str
) -> None:
    options = ("--workers", workers, "--drain-seconds", "0.5")
    with serving(bundle_path, tmp_path, *options, token="secret") as server:
        server.post("/rollouts")
        assert 0.5 <= stop(server) < LONGEST_STOP_S


@BOTH
def test_silent_and_slow_clients_hold_nothing_up(
    bundle_path: Path, tmp_path: Path, workers: str
) -> None:
    """Connections that said nothing, that are kept alive, that sent half a body, or do not read."""
    with serving(bundle_path, tmp_path, "--workers", workers, token="secret") as server:
        silent, kept, half, deaf = (connect(server) for _ in range(4))
        head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{"
        half.sendall(head)
        kept.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(12) == b"HTTP/1.1 200"
        for _ in range(200):
            deaf.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stop(server) < LONGEST_STOP_S
        for connection in (silent, kept, half, deaf):
            connection.close()


def test_idle_rollouts_are_removed_although_nobody_asks(bundle_path: Path, tmp_path: Path) -> None:
    with serving(bundle_path, tmp_path, "--idle-seconds", "0.2", token="secret") as server:
        made = server.post("/rollouts").json()
        assert httpx2.get(f"{server.url}/health").json()["num_rollouts"] in {0, 1}
        deadline_s = time.monotonic() + START_LIMIT_S
        while httpx2.get(f"{server.url}/health").json()["num_rollouts"]:
            assert time.monotonic() < deadline_s, "the rollout was not removed"
            time.sleep(0.02)
        status, answer = post(made["mcp_url"], rpc("ping"))
        assert (status, answer["error"]) == (404, "not_found")
        assert (
            'reason="idle"} 1' in httpx2.get(f"{server.url}/metrics", headers=server.trainer).text
        )


def test_a_changed_bundle_ends_all_workers(bundle_path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundle_path, tmp_path / "copy"))
    (copy / "README.md").write_bytes(b"changed")
    with serving(copy, tmp_path, "--workers", "2", token="secret") as server:
        assert server.process.wait(timeout=START_LIMIT_S) == 1
        assert server.process.stderr is not None
        assert b"changed file: README.md" in server.process.stderr.read()


def test_workers_that_never_start_end_the_server(bundle_path: Path) -> None:
    code = (
        "import sys, exporter.server.supervisor as s; from exporter.server.__main__ import main; "
        "s.work = lambda shared, home: 7; s._FIRST_WAIT_S = 0.001; "
        "sys.exit(main([sys.argv[1], '--port', '0', '--workers', '2']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bundle_path)],
        env={**os.environ, "CORECRAFT_CONTROL_TOKEN": "secret"},
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "ended with code 7, 0 of its rollouts lost; starting it again" in done.stderr
    assert "workers do not start well, giving up" in done.stderr


def test_several_workers_need_control(bundle_path: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="set CORECRAFT_CONTROL_TOKEN"),
        serving(bundle_path, tmp_path, "--workers", "2"),
    ):
        raise RuntimeError("it started")


def test_nothing_is_left_in_the_folder_for_temporary_files(
    bundle_path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(folder)}
    options = ("--workers", "2")
    with serving(
        bundle_path, tmp_path, *options, token="secret", environment=environment
    ) as server:
        [own] = folder.iterdir()
        assert own.stat().st_mode & 0o777 == 0o700
        stop(server)
        assert not list(folder.iterdir())
