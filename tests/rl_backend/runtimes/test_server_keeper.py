"""An environment server that ends: its worlds are lost at once, new ones get another server."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from exporter.manifest import GateReport
from exporter.writer import write_bundle
from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.server import ServerRuntime
from rl_backend.runtimes.server_process import ServerProcess
from tests.rl_backend.children import children_of_command
from world_builder.state import WorldBase
from world_builder.tasks import Start
from world_builder.tools import ToolCall

MAX_RESTARTS = 2
CALL = ToolCall(tool="find_books", arguments={"text": "Loom"})


@dataclass
class Kept:
    """A runtime on a server that can be killed."""

    runtime: ServerRuntime
    bundle: Path
    problems: list[str] = field(default_factory=list)

    def servers(self) -> list[psutil.Process]:
        return children_of_command("exporter.server", str(self.bundle))

    def kill(self) -> None:
        (server,) = self.servers()
        os.kill(server.pid, signal.SIGKILL)


@pytest.fixture
async def kept(tutorial: WorldBase, tmp_path: Path) -> AsyncIterator[Kept]:
    bundle = write_bundle(tutorial.world, "1.0.0", tmp_path, gates=GateReport(gates=()))
    problems: list[str] = []
    runtime = await ServerRuntime.launch(
        ServerProcess(bundle), max_restarts=MAX_RESTARTS, on_problem=problems.append
    )
    kept = Kept(runtime, bundle, problems)
    yield kept
    await runtime.close()
    assert kept.servers() == []


async def test_lost_worlds_fail_at_once_and_new_ones_start(kept: Kept) -> None:
    lost = [await kept.runtime.start(Start()) for _ in range(3)]
    kept.kill()
    for world in lost:
        with pytest.raises(WorldRuntimeError, match="its process ended"):
            await world.call(CALL)
        await world.close()
    fresh = await asyncio.gather(*(kept.runtime.start(Start()) for _ in range(3)))
    for world in fresh:
        assert not (await world.call(CALL)).is_error
        await world.finish()
    for world in lost:
        with pytest.raises(WorldRuntimeError, match="its process ended"):
            await world.finish()
    assert kept.problems == ["The environment server ended. It is started again (1 of 2)."]


async def test_a_server_that_ends_again_and_again_is_given_up(kept: Kept) -> None:
    for _ in range(MAX_RESTARTS):
        kept.kill()
        await kept.runtime.start(Start())
    kept.kill()
    with pytest.raises(WorldRuntimeError, match=r"ended.*started again 2 times"):
        await kept.runtime.start(Start())


async def test_a_finished_rollout_begins_the_count_anew(kept: Kept) -> None:
    for _ in range(MAX_RESTARTS + 1):
        kept.kill()
        world = await kept.runtime.start(Start())
        await world.finish()
    assert len(kept.problems) == MAX_RESTARTS + 1
