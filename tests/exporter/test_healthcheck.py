"""The health check of an image, against real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter.server.healthcheck import is_healthy
from tests.exporter.servers import RunningServer


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """The URL of a server that gives one answer and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/health"
        thread.join()


def test_a_server_that_answers_is_healthy(server: RunningServer) -> None:
    assert is_healthy(f"{server.url}/health")
    assert not is_healthy(f"{server.url}/nothing")


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 503 Busy\r\n\r\n", b"200", b"nonsense 2000"])
def test_another_answer_is_not_healthy(reply: bytes) -> None:
    with answering(reply) as url:
        assert not is_healthy(url)


def test_no_answer_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert not is_healthy(f"http://127.0.0.1:{port}/health")
