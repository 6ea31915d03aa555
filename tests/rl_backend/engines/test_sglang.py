"""The SGLang engine against a real server: numbers, versions, and what a failure looks like."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_server import SGLangServer
from rl_backend.errors import EngineError
from rl_backend.handover import WrittenWeights
from rl_backend.types import FinishReason, PolicyVersion, SamplingParams
from tests.rl_backend.sglang_fixtures import TinyLlamas

PROMPT = [5, 17, 200, 33, 64, 7]
SAMPLED = SamplingParams(temperature=0.7, max_new_tokens=24)
LONG = SamplingParams(temperature=1.0, max_new_tokens=400)


@pytest.fixture
async def engine(
    sglang_server: SGLangServer, tiny_llamas: TinyLlamas
) -> AsyncIterator[SGLangEngine]:
    """An engine whose server has the first weights again after the test."""
    async with sglang_server.engine() as engine:
        yield engine
        if engine.policy_version:
            await engine.update_weights(WrittenWeights(path=tiny_llamas.first), PolicyVersion(0))


def reference_logprobs(
    model_path: Path, token_ids: Sequence[int], temperature: float
) -> list[float]:
    """Log-probabilities of the tokens after PROMPT in plain transformers."""
    model = AutoModelForCausalLM.from_pretrained(model_path, attn_implementation="eager")
    with torch.no_grad():
        logits = model(torch.tensor([[*PROMPT, *token_ids]])).logits[0, len(PROMPT) - 1 : -1]
    logprobs = torch.log_softmax(logits / temperature, dim=-1)
    return [float(row[token]) for row, token in zip(logprobs, token_ids, strict=True)]


async def test_logprobs_are_those_of_the_model(
    engine: SGLangEngine, tiny_llamas: TinyLlamas
) -> None:
    completion = await engine.generate(PROMPT, SAMPLED, "logprobs")

    expected = reference_logprobs(tiny_llamas.first, completion.token_ids, SAMPLED.temperature)
    assert completion.logprobs == pytest.approx(expected, abs=1e-3)


async def test_update_changes_weights_and_the_version_of_every_token(
    engine: SGLangEngine, tiny_llamas: TinyLlamas
) -> None:
    before = await engine.generate(PROMPT, SAMPLED, "before")
    await engine.update_weights(WrittenWeights(path=tiny_llamas.second), PolicyVersion(7))
    after = await engine.generate(PROMPT, SAMPLED, "after")

    assert set(before.policy_versions) == {0}
    assert set(after.policy_versions) == {7}
    assert engine.policy_version == await engine.served_version() == 7
    expected = reference_logprobs(tiny_llamas.second, after.token_ids, SAMPLED.temperature)
    assert after.logprobs == pytest.approx(expected, abs=1e-3)


async def test_a_paused_request_goes_on_under_new_weights_and_says_so(
    engine: SGLangEngine, tiny_llamas: TinyLlamas
) -> None:
    running = asyncio.create_task(engine.generate(PROMPT, LONG, "across"))
    await engine.generate(PROMPT, SAMPLED, "beside")
    await engine.pause()
    await engine.update_weights(WrittenWeights(path=tiny_llamas.second), PolicyVersion(3))
    await engine.resume()

    completion = await running
    assert sorted(completion.policy_versions) == list(completion.policy_versions)
    assert set(completion.policy_versions) == {0, 3}


async def test_a_request_that_is_paused_in_place_keeps_its_cache_and_new_ones_do_not_find_it(
    sglang_server: SGLangServer, engine: SGLangEngine, tiny_llamas: TinyLlamas
) -> None:
    async with sglang_server.engine(pause_mode="in_place") as in_place:
        running = asyncio.create_task(in_place.generate(PROMPT, LONG, "kept"))
        await in_place.generate(PROMPT, SAMPLED, "beside")
        await in_place.pause()
        await in_place.update_weights(WrittenWeights(path=tiny_llamas.second), PolicyVersion(3))
        await in_place.resume()
        after = await in_place.generate(PROMPT, SAMPLED, "after")
        completion = await running
        # The fixture gives the server its first weights back.
        await engine.update_weights(WrittenWeights(path=tiny_llamas.second), PolicyVersion(3))

    assert completion.use.num_retractions == 0
    assert sorted(completion.policy_versions) == list(completion.policy_versions)
    assert set(completion.policy_versions) == {0, 3}
    assert set(after.policy_versions) == {3}
    expected = reference_logprobs(tiny_llamas.second, after.token_ids, SAMPLED.temperature)
    assert after.logprobs == pytest.approx(expected, abs=1e-3)


async def test_a_stop_token_ends_the_completion_and_is_kept(engine: SGLangEngine) -> None:
    greedy = SamplingParams(temperature=0.0, max_new_tokens=8)
    free = await engine.generate(PROMPT, greedy, "free")
    stop = free.token_ids[2]
    params = SamplingParams(temperature=0.0, max_new_tokens=8, stop_token_ids=(stop,))
    stopped = await engine.generate(PROMPT, params, "stopped")

    assert free.finish_reason is FinishReason.LENGTH
    assert stopped.finish_reason is FinishReason.STOP
    assert stopped.token_ids == free.token_ids[: free.token_ids.index(stop) + 1]


async def test_an_aborted_request_keeps_its_tokens(engine: SGLangEngine) -> None:
    running = asyncio.create_task(engine.generate(PROMPT, LONG, "aborted"))
    await engine.generate(PROMPT, SAMPLED, "meanwhile")
    await engine.abort("aborted")

    completion = await running
    assert completion.finish_reason is FinishReason.ABORTED
    assert len(completion.token_ids) < LONG.max_new_tokens


async def test_a_repeated_prompt_is_found_in_the_cache(engine: SGLangEngine) -> None:
    await engine.flush_cache()
    prompt = PROMPT * 20
    uses = [(await engine.generate(prompt, SAMPLED, f"cached/{i}")).use for i in range(2)]
    assert [use.num_prompt_tokens for use in uses] == [len(prompt)] * 2
    assert uses[0].num_cached_tokens == 0
    assert uses[1].num_cached_tokens >= len(prompt) // 2


async def test_cancelled_requests_leave_the_server_idle(engine: SGLangEngine) -> None:
    running = [asyncio.create_task(engine.generate(PROMPT, LONG, f"gone/{i}")) for i in range(16)]
    await engine.generate(PROMPT, SamplingParams(temperature=1.0, max_new_tokens=1), "between")
    started = time.monotonic()
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await engine.flush_cache()
    assert time.monotonic() - started < 5
    assert all(each.cancelled() for each in running)


async def test_concurrent_requests_are_answered_each_with_its_own_length(
    engine: SGLangEngine,
) -> None:
    lengths = range(1, 33)
    completions = await asyncio.gather(
        *(
            engine.generate(PROMPT, SamplingParams(temperature=0.0, max_new_tokens=n), f"many-{n}")
            for n in lengths
        )
    )
    assert [len(c.token_ids) for c in completions] == list(lengths)


async def test_a_prompt_beyond_the_context_is_an_engine_error(engine: SGLangEngine) -> None:
    with pytest.raises(EngineError, match="longer than"):
        await engine.generate(PROMPT * 200, SAMPLED, "too-long")


async def test_weights_that_do_not_load_are_an_engine_error(
    engine: SGLangEngine, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match="update_weights_from_disk"):
        await engine.update_weights(WrittenWeights(path=tmp_path / "missing"), PolicyVersion(9))
    assert engine.policy_version == 0
    await engine.generate(PROMPT, SAMPLED, "still-alive")


async def test_a_late_answer_is_an_engine_error(sglang_server: SGLangServer) -> None:
    async with sglang_server.engine(request_timeout_s=1e-3) as engine:
        with pytest.raises(EngineError, match=r"did not finish request late in 0\.001 s"):
            await engine.generate(PROMPT, LONG, "late")


def test_a_path_without_a_model_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no config\.json"):
        SGLangServer(tmp_path, tmp_path / "server.log").start()


async def test_a_server_that_dies_at_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["NoSuchModel"]}')
    with pytest.raises(EngineError, match=r"exited with 1\. End of its log:\n(?s:.+)Error"):
        async with SGLangServer(tmp_path, tmp_path / "server.log"):
            pass


async def test_requests_to_a_dead_server_name_its_end(
    tiny_llamas: TinyLlamas, tmp_path: Path
) -> None:
    server = SGLangServer(tiny_llamas.first, tmp_path / "server.log")
    server.start()
    server.stop()
    async with server.engine() as engine:
        with pytest.raises(EngineError, match="was ended by SIG"):
            await engine.generate(PROMPT, SAMPLED, "dead")


async def test_an_unreachable_server_is_an_engine_error(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with SGLangEngine(url, policy_version=PolicyVersion(0)) as engine:
        with pytest.raises(EngineError, match="cannot be reached"):
            await engine.generate(PROMPT, SAMPLED, "nobody")
