"""`python -m exporter.bench.env_client`: the clients of one server, in a process of their own.

Reads an `Asked` from standard input and writes a `Measured` to standard output, both as JSON. Each
client has a session of its own and asks one thing after the other. Measured are resets, tool calls
and the memory that sessions take; beside each rate stands how busy client and server were.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from typing import Protocol

from exporter.bench.env_types import Asked, Measured, Rate, Side
from exporter.bench.wire import Http, WebSocket, WireError

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_WARM_UP = 20
GROUP_SIZE = 16
"""Rollouts of one task, as GRPO wants them. Source: paper section 4.2."""


class Session(Protocol):
    """One client's isolated world on a server."""

    async def reset(self) -> None: ...

    async def call(self) -> None: ...

    async def close(self) -> None: ...


class RolloutSession:
    """A rollout of our server: control to make one, MCP over HTTP to call its tool."""

    def __init__(self, http: Http, asked: Asked) -> None:
        self._http = http
        self._token = asked.token
        self._bodies = cycle([_mcp_body(asked.tool, arguments) for arguments in asked.arguments])
        self._id = ""
        self._head = b""

    @classmethod
    async def open(cls, asked: Asked) -> "RolloutSession":
        session = cls(await Http.open(asked.port), asked)
        await session.reset()
        return session

    async def reset(self) -> None:
        """A fresh rollout; the one before is deleted."""
        before = self._id
        answer = json.loads(await self._control("POST", "/rollouts", 201))
        self._id = answer["id"]
        self._head = _head("POST", f"/rollouts/{self._id}/mcp")
        if before:
            await self._control("DELETE", f"/rollouts/{before}", 204)

    async def call(self) -> None:
        status, body = await self._http.ask(self._head, next(self._bodies))
        if status != 200 or b'"isError":true' in body or b'"result"' not in body:
            raise WireError(f"{status} {body[:200]!r}")

    async def close(self) -> None:
        await self._control("DELETE", f"/rollouts/{self._id}", 204)
        self._http.close()

    async def _control(self, method: str, path: str, expected: int) -> bytes:
        head = _head(method, path) + f"authorization: Bearer {self._token}\r\n".encode()
        status, body = await self._http.ask(head)
        if status != expected:
            raise WireError(f"{method} {path}: {status} {body[:200]!r}")
        return body


class GroupSession:
    """A group of rollouts of one task, which our server makes and removes by one request each."""

    def __init__(self, http: Http, asked: Asked) -> None:
        self._http = http
        self._token = asked.token
        self._ids: list[str] = []

    @classmethod
    async def open(cls, asked: Asked) -> "GroupSession":
        return cls(await Http.open(asked.port), asked)

    async def reset(self) -> None:
        """A fresh group; the one before is deleted."""
        await self._leave()
        body = await self._control("POST", "/rollouts", {"count": GROUP_SIZE}, 201)
        self._ids = [each["id"] for each in json.loads(body)["rollouts"]]

    async def close(self) -> None:
        await self._leave()
        self._http.close()

    async def _leave(self) -> None:
        if self._ids:
            first, *others = self._ids
            await self._control("DELETE", f"/rollouts/{first}", {"others": others}, 204)
            self._ids = []

    async def _control(self, method: str, path: str, body: object, expected: int) -> bytes:
        head = _head(method, path) + f"authorization: Bearer {self._token}\r\n".encode()
        status, answer = await self._http.ask(head, json.dumps(body).encode())
        if status != expected:
            raise WireError(f"{method} {path}: {status} {answer[:200]!r}")
        return answer


class OpenEnvSession:
    """A session of OpenEnv's server: a WebSocket with `reset` and `step`."""

    def __init__(self, socket: WebSocket, asked: Asked) -> None:
        self._socket = socket
        self._steps = cycle([_step(asked, arguments) for arguments in asked.arguments])

    @classmethod
    async def open(cls, asked: Asked) -> "OpenEnvSession":
        socket = await WebSocket.open(asked.port)
        await socket.shake_hands("/ws")
        session = cls(socket, asked)
        await session.reset()
        return session

    async def reset(self) -> None:
        _checked(await self._socket.ask(b'{"type":"reset","data":{}}'))

    async def call(self) -> None:
        answer = _checked(await self._socket.ask(next(self._steps)))
        if b'"id"' not in answer and b'\\"id\\"' not in answer:
            raise WireError(f"no entity in {answer[:300]!r}")

    async def close(self) -> None:
        self._socket.leave()


def _checked(answer: bytes) -> bytes:
    if b'"type":"observation"' not in answer:
        raise WireError(f"{answer[:300]!r}")
    return answer


def _mcp_body(tool: str, arguments: dict[str, str]) -> bytes:
    params = {"name": tool, "arguments": arguments}
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return json.dumps(request).encode()


def _head(method: str, path: str) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        "accept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-06-18\r\n"
    ).encode()


def _step(asked: Asked, arguments: dict[str, str]) -> bytes:
    is_mcp = asked.side is Side.OPENENV_MCP
    call = {"type": "call_tool", "tool_name": asked.tool, "arguments": arguments}
    return json.dumps({"type": "step", "data": call if is_mcp else arguments}).encode()


async def _opened(asked: Asked) -> Session:
    if asked.side is Side.OURS:
        return await RolloutSession.open(asked)
    return await OpenEnvSession.open(asked)


async def measure(asked: Asked) -> Measured:
    """All figures of one server. Raises WireError."""
    resets, calls, groups = [], [], []
    for num in asked.num_clients:
        sessions = [await _opened(asked) for _ in range(num)]
        for session in sessions:
            await _again(session.call, _WARM_UP // num + 1)
        calls.append(await _rate(asked, [session.call for session in sessions]))
        resets.append(await _rate(asked, [session.reset for session in sessions]))
        for session in sessions:
            await session.close()
        if asked.side is Side.OURS:
            groups.append(await _group_rate(asked, num))
    memory = await _memory(asked)
    return Measured(
        resets=tuple(resets),
        calls=tuple(calls),
        group_resets=tuple(groups),
        bytes_per_session=memory,
    )


async def _group_rate(asked: Asked, num_clients: int) -> Rate:
    """Fresh worlds per second, made by groups."""
    sessions = [await GroupSession.open(asked) for _ in range(num_clients)]
    rate = await _rate(asked, [session.reset for session in sessions])
    for session in sessions:
        await session.close()
    return rate.times(GROUP_SIZE)


async def _rate(asked: Asked, works: list[Callable[[], Awaitable[None]]]) -> Rate:
    """How often all clients together get an answer within the time."""
    began_s, own_s, server_s = time.perf_counter(), time.process_time(), _cpu_s(asked.server_pid)
    counts = await asyncio.gather(*(_until(began_s + asked.seconds, work) for work in works))
    wall_s = time.perf_counter() - began_s
    return Rate(
        num_clients=len(works),
        per_s=sum(counts) / wall_s,
        per_server_cpu_s=sum(counts) / max(_cpu_s(asked.server_pid) - server_s, 1 / _TICKS_PER_S),
        client_load=(time.process_time() - own_s) / wall_s,
    )


async def _until(end_s: float, work: Callable[[], Awaitable[None]]) -> int:
    count = 0
    while time.perf_counter() < end_s:
        await work()
        count += 1
    return count


async def _again(work: Callable[[], Awaitable[None]], times: int) -> None:
    for _ in range(times):
        await work()


async def _memory(asked: Asked) -> float:
    """Bytes of the server for each further open session that made one call."""
    first = await _opened(asked)
    await first.call()
    before = _resident_bytes(asked.server_pid)
    sessions = [await _opened(asked) for _ in range(asked.num_memory_sessions)]
    for session in sessions:
        await session.call()
    grown = _resident_bytes(asked.server_pid) - before
    for session in (first, *sessions):
        await session.close()
    return grown / asked.num_memory_sessions


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


if __name__ == "__main__":
    sys.stdout.write(
        asyncio.run(measure(Asked.model_validate_json(sys.stdin.read()))).model_dump_json()
    )
