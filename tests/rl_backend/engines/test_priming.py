"""Whose prompt is computed first, and who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rl_backend.engines.priming import MIN_PROMPT, Primer
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.errors import EngineError
from rl_backend.types import PolicyVersion, SamplingParams
from tests.rl_backend.engines.double_sglang import DoubleSGLang

PROMPT = tuple(range(MIN_PROMPT))


class Primed:
    """Remembers what was primed; done when `is_done` is set."""

    def __init__(self) -> None:
        self.prompts: list[tuple[int, ...]] = []
        self.is_done = asyncio.Event()

    async def __call__(self, prompt_ids: Sequence[int]) -> None:
        self.prompts.append(tuple(prompt_ids))
        await self.is_done.wait()


async def _settled(*tasks: asyncio.Task[None]) -> list[bool]:
    for _ in range(5):
        await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def test_all_but_the_first_of_a_group_wait_for_their_prompt() -> None:
    prime = Primed()
    primer = Primer(prime)
    names = ("task-a/1-1", "task-a/2-1", "task-a/3-1", "task-b/1-1")
    waiting = [asyncio.create_task(primer.ready(PROMPT, name)) for name in names]
    assert await _settled(*waiting) == [True, False, False, True]
    assert prime.prompts == [PROMPT]
    later = asyncio.create_task(primer.ready((*PROMPT, 7), "task-a/1-2"))
    assert await _settled(later) == [True]
    prime.is_done.set()
    await asyncio.gather(*waiting)
    await primer.ready(PROMPT, "task-a/4-1")
    assert prime.prompts == [PROMPT]


async def test_new_weights_need_the_prompt_anew() -> None:
    prime = Primed()
    prime.is_done.set()
    primer = Primer(prime)
    for _ in range(2):
        for name in ("task/1-1", "task/2-1"):
            await primer.ready(PROMPT, name)
        primer.forget()
    assert prime.prompts == [PROMPT, PROMPT]


async def test_short_prompts_and_requests_of_no_group_go_at_once() -> None:
    prime = Primed()
    primer = Primer(prime)
    for name in ("alone", "alone", "task/1-1", "task/2-1"):
        await primer.ready(PROMPT[1:] if "/" in name else PROMPT, name)
    assert prime.prompts == []


async def test_one_that_gives_up_does_not_end_it_for_the_others() -> None:
    prime = Primed()
    primer = Primer(prime)
    names = ("task/1-1", "task/2-1", "task/3-1")
    waiting = [asyncio.create_task(primer.ready(PROMPT, name)) for name in names]
    await _settled(*waiting)
    waiting[1].cancel()
    assert await _settled(waiting[2]) == [False]
    prime.is_done.set()
    await waiting[2]
    assert prime.prompts == [PROMPT]


async def test_a_failure_is_left_to_the_requests() -> None:
    async def failing(prompt_ids: Sequence[int]) -> None:
        raise EngineError("gone", hint="")

    primer = Primer(failing)
    for name in ("task/1-1", "task/2-1"):
        await primer.ready(PROMPT, name)


async def test_the_engine_primes_a_group_once_a_version() -> None:
    params = SamplingParams(temperature=1.0, max_new_tokens=8)
    async with DoubleSGLang() as double:
        async with SGLangEngine(double.url, policy_version=PolicyVersion(0)) as engine:
            for _ in range(2):
                names = [f"task/{n}-1" for n in range(4)]
                await asyncio.gather(*(engine.generate(PROMPT, params, name) for name in names))
                await engine.flush_cache()
        assert double.asked.count("/generate") == 2 * (4 + 1)
        assert double.generated.count("") == 2
