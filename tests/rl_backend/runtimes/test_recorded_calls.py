"""Every runtime answers the recorded calls of the reference world with the same bytes.

`python -m tests.conformance` tells what changed since they were recorded, and renews them.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest
import pytest_asyncio

from exporter.bundle import Bundle
from rl_backend.docker_config import DockerConfig
from rl_backend.runtimes.containers import OWNER_LABEL
from rl_backend.runtimes.docker import DockerRuntime
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.runtimes.server import ServerRuntime
from rl_backend.runtimes.server_process import ServerProcess
from tests.conformance.coverage import Coverage
from tests.conformance.drawing import NUM_SEQUENCES
from tests.conformance.recording import Recorded, differences, read, write
from tests.conformance.replaying import replayed_all
from tests.conformance.types import Act, Seen
from world_builder.state import WorldBase
from world_builder.tools import ToolErrorCode
from world_builder.world import World

NUM_AT_ONCE = 16
"""Worlds of the server that are in use at a time."""
NUM_CONTAINERS = 3

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def recorded() -> tuple[Recorded, ...]:
    return read()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(corecraft: World, recorded: tuple[Recorded, ...]) -> list[Seen]:
    """What is seen in this process."""
    runtime = InProcessRuntime(WorldBase(corecraft))
    return await replayed_all(runtime, [each.sequence for each in recorded], 1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(corecraft_bundle: Path) -> AsyncIterator[ServerRuntime]:
    runtime = await ServerRuntime.launch(ServerProcess(corecraft_bundle, capacity=NUM_AT_ONCE))
    yield runtime
    await runtime.close()


async def test_the_calls_are_answered_as_recorded(
    recorded: tuple[Recorded, ...], here: list[Seen]
) -> None:
    told = differences(recorded, here)
    assert not told, "\n".join([*told[:20], "see `python -m tests.conformance --help`"])


async def test_a_server_answers_with_the_same_bytes(
    recorded: tuple[Recorded, ...], here: list[Seen], server: ServerRuntime
) -> None:
    sequences = [each.sequence for each in recorded]
    assert await replayed_all(server, sequences, NUM_AT_ONCE) == here


async def test_containers_answer_with_the_same_bytes_and_are_used_again(
    recorded: tuple[Recorded, ...],
    here: list[Seen],
    container_engine: docker.DockerClient,
    corecraft_image: Bundle,
) -> None:
    """Each container serves many sequences: whatever one leaves behind would show in the next."""
    problems: list[str] = []
    runtime = await DockerRuntime.launch(
        corecraft_image, DockerConfig(), max_worlds=NUM_CONTAINERS, on_problem=problems.append
    )
    try:
        sequences = [each.sequence for each in recorded]
        there = await replayed_all(runtime, sequences, NUM_CONTAINERS)
        names = {c["Id"] for c in container_engine.api.containers(filters={"label": [OWNER_LABEL]})}
    finally:
        await runtime.close()
    assert there == here
    assert (len(names), problems) == (NUM_CONTAINERS, [])
    assert container_engine.api.containers(all=True, filters={"label": [OWNER_LABEL]}) == []


async def test_the_recording_covers_every_tool_refusal_and_way_to_call(
    recorded: tuple[Recorded, ...], here: list[Seen], corecraft: World
) -> None:
    sequences = [each.sequence for each in recorded]
    found = Coverage.of(sequences, here)
    assert len(sequences) == NUM_SEQUENCES
    offered = [(s.name, tool) for s in corecraft.surfaces for tool in s.tools]
    assert {pair for pair in offered if found.answered[pair] < 8} == set()
    assert {pair for pair in offered if found.refused[pair] < 4} == set()
    only_python = {ToolErrorCode.TIMED_OUT.value}
    assert found.codes.keys() == {code.value for code in ToolErrorCode} - only_python
    assert min(found.codes[code] for code in found.codes if code != "tool_broken") >= 10
    assert all(found.acts[act] >= 50 for act in Act)
    assert min(found.num_patched, found.num_moved, found.num_changing) >= 100


async def test_no_call_breaks_a_tool_of_the_world_as_it_is_shipped(
    recorded: tuple[Recorded, ...], here: list[Seen]
) -> None:
    """A tool may fail only where a sequence begins with a state that the story forbids."""
    for each, seen in zip(recorded, here, strict=True):
        if not each.sequence.start.start_state:
            assert not [a for a in seen.answers if a.error == ToolErrorCode.TOOL_BROKEN]


async def test_a_changed_answer_is_named(
    recorded: tuple[Recorded, ...], here: list[Seen], tmp_path: Path
) -> None:
    known, seen = recorded[:2], here[:2]
    other = known[1].model_copy(update={"answers": ("", *known[1].answers[1:]), "diff": ""})
    write([known[0], other], tmp_path / "other.gz")
    told = differences(read(tmp_path / "other.gz"), seen)
    assert len(told) == 2
    assert told[0].startswith(f"{known[1].sequence.name}: call 1, call ")
    assert told[1] == f"{known[1].sequence.name}: the changes are others"
