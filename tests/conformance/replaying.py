"""Makes the calls of sequences in any runtime and gathers what is seen."""

import asyncio
from collections.abc import Iterable

from rl_backend.runtimes.base import RunningWorld, Runtime
from rl_backend.runtimes.docker import DockerWorld
from rl_backend.runtimes.in_process import InProcessWorld
from rl_backend.runtimes.server import ServerWorld
from tests.conformance.types import Act, Answer, Seen, Sequence, Step
from world_builder.ids import canonical_json
from world_builder.tools import ToolErrorCode

_REFUSED = Answer(text="", is_error=True, error=ToolErrorCode.MALFORMED_CALL)


async def replayed_all(
    runtime: Runtime, sequences: Iterable[Sequence], num_at_once: int
) -> list[Seen]:
    """What is seen of each sequence, in their order; so many of them run at a time."""
    free = asyncio.Semaphore(num_at_once)

    async def one(sequence: Sequence) -> Seen:
        async with free:
            return await replayed(runtime, sequence)

    return list(await asyncio.gather(*map(one, sequences)))


async def replayed(runtime: Runtime, sequence: Sequence) -> Seen:
    """What is seen of a sequence in a world of its own."""
    world = await runtime.start(sequence.start)
    try:
        answers: list[Answer] = []
        for step in sequence.steps:
            answers.append(await _made(world, step, answers))
        final = await world.finish()
    finally:
        await world.close()
    return Seen(
        tools=canonical_json([tool.model_dump(mode="json") for tool in world.tools]),
        answers=tuple(answers),
        diff=canonical_json(final.diff.model_dump(mode="json")),
        state_hash=final.state_hash,
    )


async def _made(world: RunningWorld, step: Step, before: list[Answer]) -> Answer:
    """The answer to a step.

    Within one process no call is sent twice: there the answer is what the contract promises.
    """
    if step.act is not Act.CALL:
        if isinstance(world, InProcessWorld):
            return before[-1] if step.act is Act.RETRY else _REFUSED
        _take_back_the_key(world)
    result = await world.call(step.call)
    error = str(result.value["error"]) if result.is_error else ""
    if step.act is Act.REUSE and error == _REFUSED.error:
        return _REFUSED
    return Answer(text=result.text, is_error=result.is_error, error=error)


def _take_back_the_key(world: RunningWorld) -> None:
    """The next call gets the key of the last one, as when its answer was lost."""
    assert isinstance(world, ServerWorld | DockerWorld)
    world._num_calls -= 1
