"""How workers write requests and replies to each other: frames on a local stream.

A frame is two lengths, a head in JSON and the body as it is. It decides nothing.
"""

import json
import struct
from asyncio import StreamReader
from typing import Any, Final

from exporter.server.asgi import Reply, Request

_LENGTHS: Final = struct.Struct("!II")


def request_frame(number: int, request: Request) -> bytes:
    """A request under a number that its reply will have."""
    head = {
        "number": number,
        "method": request.method,
        "path": request.path,
        "origin": request.origin,
        "headers": dict(request.headers),
        "repeated": sorted(request.repeated),
    }
    return _frame(head, request.body)


def reply_frame(number: int, reply: Reply) -> bytes:
    """The reply to the request of that number."""
    head = {"number": number, "status": reply.status, "headers": dict(reply.headers)}
    return _frame(head, reply.body)


async def read_request(reader: StreamReader) -> tuple[int, Request]:
    """The next request. Raises IncompleteReadError at the end."""
    head, body = await _read(reader)
    request = Request(
        method=head["method"],
        path=head["path"],
        origin=head["origin"],
        headers=head["headers"],
        repeated=frozenset(head["repeated"]),
        body=body,
    )
    return head["number"], request


async def read_reply(reader: StreamReader) -> tuple[int, Reply]:
    """The next reply. Raises IncompleteReadError at the end."""
    head, body = await _read(reader)
    return head["number"], Reply(status=head["status"], body=body, headers=head["headers"])


def _frame(head: dict[str, Any], body: bytes) -> bytes:
    told = json.dumps(head, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(told), len(body)) + told + body


async def _read(reader: StreamReader) -> tuple[dict[str, Any], bytes]:
    head_size, body_size = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    data = await reader.readexactly(head_size + body_size)
    head: dict[str, Any] = json.loads(data[:head_size])
    return head, data[head_size:]
