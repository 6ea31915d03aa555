"""What a client makes of servers that close connections, break them or never open one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pydantic import BaseModel

from rl_backend.engines import sglang_http
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_http import SGLangClient, is_answering
from rl_backend.errors import EngineUnavailable
from rl_backend.types import PolicyVersion, SamplingParams
from tests.rl_backend.engines.double_sglang import OUTPUT, DoubleSGLang

IDLE_S = 0.2
PARAMS = SamplingParams(temperature=1.0, max_new_tokens=8)
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


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a host that answers no attempt to connect: nobody empties its full queue."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_host_that_swallows_packets_is_unavailable(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sglang_http, "CONNECT_TIMEOUT_S", 0.05)
    async with SGLangEngine(silent, policy_version=PolicyVersion(0)) as engine:
        with pytest.raises(EngineUnavailable, match="cannot be reached for /generate"):
            await engine.generate([1], PARAMS, "a/0")


async def test_whether_a_server_answers_is_known_soon(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with DoubleSGLang() as double:
        assert await is_answering(double.url)
        double.failing["/model_info"] = 500
        assert not await is_answering(double.url)
        monkeypatch.setattr(sglang_http, "PROBE_TIMEOUT_S", 0.05)
        double.hanging.add("/model_info")
        assert not await is_answering(double.url)
    assert not await is_answering(double.url)
    assert not await is_answering(silent)


async def test_a_generation_whose_connection_broke_is_asked_for_again() -> None:
    async with (
        DoubleSGLang() as double,
        SGLangEngine(double.url, policy_version=PolicyVersion(0)) as engine,
    ):
        double.num_broken = 2
        completion = await engine.generate([1], PARAMS, "a/0")
        assert completion.token_ids == OUTPUT
        assert len(double.generated) == 3
        for one in double.generated:
            assert [each for each in double.generated if each.startswith(one)] == [one]


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_an_abort_reaches_the_attempt_that_runs(is_cancelled: bool) -> None:
    async with DoubleSGLang() as double:
        async with SGLangEngine(double.url, policy_version=PolicyVersion(0)) as engine:
            double.num_broken = 1
            double.hanging.add("/generate")
            running = asyncio.create_task(engine.generate([1], PARAMS, "a/0"))
            while len(double.generated) < 2:
                double.is_asked.clear()
                await double.is_asked.wait()
            if not is_cancelled:
                await engine.abort("a/0")
                assert double.generated[1] in double.aborted
            running.cancel()
            await asyncio.wait({running})
        assert double.generated[1] in double.aborted
