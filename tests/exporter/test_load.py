"""Under load no write is lost or made twice, and no rollout sees another one.

Every answer and every final state must be what a serial replay of the client's own calls gives.
"""

from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest

from exporter.manifest import GateReport
from exporter.writer import write_bundle
from tests.exporter.load import WEIGHTS, Load, Played
from tests.exporter.metric_values import metric_values
from tests.exporter.servers import serving
from world_builder.engine import Engine
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Task
from world_builder.tools import ToolCall
from world_builder.world import World
from world_builder.worlds import build_world

SEED = 20251
NUM_TASKS = 40
WRITE_SHARE = 0.12
SLOWEST_TOOL = "check_build_compatibility"
"""Left out: it takes twenty times as long as other reads, here and in the replay."""
READ_STEP = 8
"""Reads change nothing: of those that succeeded only so many are made again in the replay."""


@pytest.fixture(scope="module")
def corecraft() -> World:
    """The reference world with some of its tasks, those that write first."""
    world = build_world("corecraft")
    writers = {tool.name for tool in world.tools if not tool.is_read_only}
    tasks = [task for task in world.tasks if task.reference_solution is not None]
    tasks.sort(key=lambda task: (not writers.intersection(c.tool for c in calls_of(task)), task.id))
    step = max(1, sum(bool(writers & {c.tool for c in calls_of(t)}) for t in tasks) // NUM_TASKS)
    return world.model_copy(update={"tasks": tuple(tasks[: step * NUM_TASKS : step])})


@pytest.fixture(scope="module")
def corecraft_bundle(corecraft: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corecraft")
    return write_bundle(corecraft, "1.0.0", folder, gates=GateReport(gates=()))


def calls_of(task: Task) -> tuple[ToolCall, ...]:
    return () if task.reference_solution is None else task.reference_solution.calls


def drawn_from(world: World) -> list[ToolCall]:
    """All calls of the tasks, writes as often as their share says."""
    writers = {tool.name for tool in world.tools if not tool.is_read_only}
    calls = [call for task in world.tasks for call in calls_of(task)]
    writes = [call for call in calls if call.tool in writers]
    reads = [call for call in calls if call.tool not in {*writers, SLOWEST_TOOL}]
    return reads * round(len(writes) * (1 / WRITE_SHARE - 1) / len(reads)) + writes


def check(world: World, played: Sequence[Played]) -> tuple[int, int]:
    """Compares with serial replays; returns how many calls were refused and how many changed."""
    base = WorldBase(world)
    engines: dict[str, Engine] = {}
    readers = {tool.name for tool in world.tools if tool.is_read_only}
    num_refused = num_changes = 0
    for one in played:
        surface = one.start.tool_surface
        engine = engines.setdefault(surface, Engine(world, surface))
        state = WorldState(base, one.start)
        for n, answered in enumerate(one.answered):
            is_plain_read = answered.call.tool in readers and not answered.is_error
            if is_plain_read and n % READ_STEP:
                continue
            expected = engine.apply(state, answered.call)
            assert (answered.text, answered.is_error) == (expected.text, expected.is_error)
            num_refused += expected.is_error
        num_changes += len(state.diff().changes)
        hashes = {state.state_hash}
        if one.abandoned is not None:
            engine.apply(state, one.abandoned)
            hashes.add(state.state_hash)
        assert one.state_hash in hashes
    return num_refused, num_changes


@pytest.mark.parametrize(("workers", "num_clients", "num_calls"), [(1, 200, 100), (2, 50, 40)])
async def test_no_write_is_lost_or_doubled(
    corecraft: World,
    corecraft_bundle: Path,
    tmp_path: Path,
    workers: int,
    num_clients: int,
    num_calls: int,
) -> None:
    options = ("--workers", str(workers), "--drain-seconds", "0")
    starts = [corecraft.tasks[n % len(corecraft.tasks)].start for n in range(num_clients)]
    with serving(corecraft_bundle, tmp_path, *options, token="secret") as server:
        port = int(server.url.rpartition(":")[2])
        load = Load(port, server.token, drawn_from(corecraft), SEED)
        played = await load.run(starts, num_calls)
        health = httpx2.get(f"{server.url}/health").json()
        metrics = httpx2.get(f"{server.url}/metrics", headers=server.trainer).text
    num_refused, num_changes = check(corecraft, played)
    num_all = num_clients * num_calls
    assert sum(load.manners.values()) == num_all
    assert min(load.manners[manner] for manner in WEIGHTS) > num_all / 50
    assert num_all * 0.1 < num_refused < num_all * 0.7
    assert num_changes > num_clients
    assert (health["num_rollouts"], health["num_worker_restarts"]) == (num_clients, 0)
    counted = metric_values(metrics)
    assert counted['tool_calls_total{outcome="repeated"}'] > num_all / 20
    assert counted['tool_calls_total{outcome="tool_broken"}'] == 0
