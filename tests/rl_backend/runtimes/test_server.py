"""The server runtime on a bad network: answers get lost, and every call still applies once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.mcp_wire import IDEMPOTENCY_KEY
from rl_backend.runtimes.server import ServerRuntime
from world_builder.ids import canonical_json
from world_builder.tasks import Start
from world_builder.tools import ToolCall

ADD = ToolCall(tool="add", arguments={"amount": 2})


class Counter:
    """An environment server of one number, whose answers can be lost on the way."""

    def __init__(self, lose: Callable[[int], bool], status: int = 200) -> None:
        self.total = 0
        self.num_posts = 0
        self.num_deleted = 0
        self._lose = lose
        self._status = status
        self._answers: dict[str, str] = {}
        self.num_full = 0
        """Requests for worlds that are still to be answered with 429."""
        self.listing = asyncio.Event()
        """Set once the tools were asked for."""
        self.list_status: int | None = 200
        """None: nobody is told the tools."""
        self.is_deaf_to_deletion = False
        self.seconds_of_call = 0.0

    async def make(self, request: web.Request) -> web.Response:
        if request.headers["Authorization"] != "Bearer secret":
            return web.json_response({"error": "unauthorized"}, status=401)
        if self.num_full:
            self.num_full -= 1
            return web.json_response({"error": "at_capacity"}, status=429)
        url = f"http://{request.host}/rollouts/a/mcp"
        return web.json_response({"id": "a", "mcp_url": url}, status=201)

    async def delete(self, request: web.Request) -> web.Response:
        if self.is_deaf_to_deletion:
            await asyncio.Event().wait()
        self.num_deleted += 1
        return web.Response(status=204)

    async def mcp(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["method"] == "tools/list":
            self.listing.set()
            if self.list_status is None:
                await asyncio.Event().wait()
            if self.list_status != 200:
                return web.Response(status=self.list_status or 500, text="no list")
            return web.json_response({"result": {"tools": [{"name": "add", "inputSchema": {}}]}})
        self.num_posts += 1
        await asyncio.sleep(self.seconds_of_call)
        if self._status != 200:
            return web.Response(status=self._status, text="down for a while")
        key = body["params"]["_meta"][IDEMPOTENCY_KEY]
        if key not in self._answers:
            self.total += body["params"]["arguments"]["amount"]
            self._answers[key] = canonical_json({"total": self.total})
        if self._lose(self.num_posts) and request.transport is not None:
            request.transport.close()
        text = {"type": "text", "text": self._answers[key]}
        return web.json_response({"result": {"content": [text], "isError": False}})


@asynccontextmanager
async def serving(counter: Counter) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/rollouts", counter.make)
    app.router.add_delete("/rollouts/a", counter.delete)
    app.router.add_post("/rollouts/a/mcp", counter.mcp)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_lost_answer_is_asked_for_again_and_applies_once() -> None:
    counter = Counter(lose=lambda number: number % 2 == 1)
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret")
        world = await runtime.start(Start())
        answers = [(await world.call(ADD)).value for _ in range(3)]
        await world.close()
        await runtime.close()
    assert answers == [{"total": 2}, {"total": 4}, {"total": 6}]
    assert (counter.num_posts, counter.num_deleted) == (6, 1)


@pytest.mark.parametrize(("status", "num_posts"), [(503, 3), (400, 1)])
async def test_only_what_a_retry_may_cure_is_retried(status: int, num_posts: int) -> None:
    counter = Counter(lose=lambda number: False, status=status)
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret", max_tries=3)
        world = await runtime.start(Start())
        with pytest.raises(WorldRuntimeError, match=f"answered {status}: down for a while"):
            await world.call(ADD)
        await runtime.close()
    assert counter.num_posts == num_posts


async def test_a_wrong_token_is_told_without_the_token() -> None:
    async with serving(Counter(lose=lambda number: False)) as url:
        runtime = ServerRuntime(url, "wrong-token")
        with pytest.raises(WorldRuntimeError, match="answered 401") as caught:
            await runtime.start(Start())
        await runtime.close()
    assert "wrong-token" not in str(caught.value)


async def test_many_worlds_share_few_connections() -> None:
    counter = Counter(lose=lambda number: False)
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret", max_connections=4)
        worlds = await asyncio.gather(*(runtime.start(Start()) for _ in range(40)))
        assert {tool.name for world in worlds for tool in world.tools} == {"add"}
        await asyncio.gather(*(world.close() for world in worlds))
        await runtime.close()
    assert counter.num_deleted == 40


async def test_a_full_server_uses_up_no_try() -> None:
    counter = Counter(lose=lambda number: False)
    counter.num_full = 4
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret", max_tries=2)
        world = await asyncio.wait_for(runtime.start(Start()), 30)
        assert [tool.name for tool in world.tools] == ["add"]
        await runtime.close()


async def test_a_removal_without_an_answer_holds_nobody_up() -> None:
    counter = Counter(lose=lambda number: False)
    counter.is_deaf_to_deletion = True
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret")
        world = await runtime.start(Start())
        await asyncio.wait_for(world.close(), 20)
        await asyncio.wait_for(runtime.close(), 20)
    assert counter.num_deleted == 0


async def test_a_world_whose_start_fails_is_removed() -> None:
    counter = Counter(lose=lambda number: False)
    counter.list_status = 400
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret")
        with pytest.raises(WorldRuntimeError, match="no list"):
            await runtime.start(Start())
        await runtime.close()
    assert counter.num_deleted == 1


async def test_a_world_that_is_called_off_while_it_starts_is_removed() -> None:
    counter = Counter(lose=lambda number: False)
    counter.list_status = None
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret")
        starting = asyncio.create_task(runtime.start(Start()))
        await asyncio.wait_for(counter.listing.wait(), 30)
        starting.cancel()
        await asyncio.wait({starting})
        await runtime.close()
    assert counter.num_deleted == 1


async def test_the_wait_for_a_connection_is_no_part_of_a_try() -> None:
    counter = Counter(lose=lambda number: False)
    counter.seconds_of_call = 0.5
    async with serving(counter) as url:
        runtime = ServerRuntime(url, "secret", max_connections=1, timeout_s=2.0, max_tries=1)
        world = await runtime.start(Start())
        answers = await asyncio.gather(*(world.call(ADD) for _ in range(6)))
        await runtime.close()
    assert [answer.value["total"] for answer in answers] == [2, 4, 6, 8, 10, 12]
