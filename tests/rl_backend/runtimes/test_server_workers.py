"""The server runtime on a server of several workers, one of which dies under its rollouts."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from exporter.bundle import Bundle
from rl_backend.errors import WorldRuntimeError
from rl_backend.evaluation.bundles import MOST_CONNECTIONS, RuntimeKind, open_runtime
from rl_backend.runtimes.server import ServerRuntime, ServerWorld
from rl_backend.runtimes.server_process import ServerProcess
from world_builder.state import WorldBase
from world_builder.tasks import Start
from world_builder.tools import ToolCall

NONSENSE = ToolCall(tool="no_such_tool")


@pytest_asyncio.fixture
async def runtime(bundle: Path) -> AsyncIterator[ServerRuntime]:
    runtime = await ServerRuntime.launch(ServerProcess(bundle, num_workers=2), max_tries=3)
    yield runtime
    await runtime.close()


def worker_of(world: ServerWorld) -> str:
    return world._url.rpartition("/")[2].partition(".")[0]


def kill_the_first_worker(runtime: ServerRuntime) -> None:
    assert runtime._keeper is not None
    process = runtime._keeper.process._process
    assert process is not None
    pid = process.pid
    first = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
    os.kill(int(first), signal.SIGKILL)


async def test_rollouts_of_a_dead_worker_fail_and_the_others_go_on(runtime: ServerRuntime) -> None:
    worlds = await asyncio.gather(*(runtime.start(Start()) for _ in range(8)))
    by_worker: dict[str, list[ServerWorld]] = {"0": [], "1": []}
    for world in worlds:
        by_worker[worker_of(world)].append(world)
    assert min(len(some) for some in by_worker.values()) >= 3, "spread evenly, give or take one"
    kill_the_first_worker(runtime)
    for world in by_worker["0"]:
        for attempt in (world.call(NONSENSE), world.finish()):
            with pytest.raises(WorldRuntimeError, match="rollout_lost"):
                await attempt
    for world in by_worker["1"]:
        assert (await world.call(NONSENSE)).is_error
        assert (await world.finish()).diff.changes == ()
    fresh = [await runtime.start(Start()) for _ in range(2)]
    assert {worker_of(world) for world in fresh} == {"0"}
    await asyncio.gather(*(world.close() for world in (*worlds, *fresh)))


async def test_worlds_that_are_asked_for_twice_are_made_once(
    runtime: ServerRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers to requests for worlds are lost, and the requests sent again."""
    request = runtime._request

    async def sent_twice(method: str, url: str, body: str, headers: Any) -> Any:
        first = await request(method, url, body, headers)
        return first if url.endswith("/mcp") else await request(method, url, body, headers)

    monkeypatch.setattr(runtime, "_request", sent_twice)
    await asyncio.gather(*(runtime.start(Start()) for _ in range(6)))
    health = await request("GET", f"{runtime.url}/health", "", {})
    assert health["num_rollouts"] == 6


@pytest.mark.parametrize(
    ("max_worlds", "capacity", "num_connections"), [(20, 1024, 40), (700, 1400, MOST_CONNECTIONS)]
)
async def test_a_server_fits_the_worlds_of_its_run(
    bundle: Path, tutorial: WorldBase, max_worlds: int, capacity: int, num_connections: int
) -> None:
    runtime = await open_runtime(
        RuntimeKind.SERVER, Bundle.open(bundle), tutorial, max_worlds=max_worlds, server_workers=2
    )
    assert isinstance(runtime, ServerRuntime)
    health = await runtime.control("GET", f"{runtime.url}/health")
    await runtime.close()
    assert (health["capacity"], health["num_workers"]) == (capacity, 2)
    assert runtime._connections._value == num_connections
