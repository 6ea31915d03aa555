"""What the preflight says of ways to hand weights over that cannot work."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.preflight.checks import CheckState
from rl_backend.preflight.weight_sync import is_here, weight_sync_checks

GOOD, WARN, BAD = CheckState.GOOD, CheckState.WARN, CheckState.BAD
FAR = "http://192.0.2.7:30000"
"""An address that is kept for examples."""


def found(*settings: str) -> list[tuple[CheckState, str, str]]:
    config = load_preset("tiny", settings)
    return [(check.state, check.text, check.hint) for check in weight_sync_checks(config)]


@pytest.fixture
def sizes() -> Iterator[tuple[str, dict[str, int]]]:
    """A server on loopback that tells its parallel sizes, and these."""
    told = {"tp_size": 2, "pp_size": 1, "dp_size": 1}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/server_info" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", told
        server.shutdown()
        thread.join()


@pytest.fixture
def a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 81559, 81000'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")


def test_files_need_no_check() -> None:
    assert found() == []


def test_shared_memory_and_groups_are_good_on_one_host() -> None:
    assert found("engine.weight_sync=tensor", "engine.weight_bucket_mib=1") == [
        (GOOD, "tensor, 1 MiB at a time", "")
    ]
    assert found("engine.weight_sync=distributed") == [(GOOD, "distributed, 512 MiB at a time", "")]


def test_memory_of_another_host_cannot_be_shared() -> None:
    [(state, text, hint)] = found("engine.weight_sync=tensor", f"engine.url={FAR}")
    assert (state, text) == (BAD, f"{FAR} is on another host, whose memory cannot be shared")
    assert '"distributed"' in hint
    urls = f'engine.urls=["http://localhost:30000", "{FAR}"]'
    assert [each[0] for each in found("engine.weight_sync=tensor", urls)] == [BAD]


def test_every_server_wants_room_for_a_bucket() -> None:
    urls = 'engine.urls=["http://localhost:1", "http://localhost:2"]'
    settings = ["engine.weight_sync=tensor", urls, "model.path=/nowhere"]
    narrow = load_preset("tiny", [*settings, "engine.weight_bucket_mib=100000000"])
    [check] = weight_sync_checks(narrow)
    assert check.state is BAD
    assert check.text.endswith("buckets for 2 servers take 200,000,000 MiB")
    assert "--shm-size" in check.hint


def test_a_model_smaller_than_a_bucket_wants_no_more_than_its_size() -> None:
    settings = ("engine.weight_sync=tensor", "engine.weight_bucket_mib=100000000")
    assert [each[0] for each in found(*settings)] == [GOOD]


def test_a_host_without_shared_memory_is_told_to_use_files(tmp_path: Path) -> None:
    config = load_preset("tiny", ["engine.weight_sync=tensor"])
    [check] = weight_sync_checks(config, tmp_path / "nothing")
    assert check.state is BAD
    assert '"disk"' in check.hint


def test_ranks_that_cannot_join_a_group_are_named(sizes: tuple[str, dict[str, int]]) -> None:
    url, told = sizes
    settings = ("engine.weight_sync=distributed", f"engine.url={url}")
    assert [each[0] for each in found(*settings)] == [GOOD]
    told["dp_size"] = 2
    [(state, text, _)] = found(*settings)
    assert state is BAD
    assert text.startswith(f"{url} has pipeline or data parallel ranks")


@pytest.mark.usefixtures("a_gpu")
def test_nccl_takes_no_two_ranks_on_one_gpu() -> None:
    [(state, text, hint)] = found("engine.weight_sync=distributed")
    assert state is BAD
    assert "NCCL takes no two ranks on one" in text
    assert '"tensor"' in hint
    near = ("engine.weight_sync=distributed", "engine.url=http://127.0.0.1:9")
    assert [each[0] for each in found(*near)] == [WARN]
    assert [
        each[0] for each in found("engine.weight_sync=tensor", "engine.weight_bucket_mib=1")
    ] == [GOOD]


def test_hosts_are_told_apart() -> None:
    assert is_here("http://localhost:30000")
    assert is_here(f"http://{socket.gethostbyname(socket.gethostname())}:30000")
    assert not is_here(FAR)
    assert not is_here("scripted")
