"""The tunnel with its real relay, a process here: answers, failures, and the end of the input."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rl_backend.runtimes.tunnel import Tunnel, TunnelBroken, relay_command

LIMIT_S = 30.0
BIG = "ä" * 300_000


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; `/slow` waits until it is let go."""

    protocol_version = "HTTP/1.1"
    go = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/slow":
            self.go.wait(LIMIT_S)
        told = {"path": self.path, "body": body, "token": self.headers.get("Authorization")}
        data = json.dumps(told).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


class ProcessStream:
    """Standard input and output of a process here."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._input, self._output = self.process.stdin, self.process.stdout

    def send(self, data: bytes) -> None:
        self._input.write(data)
        self._input.flush()

    def receive(self, timeout_s: float) -> bytes:
        if timeout_s < 1:
            raise TimeoutError
        return self._output.read1()  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        with suppress(OSError):
            self._input.close()
        self.process.wait(LIMIT_S)
        self._output.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1]
        Echo.go.set()
        server.shutdown()


@pytest.fixture
def first() -> Iterator["subprocess.Popen[bytes]"]:
    """The process that ends with the tunnel."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def stream(port: int, first: "subprocess.Popen[bytes]") -> Iterator[ProcessStream]:
    opened = ProcessStream([sys.executable, *relay_command(port, first.pid)[1:]])
    yield opened
    opened.close()


def test_requests_are_answered_one_after_another(stream: ProcessStream, port: int) -> None:
    tunnel = Tunnel(stream, port)
    for body in ("", "hello", BIG):
        answer = tunnel.ask("POST", "/x", body, {"Authorization": "t"}, timeout_s=LIMIT_S)
        assert answer is not None
        assert answer.status == 201
        assert json.loads(answer.text) == {"path": "/x", "body": body, "token": "t"}


def test_a_server_that_is_not_there_yet_is_none(first: "subprocess.Popen[bytes]") -> None:
    stream = ProcessStream([sys.executable, *relay_command(1, first.pid)[1:]])
    tunnel = Tunnel(stream, 1)
    assert tunnel.ask("GET", "/health", timeout_s=LIMIT_S) is None
    assert tunnel.ask("GET", "/health", timeout_s=LIMIT_S) is None
    tunnel.close()


def test_silence_breaks_the_tunnel_for_good(stream: ProcessStream, port: int) -> None:
    tunnel = Tunnel(stream, port)
    with pytest.raises(TunnelBroken, match=r"did not answer within 0\.5 s"):
        tunnel.ask("POST", "/slow", timeout_s=0.5)
    Echo.go.set()
    with pytest.raises(TunnelBroken, match="gone"):
        tunnel.ask("POST", "/x", timeout_s=LIMIT_S)


def test_a_far_end_that_dies_is_told(stream: ProcessStream, port: int) -> None:
    tunnel = Tunnel(stream, port)
    stream.process.kill()
    stream.process.wait(LIMIT_S)
    with pytest.raises(TunnelBroken):
        tunnel.ask("POST", "/x", timeout_s=LIMIT_S)


def test_the_container_ends_when_the_input_does(
    stream: ProcessStream, first: "subprocess.Popen[bytes]"
) -> None:
    stream.close()
    assert first.wait(LIMIT_S) != 0
