"""Requests that may not be repeated survive a server that closes idle connections."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import BaseModel

from rl_backend.engines import sglang_http
from rl_backend.engines.sglang_http import SGLangClient

IDLE_S = 0.2
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}'


class Answer(BaseModel):
    ok: bool


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers requests; one that comes after the connection lay idle finds it closed."""
    loop = asyncio.get_running_loop()
    last: float | None = None
    while await reader.read(65_536):
        if last is not None and loop.time() - last >= IDLE_S:
            writer.transport.abort()
            return
        writer.write(ANSWER)
        last = loop.time()
    writer.close()


async def test_an_idle_connection_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sglang_http, "KEPT_IDLE_S", IDLE_S / 4)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = SGLangClient(f"http://127.0.0.1:{port}", failure=lambda: None)
    try:
        for _ in range(3):
            got = await client.post("/weights", {}, Answer, timeout_s=10, num_attempts=1)
            assert got.ok
            await asyncio.sleep(2 * IDLE_S)
    finally:
        await client.close()
        server.close()
