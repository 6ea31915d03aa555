"""How fast containers are: cold and warm starts, calls, memory, beside the `server` runtime.

The figures of `corecraft bench containers`. The peer is an environment server of the same bundle in
the same run; a cold start is what a rollout would wait for without a pool.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from exporter.bundle import Bundle
from rl_backend.docker_config import DockerConfig
from rl_backend.evaluation.bundles import bundle_label
from rl_backend.runtimes.base import RunningWorld, Runtime
from rl_backend.runtimes.docker import DockerRuntime, DockerWorld
from rl_backend.runtimes.docker_checks import check_hosts
from rl_backend.runtimes.server import ServerRuntime
from rl_backend.runtimes.server_process import ServerProcess
from world_builder.frozen import Frozen
from world_builder.tasks import Start
from world_builder.tools import ToolCall

_POLL_S = 0.005


class ContainerFigures(Frozen):
    """Medians of one run, and under what conditions they were measured."""

    bundle: str
    hosts: tuple[str, ...]
    limits: str
    num_cores: int
    load: float
    """Processes that wanted a core, on average of the last minute, when the run began."""
    group_size: int
    num_rounds: int
    cold_start_s: float
    """From nothing to the first answer of a tool, one container."""
    cold_group_s: float
    """From nothing to a whole group of ready containers, once."""
    warm_group_s: float
    """A whole group of worlds from the pool, each at the start of its task."""
    restore_group_s: float
    """From giving a group back to having it verified and ready again."""
    memory_mib: float
    """Of one container after its calls."""
    calls_per_s: float
    """In one container, one call after another."""
    group_calls_per_s: float
    """In all containers of a group at once."""
    server_group_s: float
    server_calls_per_s: float
    server_group_calls_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """Figures of one group."""

    group_s: float
    calls_per_s: float
    group_calls_per_s: float


async def bench_containers(
    bundle: Bundle,
    config: DockerConfig,
    *,
    group_size: int = 16,
    num_rounds: int = 5,
    num_calls: int = 40,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> ContainerFigures:
    """Measures on the hosts of a configuration. Raises WorldRuntimeError."""
    load, call = os.getloadavg()[0], _a_call(bundle)
    on_stage("cold starts")
    colds = [await _cold_start_s(bundle, config, call) for _ in range(num_rounds)]
    on_stage(f"a cold group of {group_size}")
    began_s = time.perf_counter()
    runtime = await DockerRuntime.launch(bundle, config, max_worlds=group_size)
    try:
        await _all_idle(runtime, group_size)
        cold_group_s = time.perf_counter() - began_s
        on_stage("warm groups and calls")
        rounds, restores, memory = [], [], []
        for _ in range(num_rounds):
            measured, worlds = await _round(runtime, call, group_size, num_calls)
            rounds.append(measured)
            memory += [await _memory_mib(world) for world in worlds]
            restores.append(await _restored_s(runtime, worlds, group_size))
    finally:
        await runtime.close()
    on_stage("the server runtime")
    peers = await _peer_rounds(bundle, call, group_size, num_calls, num_rounds)
    median = statistics.median
    return ContainerFigures(
        bundle=bundle_label(bundle),
        hosts=tuple(c.text for c in check_hosts(config, bundle.digest, bundle.path) if c.is_good),
        limits=f"{config.memory_mib} MiB, {config.cpus:g} cores",
        num_cores=os.cpu_count() or 1,
        load=load,
        group_size=group_size,
        num_rounds=num_rounds,
        cold_start_s=median(colds),
        cold_group_s=cold_group_s,
        warm_group_s=median(r.group_s for r in rounds),
        restore_group_s=median(restores),
        memory_mib=median(memory),
        calls_per_s=median(r.calls_per_s for r in rounds),
        group_calls_per_s=median(r.group_calls_per_s for r in rounds),
        server_group_s=median(p.group_s for p in peers),
        server_calls_per_s=median(p.calls_per_s for p in peers),
        server_group_calls_per_s=median(p.group_calls_per_s for p in peers),
    )


def _a_call(bundle: Bundle) -> ToolCall:
    """A call that reads: the first one of a reference solution."""
    read_only = {tool.name for tool in bundle.world.tools if tool.is_read_only}
    for task in bundle.world.tasks:
        for call in () if task.reference_solution is None else task.reference_solution.calls:
            if call.tool in read_only:
                return call
    return ToolCall(tool=min(read_only, default="none"))


async def _cold_start_s(bundle: Bundle, config: DockerConfig, call: ToolCall) -> float:
    began_s = time.perf_counter()
    runtime = await DockerRuntime.launch(bundle, config, max_worlds=1)
    try:
        await (await runtime.start(Start())).call(call)
        return time.perf_counter() - began_s
    finally:
        await runtime.close()


async def _all_idle(runtime: DockerRuntime, num: int) -> None:
    while runtime.pool.num_idle < num:  # noqa: ASYNC110 (it is measured, so nothing may be added)
        await asyncio.sleep(_POLL_S)


async def _round(
    runtime: Runtime, call: ToolCall, size: int, num_calls: int
) -> tuple[_Round, list[RunningWorld]]:
    """A group of worlds, and their calls one by one and all at once."""
    began_s = time.perf_counter()
    worlds: list[RunningWorld] = list(
        await asyncio.gather(*(runtime.start(Start()) for _ in range(size)))
    )
    ready_s = time.perf_counter()
    for _ in range(num_calls):
        await worlds[0].call(call)
    alone_s = time.perf_counter()

    async def all_calls(world: RunningWorld) -> None:
        for _ in range(num_calls):
            await world.call(call)

    await asyncio.gather(*map(all_calls, worlds))
    ended_s = time.perf_counter()
    measured = _Round(
        group_s=ready_s - began_s,
        calls_per_s=num_calls / (alone_s - ready_s),
        group_calls_per_s=size * num_calls / (ended_s - alone_s),
    )
    return measured, worlds


async def _restored_s(runtime: DockerRuntime, worlds: list[RunningWorld], size: int) -> float:
    began_s = time.perf_counter()
    for world in worlds:
        await world.close()
    await _all_idle(runtime, size)
    return time.perf_counter() - began_s


async def _memory_mib(world: RunningWorld) -> float:
    if not isinstance(world, DockerWorld):
        raise TypeError("only containers are measured")
    container = world.container
    return await asyncio.to_thread(container.engine.memory_bytes, container.id) / 2**20


async def _peer_rounds(
    bundle: Bundle, call: ToolCall, size: int, num_calls: int, num_rounds: int
) -> list[_Round]:
    server = await ServerRuntime.launch(ServerProcess(bundle.path, capacity=size))
    try:
        rounds = []
        for _ in range(num_rounds):
            measured, worlds = await _round(server, call, size, num_calls)
            rounds.append(measured)
            await asyncio.gather(*(world.close() for world in worlds))
        return rounds
    finally:
        await server.close()
