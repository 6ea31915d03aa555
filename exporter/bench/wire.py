"""The two protocols of `env_client`, as thin as they can be: one request, one answer, in turn.

HTTP/1.1 with keep-alive, and WebSockets with text messages, both over asyncio's streams, so that
both sides of a benchmark are asked at the same small cost. No redirects, chunks, TLS or fragments.
"""

import asyncio
import base64
import os
import struct
from typing import Final, Self

_LIMIT: Final = 2**24
_TEXT: Final = 0x81
_CLOSE: Final = 0x88
_MASKED: Final = 0x80


class WireError(Exception):
    """The other side did not speak as expected."""


class _Connection:
    """A TCP connection to a server on this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=_LIMIT))

    def close(self) -> None:
        self._writer.close()


class Http(_Connection):
    """HTTP/1.1, one request after the other."""

    async def ask(self, head: bytes, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the body of the answer; `head` is request line and headers, in full."""
        self._writer.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        status = int(answer[9:12])
        lowered = answer.lower()
        at = lowered.find(b"content-length:")
        if at < 0:
            return status, b""
        length = int(lowered[at + 15 : lowered.index(b"\r\n", at)])
        return status, await self._reader.readexactly(length)


class WebSocket(_Connection):
    """Text messages, each answered by one."""

    async def shake_hands(self, path: str) -> None:
        """Turns the connection into a WebSocket. Raises WireError."""
        key = base64.b64encode(os.urandom(16)).decode()
        self._writer.write(
            f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade"
            f"\r\nsec-websocket-key: {key}\r\nsec-websocket-version: 13\r\n\r\n".encode()
        )
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer[:20]:
            raise WireError(f"no WebSocket: {answer[:80]!r}")

    async def ask(self, message: bytes) -> bytes:
        """The answer to a message. Raises WireError."""
        self._writer.write(_frame(message))
        first, length = await self._reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
        payload = await self._reader.readexactly(length)
        if first != _TEXT:
            raise WireError(f"not a text message: {first:#x} {payload[:80]!r}")
        return payload

    def leave(self) -> None:
        """Says good-bye and closes."""
        self._writer.write(bytes((_CLOSE, _MASKED)) + bytes(4))
        self.close()


def _frame(message: bytes) -> bytes:
    """A masked text frame; the mask is zero, which is allowed and costs nothing."""
    if len(message) < 126:
        head = bytes((_TEXT, _MASKED | len(message)))
    elif len(message) < 2**16:
        head = bytes((_TEXT, _MASKED | 126)) + struct.pack("!H", len(message))
    else:
        head = bytes((_TEXT, _MASKED | 127)) + struct.pack("!Q", len(message))
    return head + bytes(4) + message
