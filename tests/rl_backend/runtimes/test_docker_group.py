"""Groups of rollouts in containers of the reference world; one is killed in a call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import docker
import pytest
from docker.errors import APIError

from exporter.bundle import Bundle
from rl_backend.docker_config import DockerConfig
from rl_backend.engines.scripted import Scripted, scripted_policy
from rl_backend.group import run_group
from rl_backend.judges.base import UnavailableJudge
from rl_backend.judges.composite import CompositeJudge
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.base import FinalState, OfferedTool
from rl_backend.runtimes.containers import OWNER_LABEL
from rl_backend.runtimes.docker import DockerRuntime, DockerWorld
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.types import Boundary, RolloutGroup
from world_builder.state import WorldBase
from world_builder.tasks import Start, Task
from world_builder.tools import ToolCall, ToolResult
from world_builder.trajectory import StopReason
from world_builder.world import DEFAULT_SURFACE, World

GROUP_SIZE, VICTIM = 16, 5
LIMIT_S = 300.0
NUM_ATTEMPTS = 20
CONFIG = DockerConfig(start_timeout_s=LIMIT_S, memory_mib=1024)


@dataclass
class DoomedWorld:
    """A container that is stopped before its second call and killed while that call waits."""

    world: DockerWorld
    container_engine: docker.DockerClient
    num_calls: int = 0

    @property
    def tools(self) -> tuple[OfferedTool, ...]:
        return self.world.tools

    async def call(self, call: ToolCall) -> ToolResult:
        self.num_calls += 1
        if self.num_calls != 2:
            return await self.world.call(call)
        container = self.world.container
        await asyncio.to_thread(pause, self.container_engine, container.id)
        answer = asyncio.create_task(self.world.call(call))
        await until(lambda: container.is_busy)
        await asyncio.to_thread(self.container_engine.api.kill, container.id)
        return await answer

    async def finish(self) -> FinalState:
        return await self.world.finish()

    async def close(self) -> None:
        await self.world.close()


@dataclass
class DoomingRuntime:
    """Dooms the world of one rollout."""

    inner: DockerRuntime
    container_engine: docker.DockerClient
    worlds: list[DockerWorld] = field(default_factory=list)

    async def start(self, start: Start) -> DockerWorld | DoomedWorld:
        world = await self.inner.start(start)
        self.worlds.append(world)
        return (
            DoomedWorld(world, self.container_engine) if len(self.worlds) == VICTIM + 1 else world
        )

    async def close(self) -> None:
        await self.inner.close()


def pause(container_engine: docker.DockerClient, container: str) -> None:
    """Freezes a container; on a busy machine the kernel may need several attempts."""
    for _ in range(NUM_ATTEMPTS):
        try:
            container_engine.api.pause(container)
        except APIError as error:
            failed = error
        else:
            return
    raise failed


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)


async def group_of(task: Task, runner: RolloutRunner, size: int) -> RolloutGroup:
    policy = scripted_policy(Scripted.REFERENCE, [task])
    judge = CompositeJudge(UnavailableJudge("set THE_KEY"))
    return await run_group(task, policy, judge, runner, group_id="g", seeds=range(size))


def left(container_engine: docker.DockerClient) -> list[object]:
    return list(container_engine.api.containers(all=True, filters={"label": [OWNER_LABEL]}))


@pytest.fixture(scope="module")
def base(corecraft: World) -> WorldBase:
    return WorldBase(corecraft)


def busy_task(base: WorldBase) -> Task:
    """The task that changes the world most, by a reference of many calls."""
    writes = {tool.name for tool in base.world.tools if not tool.is_read_only}

    def rank(task: Task) -> tuple[int, int]:
        assert task.reference_solution is not None
        calls = task.reference_solution.calls
        return sum(call.tool in writes for call in calls), len(calls)

    return max(base.world.tasks, key=rank)


async def test_a_container_killed_in_a_call_costs_one_rollout_of_sixteen(
    container_engine: docker.DockerClient, base: WorldBase, corecraft_image: Bundle
) -> None:
    task = busy_task(base)
    runtime = DoomingRuntime(
        await DockerRuntime.launch(corecraft_image, CONFIG, max_worlds=GROUP_SIZE), container_engine
    )
    try:
        await until(lambda: runtime.inner.pool.num_idle == GROUP_SIZE)
        assert len(left(container_engine)) == GROUP_SIZE
        runner = RolloutRunner(base, runtime, max_worlds=GROUP_SIZE)
        group = await group_of(task, runner, GROUP_SIZE)
        assert len({world.container.id for world in runtime.worlds}) == GROUP_SIZE
        [broken] = [r for r in group.rollouts if not r.is_scored]
        assert broken.boundary is Boundary.RUNTIME
        assert broken.trajectory.stop_reason is StopReason.RUNTIME_ERROR
        assert broken.judgement is None
        assert "it ended with exit code 137" in broken.excluded_reason
        assert group.rewards == (1.0,) * (GROUP_SIZE - 1)
        here = await group_of(task, RolloutRunner(base, InProcessRuntime(base)), 2)
        assert all(r.trajectory == here.rollouts[0].trajectory for r in group.scored)
        assert here.rollouts[0].trajectory.diff.changes
        await until(lambda: runtime.inner.pool.num_idle == GROUP_SIZE)
    finally:
        await runtime.close()
    assert left(container_engine) == []


async def test_tasks_of_both_surfaces_go_alike_in_containers(
    container_engine: docker.DockerClient, base: WorldBase, corecraft_image: Bundle
) -> None:
    generic = next(t for t in base.world.tasks if t.tool_surface != DEFAULT_SURFACE)
    runtime = await DockerRuntime.launch(corecraft_image, CONFIG, max_worlds=2)
    try:
        for task in (base.world.tasks[0], generic):
            here = await group_of(task, RolloutRunner(base, InProcessRuntime(base)), 2)
            there = await group_of(task, RolloutRunner(base, runtime), 2)
            assert here.rewards == there.rewards == (1.0, 1.0)
            assert [r.trajectory for r in here.rollouts] == [r.trajectory for r in there.rollouts]
    finally:
        await runtime.close()
    assert left(container_engine) == []
