"""The docker runtime on a real engine, with a server that misbehaves on demand."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import docker
import pytest

from exporter.bundle import Bundle
from exporter.labels import DIGEST_LABEL
from rl_backend.docker_config import DockerConfig, DockerHostConfig
from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes import docker_engine
from rl_backend.runtimes.containers import OWNER_LABEL, POOL_LABEL, RUN_LABEL
from rl_backend.runtimes.docker import DockerRuntime, DockerWorld
from tests.rl_backend.runtimes.conftest import DOUBLE
from world_builder.frozen import Json
from world_builder.tasks import Start
from world_builder.tools import ToolCall

LIMIT_S = 60.0
OWNER = """
import asyncio, sys
from pathlib import Path
from exporter.bundle import Bundle
from rl_backend.docker_config import DockerConfig
from rl_backend.runtimes.docker import DockerRuntime

async def main():
    bundle = Bundle.open(Path(sys.argv[1]))
    runtime = await DockerRuntime.launch(bundle, DockerConfig(image=sys.argv[2]), max_worlds=2)
    while runtime.pool.num_idle < 2:
        await asyncio.sleep(0.02)
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
"""A process that owns two containers until it is killed."""


def config(**changes: object) -> DockerConfig:
    return DockerConfig.model_validate({"image": DOUBLE, "start_timeout_s": LIMIT_S, **changes})


@asynccontextmanager
async def running(
    bundle: Bundle, size: int = 1, **changes: object
) -> AsyncIterator[tuple[DockerRuntime, list[str]]]:
    """A runtime and the problems that it tells."""
    told: list[str] = []
    runtime = await DockerRuntime.launch(
        bundle, config(**changes), max_worlds=size, run_id="a-test", on_problem=told.append
    )
    try:
        yield runtime, told
    finally:
        await runtime.close()


async def ask(world: DockerWorld, tool: str, **arguments: Json) -> dict[str, Json]:
    return (await world.call(ToolCall(tool=tool, arguments=arguments))).value


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110 (the engine tells nobody)
            await asyncio.sleep(0.02)


def containers(container_engine: docker.DockerClient, label: str = OWNER_LABEL) -> list[str]:
    found = container_engine.api.containers(all=True, filters={"label": [label]})
    return [each["Id"] for each in found]


def test_the_labels_are_those_of_the_exporter() -> None:
    assert docker_engine.DIGEST_LABEL == DIGEST_LABEL


async def test_a_container_can_do_and_reach_nothing(
    container_engine: docker.DockerClient, double_image: Bundle
) -> None:
    host = await asyncio.start_server(lambda r, w: w.close(), "0.0.0.0", 0)  # noqa: S104
    port = host.sockets[0].getsockname()[1]
    async with running(double_image, memory_mib=64, cpus=0.5) as (runtime, _):
        world = await runtime.start(Start())
        assert await ask(world, "look") == {
            "user": 10001,
            "capabilities": 0,
            "has_no_new_privileges": True,
            "interfaces": ["lo"],
            "can_write_root": False,
            "can_write_tmp": True,
            "has_token": True,
        }
        gateway = container_engine.networks.get("bridge").attrs["IPAM"]["Config"][0].get("Gateway")
        for address in ("192.0.2.1", gateway or "172.17.0.1"):
            assert not (await ask(world, "reach", host=address, port=port))["is_reached"]
        inspected = container_engine.containers.get(world.container.id).attrs
        limits = inspected["HostConfig"]
        assert (limits["Memory"], limits["MemorySwap"]) == (64 << 20, 64 << 20)
        assert (limits["NanoCpus"], limits["PidsLimit"]) == (500_000_000, 64)
        assert (limits["Init"], limits["NetworkMode"]) == (True, "none")
        assert inspected["Config"]["Labels"][RUN_LABEL] == "a-test"
    host.close()
    await host.wait_closed()


async def test_a_world_begins_anew_and_its_container_is_used_again(
    container_engine: docker.DockerClient, double_image: Bundle
) -> None:
    async with running(double_image) as (runtime, told):
        first = await runtime.start(Start())
        pristine = await first.finish()
        assert await ask(first, "add", amount=2) == {"total": 2}
        assert await first.finish() != pristine
        await first.close()
        await first.close()
        second = await runtime.start(Start())
        assert await second.finish() == pristine
        assert second.container.id == first.container.id
        await second.close()
        assert told == []
    assert containers(container_engine) == []


async def test_a_start_that_does_not_fit_costs_no_container(double_image: Bundle) -> None:
    async with running(double_image) as (runtime, told):
        with pytest.raises(WorldRuntimeError, match="no tool surface 'nowhere'"):
            await runtime.start(Start(tool_surface="nowhere"))
        await (await runtime.start(Start())).close()
        assert told == []


async def test_a_world_that_does_not_forget_is_not_used_again(double_image: Bundle) -> None:
    async with running(double_image) as (runtime, told):
        leaky = await runtime.start(Start())
        await ask(leaky, "leak")
        await leaky.close()
        fresh = await runtime.start(Start())
        assert fresh.container.id != leaky.container.id
        assert await ask(fresh, "add", amount=1) == {"total": 1}
        assert "was not reset to its pristine state" in told[0]


@pytest.mark.parametrize(
    ("tool", "told", "changes"),
    [
        ("die", "it ended with exit code 3; its last words: I give up", {}),
        ("hang", "did not answer within 8 s", {"call_timeout_s": 8}),
        ("eat", "for lack of memory", {"memory_mib": 48}),
    ],
)
async def test_a_container_that_fails_costs_its_rollout_and_is_replaced(
    container_engine: docker.DockerClient,
    double_image: Bundle,
    tool: str,
    told: str,
    changes: dict[str, object],
) -> None:
    async with running(double_image, 2, **changes) as (runtime, _):
        bad, good = await runtime.start(Start()), await runtime.start(Start())
        with pytest.raises(WorldRuntimeError, match=told):
            await ask(bad, tool)
        assert await ask(good, "add", amount=2) == {"total": 2}
        with pytest.raises(WorldRuntimeError):
            await bad.finish()
        await bad.close()
        await good.close()
        await until(lambda: runtime.pool.num_idle == 2)
        left = containers(container_engine)
        assert len(left) == 2
        assert bad.container.id not in left
    assert containers(container_engine) == []


async def test_an_idle_container_that_died_costs_nothing(
    container_engine: docker.DockerClient, double_image: Bundle
) -> None:
    async with running(double_image, 2) as (runtime, _):
        await until(lambda: runtime.pool.num_idle == 2)
        for container_id in containers(container_engine):
            container_engine.api.kill(container_id)
        world = await runtime.start(Start())
        assert await ask(world, "add", amount=2) == {"total": 2}


async def test_what_a_killed_process_leaves_ends_and_is_removed_by_the_next_start(
    container_engine: docker.DockerClient, double_image: Bundle
) -> None:
    command = [sys.executable, "-c", OWNER, str(double_image.path), DOUBLE]
    root = Path(__file__).parents[3]
    owner = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=root)
    try:
        assert owner.stdout is not None
        assert await asyncio.wait_for(owner.stdout.readline(), LIMIT_S) == b"ready\n"
        left = containers(container_engine)
    finally:
        owner.send_signal(signal.SIGKILL)
        await owner.wait()
    assert len(left) == 2
    await until(lambda: not container_engine.api.containers(filters={"label": [OWNER_LABEL]}))
    assert containers(container_engine) == left
    async with running(double_image) as (runtime, _):
        await until(lambda: runtime.pool.num_idle == 1)
        assert not set(left) & set(containers(container_engine))
    assert containers(container_engine) == []


async def test_containers_are_spread_over_hosts_and_a_dead_one_is_told(
    container_engine: docker.DockerClient, double_image: Bundle, tmp_path: Path
) -> None:
    """The same engine under two addresses stands for two hosts."""
    own = (os.environ.get("DOCKER_HOST") or docker_engine.DEFAULT_URL).removeprefix("unix://")
    names = ("a", "b")
    for name in names:
        (tmp_path / name).symlink_to(own)
    hosts = [
        DockerHostConfig(url=f"unix://{tmp_path / name}", share=share)
        for name, share in (("a", 3), ("b", 1), ("gone", 9))
    ]
    async with running(double_image, 4, hosts=hosts) as (runtime, told):
        worlds = [await runtime.start(Start()) for _ in range(4)]
        placed = Counter(world.container.host[-1] for world in worlds)
        assert placed == {"a": 3, "b": 1}
        assert len(told) == 1
        assert f"{tmp_path / 'gone'} does not answer" in told[0]
    assert containers(container_engine) == []


async def test_without_a_usable_host_the_start_says_what_to_do(
    container_engine: docker.DockerClient, double_image: Bundle, tmp_path: Path
) -> None:
    with pytest.raises(WorldRuntimeError, match=r"no image nothing:1\. Build it: corecraft bundle"):
        await DockerRuntime.launch(double_image, config(image="nothing:1"), max_worlds=1)
    gone = [DockerHostConfig(url=f"unix://{tmp_path}/{name}") for name in "ab"]
    with pytest.raises(WorldRuntimeError, match=r"No Docker host can be used\. .*DOCKER_HOST"):
        await DockerRuntime.launch(double_image, config(hosts=gone), max_worlds=1)


async def test_an_image_of_another_bundle_is_refused(
    container_engine: docker.DockerClient, double_image: Bundle
) -> None:
    used = docker_engine.DockerEngine(None)
    with pytest.raises(WorldRuntimeError, match=f"holds the bundle {double_image.digest[:12]}"):
        used.image("f" * 64, DOUBLE, "corecraft bundle image x")
    used.close()


async def test_closing_is_bounded_and_leaves_nothing_that_was_starting(
    container_engine: docker.DockerClient, double_image: Bundle
) -> None:
    runtime = await DockerRuntime.launch(double_image, config(), max_worlds=4)
    began_s = time.monotonic()
    await runtime.close()
    await runtime.close()
    assert time.monotonic() - began_s < LIMIT_S
    assert containers(container_engine, POOL_LABEL) == []
    with pytest.raises(WorldRuntimeError, match="closed"):
        await runtime.start(Start())
