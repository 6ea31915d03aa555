"""Frames between a call in the sandbox and whoever waits for it: a length, then JSON.

Used by both sides. It knows no messages.
"""

import json
import math
import os
from typing import Any, Final, NoReturn

HEADER_BYTES: Final = 4
MAX_ASKED_BYTES: Final = 1 << 20
"""Longest frame that a call may send: its result, or what it asks for."""
MAX_TOLD_BYTES: Final = 16 << 20
"""Longest frame that a call is sent."""


class BadFrame(ValueError):
    """What came is no frame."""


def encode(message: dict[str, Any]) -> bytes:
    """A message as it travels. Raises ValueError for what JSON cannot say."""
    body = json.dumps(message, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def size_of(header: bytes, limit: int) -> int:
    """The bytes of the body that follows. Raises BadFrame."""
    size = int.from_bytes(header, "big")
    if size > limit:
        raise BadFrame(f"a message of {size:,} bytes; at most {limit:,} are taken")
    return size


def decode(body: bytes) -> dict[str, Any]:
    """The message in a body. Raises BadFrame."""
    try:
        message = json.loads(body, parse_constant=_refuse, parse_float=_finite)
        if b"\\u" in body:
            encode({"": message})  # half a character can be written in JSON, and nowhere else
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"a message that is no JSON: {error}") from error
    if not isinstance(message, dict):
        raise BadFrame("a message that is no object")
    return message


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def write_all(handle: int, data: bytes) -> None:
    """Writes all of it to a descriptor."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def read_frame(handle: int) -> dict[str, Any]:
    """The next message of a descriptor. Raises EOFError, BadFrame."""
    size = size_of(_read(handle, HEADER_BYTES), MAX_TOLD_BYTES)
    return decode(_read(handle, size))


def _read(handle: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = os.read(handle, size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
