"""Many clients of one environment server, some of which die, come again or read slowly.

Each client has a rollout and makes its calls one after the other, so that a serial replay in
process says what must come of them. All choices come from a seed.
"""

import asyncio
import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.exporter.calling import HEADERS, tool_call
from world_builder.frozen import Json
from world_builder.tasks import Start
from world_builder.tools import ToolCall

_SMALL_BUFFER, _BUFFER = 1 << 11, 1 << 16
_SLOW_BYTES, _SLOW_S = 256, 0.001
_LINGER_NOT = struct.pack("ii", 1, 0)
_ANSWER_LIMIT_S = 60.0


class Manner(StrEnum):
    """How a call is made."""

    PLAIN = "plain"
    AFRESH = "afresh"
    """On a new connection."""
    CUT = "cut"
    """A part is sent, the client dies, and a new one sends all of it."""
    UNHEARD = "unheard"
    """All is sent, the client dies before the answer, and a new one asks again."""
    DOUBLED = "doubled"
    """Sent on two connections at once: a retry that comes while the first is on its way."""
    SLOW = "slow"
    """The answer is read in small pieces."""
    NONSENSE = "nonsense"
    """No call at all goes before it, on the same connection."""


WEIGHTS: Mapping[Manner, int] = {
    Manner.PLAIN: 70,
    Manner.AFRESH: 4,
    Manner.CUT: 6,
    Manner.UNHEARD: 9,
    Manner.DOUBLED: 5,
    Manner.SLOW: 3,
    Manner.NONSENSE: 3,
}

NONSENSE = (b"{", b"[]", b'{"jsonrpc": "2.0", "id": 1, "method": "rollouts/list"}', b"\xff" * 40)


@dataclass(slots=True)
class Answered:
    """A call and what the server said."""

    call: ToolCall
    text: str
    is_error: bool


@dataclass(slots=True)
class Played:
    """What became of one client's rollout."""

    start: Start
    answered: list[Answered] = field(default_factory=list)
    abandoned: ToolCall | None = None
    """A last call whose answer nobody waited for: it was made, or it was not."""
    state_hash: str = ""


class Connection:
    """A connection that sends requests by hand, so that it can stop in the middle of one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, *, is_slow: bool = False) -> "Connection":
        connection = socket.socket()
        connection.setblocking(False)
        limit = _SMALL_BUFFER if is_slow else _BUFFER
        if is_slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=connection, limit=limit))

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self, *, is_slow: bool = False) -> tuple[int, bytes]:
        """Status and body."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(head.partition("content-length: ")[2].partition("\r")[0] or 0)
        if not is_slow:
            return int(head[9:12]), await self._reader.readexactly(size)
        body = b""
        while len(body) < size:
            body += await self._reader.readexactly(min(_SLOW_BYTES, size - len(body)))
            await asyncio.sleep(_SLOW_S)
        return int(head[9:12]), body

    def die(self, *, is_abrupt: bool) -> None:
        """Closes, with a reset when it is abrupt."""
        if is_abrupt:
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class Load:
    """The clients of one server."""

    def __init__(self, port: int, token: str, calls: Sequence[ToolCall], seed: int) -> None:
        self.manners: Counter[str] = Counter()
        self._port = port
        self._trainer = {"Authorization": f"Bearer {token}"}
        self._calls = calls
        self._seed = seed
        self._idle: list[Connection] = []

    async def run(self, starts: Sequence[Start], num_calls: int) -> list[Played]:
        """Plays a client for each start, all at once."""
        clients = (self._play(n, start, num_calls) for n, start in enumerate(starts))
        try:
            return await asyncio.gather(*clients)
        finally:
            for connection in self._idle:
                await connection.close()

    async def _play(self, number: int, start: Start, num_calls: int) -> Played:
        rng = random.Random(f"{self._seed}-{number}")
        made = await self._control("POST", "/rollouts", start.model_dump_json().encode())
        path, played = f"/rollouts/{made['id']}", Played(start)
        manners = rng.choices([*WEIGHTS], [*WEIGHTS.values()], k=num_calls)
        for n, manner in enumerate(manners):
            call = self._draw(rng, number)
            body = _body(call, f"call-{n}")
            async with asyncio.timeout(_ANSWER_LIMIT_S):
                status, answer = await self._make(manner, f"{path}/mcp", body, rng)
            assert status == 200, answer
            told = json.loads(answer)["result"]
            played.answered.append(Answered(call, told["content"][0]["text"], told["isError"]))
            self.manners[manner] += 1
        if rng.random() < 0.5:
            played.abandoned = self._draw(rng, number)
            await self._abandon(f"{path}/mcp", _body(played.abandoned, "last"), rng)
        played.state_hash = (await self._control("GET", f"{path}/state"))["state_hash"]
        return played

    def _draw(self, rng: random.Random, number: int) -> ToolCall:
        """A call as it is, or with a mistake; long texts name the client."""
        call = rng.choice(self._calls)
        arguments: dict[str, Json] = {
            name: f"{value} (client {number})" if _is_long(value) else value
            for name, value in call.arguments.items()
        }
        match rng.randrange(12):
            case 0:
                arguments.pop(next(iter(arguments), ""), None)
            case 1:
                arguments["nonsense"] = rng.randrange(100)
            case 2:
                return ToolCall(tool=f"{call.tool}s", arguments=arguments)
        return ToolCall(tool=call.tool, arguments=arguments)

    async def _make(
        self, manner: Manner, path: str, body: bytes, rng: random.Random
    ) -> tuple[int, bytes]:
        request, is_abrupt = _request("POST", path, body, HEADERS), rng.random() < 0.5
        match manner:
            case Manner.CUT:
                end = rng.randrange(1, len(request))
                await self._die_after(request[:end], is_abrupt)
            case Manner.UNHEARD:
                await self._die_after(request, is_abrupt, rng.choice((0.0, 0.0, 0.02)))
            case Manner.DOUBLED:
                twins = await asyncio.gather(*(self._afresh(request) for _ in range(2)))
                assert twins[0] == twins[1]
                return twins[0]
            case Manner.SLOW:
                return await self._afresh(request, is_slow=True)
            case Manner.NONSENSE:
                nonsense = _request("POST", path, rng.choice(NONSENSE), HEADERS)
                status, answer = await self._on_any(nonsense)
                assert "error" in json.loads(answer), status
        if manner in {Manner.PLAIN, Manner.NONSENSE}:
            return await self._on_any(request)
        return await self._afresh(request)

    async def _on_any(self, request: bytes) -> tuple[int, bytes]:
        """On a connection that other clients used, too, while there is one that is open."""
        while True:
            is_new = not self._idle
            connection = await Connection.open(self._port) if is_new else self._idle.pop()
            connection.send(request)
            try:
                answer = await connection.answer()
            except (OSError, EOFError):
                await connection.close()
                if is_new:
                    raise
                continue
            self._idle.append(connection)
            return answer

    async def _afresh(self, request: bytes, *, is_slow: bool = False) -> tuple[int, bytes]:
        connection = await Connection.open(self._port, is_slow=is_slow)
        connection.send(request)
        answer = await connection.answer(is_slow=is_slow)
        await connection.close()
        return answer

    async def _die_after(self, sent: bytes, is_abrupt: bool, seconds: float = 0.0) -> None:
        connection = await Connection.open(self._port)
        connection.send(sent)
        await asyncio.sleep(seconds)
        connection.die(is_abrupt=is_abrupt)

    async def _abandon(self, path: str, body: bytes, rng: random.Random) -> None:
        await self._die_after(_request("POST", path, body, HEADERS), rng.random() < 0.5)

    async def _control(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        status, answer = await self._on_any(_request(method, path, body, self._trainer))
        assert status < 300, answer
        value: dict[str, Any] = json.loads(answer)
        return value


def _body(call: ToolCall, key: str) -> bytes:
    return json.dumps(tool_call(call.tool, call.arguments, key)).encode()


def _is_long(value: Json) -> bool:
    return isinstance(value, str) and " " in value and len(value) > 30


def _request(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body
