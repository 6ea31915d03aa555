"""One contract for all runtimes: the same calls give the same bytes, errors, hashes and diffs."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from exporter.bundle import Bundle
from rl_backend.docker_config import DockerConfig
from rl_backend.engines.random_calls import random_call, words_in
from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.base import RunningWorld, Runtime
from rl_backend.runtimes.docker import DockerRuntime
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.runtimes.server import ServerRuntime
from rl_backend.runtimes.server_process import ServerProcess
from world_builder.ids import canonical_json
from world_builder.state import WorldBase
from world_builder.tasks import Start, Task
from world_builder.tools import ToolCall

NUM_SEEDS, NUM_CALLS = 6, 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(bundle: Path) -> AsyncIterator[ServerRuntime]:
    runtime = await ServerRuntime.launch(ServerProcess(bundle, capacity=20))
    yield runtime
    await runtime.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def containers(tutorial_image: Bundle) -> AsyncIterator[DockerRuntime]:
    runtime = await DockerRuntime.launch(tutorial_image, DockerConfig(), max_worlds=2)
    yield runtime
    await runtime.close()


@pytest.fixture
def runtime(
    request: pytest.FixtureRequest, tutorial: WorldBase, kind: str
) -> InProcessRuntime | ServerRuntime | DockerRuntime:
    """The runtime of a kind; a container engine is asked for only by tests of containers."""
    if kind == "in_process":
        return InProcessRuntime(tutorial)
    found: ServerRuntime | DockerRuntime = request.getfixturevalue(kind)
    return found


pytestmark = pytest.mark.asyncio(loop_scope="module")


def calls_for(task: Task, world: RunningWorld, seed: int) -> list[ToolCall]:
    """Random calls, right and wrong, with the reference's own (which succeed) strewn in."""
    rng = random.Random(seed)
    assert task.reference_solution is not None
    own = list(task.reference_solution.calls)
    texts = [
        task.prompt,
        task.reference_solution.response,
        canonical_json([c.arguments for c in own]),
    ]
    words = words_in(texts)
    drawn = [random_call(rng, world.tools, words) for _ in range(NUM_CALLS - len(own))]
    for call in own:
        drawn.insert(rng.randrange(len(drawn)), call)
    return drawn


async def record(runtime: Runtime, task: Task, seed: int) -> list[object]:
    """Everything that can be seen of a rollout in a runtime."""
    world = await runtime.start(task.start)
    seen: list[object] = [world.tools, await world.finish()]
    for call in calls_for(task, world, seed):
        result = await world.call(call)
        seen.append((call, result.text, result.is_error))
    seen.append(await world.finish())
    await world.close()
    return seen


@pytest.mark.parametrize("kind", ["server", "containers"])
async def test_all_runtimes_answer_alike(tutorial: WorldBase, runtime: Runtime) -> None:
    writers = [
        t for t in tutorial.world.tasks if len(getattr(t.reference_solution, "calls", ())) > 1
    ]
    local = InProcessRuntime(tutorial)
    num_errors = num_changed = 0
    for seed, task in enumerate(writers[:: len(writers) // NUM_SEEDS][:NUM_SEEDS]):
        here, there = await asyncio.gather(record(local, task, seed), record(runtime, task, seed))
        assert here == there
        num_errors += sum(1 for entry in here[2:-1] if isinstance(entry, tuple) and entry[2])
        num_changed += here[1] != here[-1]
    assert NUM_SEEDS * NUM_CALLS * 0.1 < num_errors < NUM_SEEDS * NUM_CALLS * 0.9
    assert num_changed


@pytest.mark.parametrize("kind", ["in_process", "server", "containers"])
async def test_worlds_are_isolated_and_start_afresh(tutorial: WorldBase, runtime: Runtime) -> None:
    task = max(tutorial.world.tasks, key=lambda t: len(t.start_state))
    one, two = await runtime.start(task.start), await runtime.start(task.start)
    pristine = await one.finish()
    for call in calls_for(task, one, 3):
        await one.call(call)
    assert await two.finish() == pristine
    await one.close()
    await one.close()
    third = await runtime.start(task.start)
    assert await third.finish() == pristine
    await asyncio.gather(two.close(), third.close())


@pytest.mark.parametrize("kind", ["in_process", "server", "containers"])
async def test_a_start_that_does_not_fit_says_so(runtime: Runtime) -> None:
    with pytest.raises(WorldRuntimeError, match="no tool surface 'nowhere'"):
        await runtime.start(Start(tool_surface="nowhere"))


async def test_a_full_server_is_waited_for(tutorial: WorldBase, server: ServerRuntime) -> None:
    start = tutorial.world.tasks[0].start
    worlds = [await server.start(start) for _ in range(20)]
    waiting = asyncio.create_task(server.start(start))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    await worlds.pop().close()
    worlds.append(await asyncio.wait_for(waiting, 60))
    await asyncio.gather(*(world.close() for world in worlds))


async def test_a_server_that_dies_is_an_error_with_its_last_words(bundle: Path) -> None:
    process = ServerProcess(bundle)
    runtime = await ServerRuntime.launch(process, max_tries=2)
    world = await runtime.start(Start())
    await process.stop()
    with pytest.raises(WorldRuntimeError, match="failed"):
        await world.call(ToolCall(tool="anything"))
    await world.close()
    await runtime.close()


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(WorldRuntimeError, match="did not start: error: "):
        await ServerRuntime.launch(ServerProcess(tmp_path / "nothing"))
