"""HTTP through a program's standard input and output: how worlds without a network are reached.

The near end of `relay`. One request at a time, blocking; whoever calls it does so in a thread. It
knows no Docker: a stream is whatever sends and receives bytes.
"""

import http.client
import io
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from rl_backend.runtimes.relay import LENGTH_BYTES

RELAY_TEXT = Path(__file__).with_name("relay.py").read_text(encoding="utf-8")


class TunnelBroken(Exception):
    """Nothing can be asked any more: the far end is gone, silent or incomprehensible."""


class Stream(Protocol):
    """Standard input and output of a program somewhere."""

    def send(self, data: bytes) -> None:
        """Raises OSError."""

    def receive(self, timeout_s: float) -> bytes:
        """The next bytes of its output; none at its end. Raises OSError, also when time is up."""

    def close(self) -> None:
        """Ends the program's input and output. May be called twice; never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said."""

    status: int
    text: str


def relay_command(port: int, first_pid: int = 1) -> list[str]:
    """What to run in a container so that a tunnel reaches its server.

    `first_pid` is the process that ends with the tunnel.
    """
    return ["python", "-I", "-S", "-c", RELAY_TEXT, str(port), str(first_pid)]


class Tunnel:
    """A way to one server."""

    def __init__(self, stream: Stream, port: int) -> None:
        self._stream = stream
        self._host = f"127.0.0.1:{port}"
        self._pending = b""
        self._lock = threading.Lock()
        self._is_broken = False

    def ask(
        self,
        method: str,
        path: str,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float,
    ) -> Answer | None:
        """The server's answer; None while it cannot be reached. Raises TunnelBroken."""
        request = _request(self._host, method, path, body.encode(), headers or {})
        with self._lock:
            if self._is_broken:
                raise TunnelBroken("the connection to it is gone")
            try:
                self._stream.send(len(request).to_bytes(LENGTH_BYTES, "big") + request)
                length = int.from_bytes(self._received(LENGTH_BYTES, timeout_s), "big")
                raw = self._received(length, timeout_s)
                return _answer(raw) if raw else None
            except TimeoutError as error:
                self._is_broken = True  # a late answer would be taken for that of the next call
                raise TunnelBroken(f"it did not answer within {timeout_s:g} s") from error
            except (OSError, http.client.HTTPException) as error:
                self._is_broken = True
                raise TunnelBroken(str(error) or "the connection to it broke") from error

    def close(self) -> None:
        """Ends the far end, and a request that waits for it."""
        self._is_broken = True
        self._stream.close()

    def _received(self, num_bytes: int, timeout_s: float) -> bytes:
        while len(self._pending) < num_bytes:
            chunk = self._stream.receive(timeout_s)
            if not chunk:
                raise ConnectionError("the container ended")
            self._pending += chunk
        data, self._pending = self._pending[:num_bytes], self._pending[num_bytes:]
        return data


def _request(host: str, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """An HTTP request after whose answer the server closes the connection."""
    own = {"Host": host, "Connection": "close", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in {**own, **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class _Given:
    """A socket, as far as `http.client` asks for one."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def _answer(raw: bytes) -> Answer:
    response = http.client.HTTPResponse(cast(socket.socket, _Given(raw)))
    response.begin()
    return Answer(status=response.status, text=response.read().decode(errors="replace"))
