"""Rollouts beside the bare server: what is recorded is what is asked of the peers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rl_backend.bench.bare import replay_bare
from rl_backend.bench.recording import RecordingEngine, ReplayingEngine
from rl_backend.bench.rollout import measured
from rl_backend.bench.rollout_types import Chain, Request, RolloutAsked, RolloutFigures
from rl_backend.chat_template import ChatTemplate
from rl_backend.demonstrations import corpus
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_wire import generate_request
from rl_backend.errors import EngineError
from rl_backend.tiny_model import TinyShape, make_tiny_model
from rl_backend.tiny_template import CHAT_TEMPLATE
from rl_backend.types import Completion, FinishReason, PolicyVersion, SamplingParams
from studio.cli_bench import app
from tests.rl_backend.engines.double_sglang import OUTPUT, DoubleSGLang
from world_builder.state import WorldBase

CHAINS = (
    Chain(
        requests=(
            Request(prompt_ids=(1, 2), output_ids=OUTPUT, seed=5),
            Request(prompt_ids=(1, 2, 40, 41, 2, 9), output_ids=OUTPUT, seed=None),
        )
    ),
    Chain(requests=(Request(prompt_ids=(1, 3), output_ids=OUTPUT, seed=6),)),
)
FIGURES = RolloutFigures(
    world="tutorial",
    num_tasks=1,
    group_size=16,
    num_rounds=1,
    num_threads=2,
    num_cores=2,
    load=0.5,
    packages=("sglang 0",),
    num_requests=40,
    num_prompt_tokens=20_000,
    num_sampled_tokens=1_500,
    ours_per_s=450.0,
    bare_per_s=500.0,
    generate_per_s=300.0,
    engine_share=0.97,
    own_cpu_share=0.05,
)


def test_a_recording_holds_the_requests_of_each_rollout_in_order() -> None:
    params = SamplingParams(temperature=1.0, max_new_tokens=2, seed=7)
    engine = RecordingEngine(ScriptedEngine(lambda row: (5, 6, 7)))

    async def ask() -> None:
        for request_id, prompt in (("t/a-1", (1,)), ("t/b-1", (2,)), ("t/a-2", (1, 5, 6, 3))):
            await engine.generate(prompt, params, request_id)

    asyncio.run(ask())
    first, second = engine.chains()
    assert [request.prompt_ids for request in first.requests] == [(1,), (1, 5, 6, 3)]
    assert [request.prompt_ids for request in second.requests] == [(2,)]
    assert first.num_new == 4
    assert second.requests[0].seed == 7
    assert engine.chains() == ()


def test_a_replay_says_what_was_recorded_after_sampling_as_much() -> None:
    asked: list[SamplingParams] = []

    class Counting(ScriptedEngine):
        async def generate(
            self, prompt_ids: Sequence[int], params: SamplingParams, request_id: str
        ) -> Completion:
            asked.append(params)
            return await super().generate(prompt_ids, params, request_id)

    params = SamplingParams(temperature=1.0, max_new_tokens=64, stop_token_ids=(2,), seed=5)
    engine = ReplayingEngine(Counting(lambda row: (7, 2, 8, 9)), CHAINS)
    completion = asyncio.run(engine.generate((1, 2), params, "t/a-1"))
    assert completion.token_ids == OUTPUT
    assert completion.finish_reason is FinishReason.STOP
    assert (asked[0].max_new_tokens, asked[0].stop_token_ids) == (len(OUTPUT), ())
    assert asked[0].has_fixed_length
    with pytest.raises(EngineError, match="not in the recording"):
        asyncio.run(engine.generate((1, 3), params, "t/a-1"))


def test_a_fixed_length_is_told_to_the_server() -> None:
    params = SamplingParams(temperature=1.0, max_new_tokens=3, has_fixed_length=True)
    sampling = generate_request((1,), params, "r")["sampling_params"]
    assert isinstance(sampling, dict)
    assert sampling["ignore_eos"] is True


def test_bare_requests_are_those_of_the_recording() -> None:
    async def replay() -> tuple[int, list[str]]:
        async with DoubleSGLang() as double:
            spent = await replay_bare(double.url, CHAINS, temperature=0.5)
            assert spent.seconds > 0
            return spent.num_tokens, double.asked

    num_tokens, asked = asyncio.run(replay())
    assert num_tokens == 3 * len(OUTPUT)
    assert asked == ["/generate"] * 3


def test_a_server_that_samples_another_length_is_refused() -> None:
    chain = Chain(requests=(Request(prompt_ids=(1,), output_ids=(*OUTPUT, 9), seed=1),))

    async def replay() -> None:
        async with DoubleSGLang() as double:
            await replay_bare(double.url, (chain,), temperature=0.5)

    with pytest.raises(EngineError, match="instead of 4"):
        asyncio.run(replay())


def test_all_three_sides_are_measured(tutorial: WorldBase, tmp_path: Path) -> None:
    model = tmp_path / "model"
    texts = corpus(tutorial, tutorial.world.tasks[::5], ChatTemplate(CHAT_TEMPLATE, {}))
    shape = TinyShape(
        vocab_size=512, hidden_size=32, num_layers=1, num_heads=2, context_length=4096
    )
    make_tiny_model(model, texts, seed=1, shape=shape)
    asked = RolloutAsked(
        model_dir=str(model), num_tasks=2, group_size=3, num_rounds=1, context_length=4096,
        num_threads=1,
    )  # fmt: skip

    async def measure() -> RolloutFigures:
        async with DoubleSGLang() as double:
            engine = SGLangEngine(double.url, policy_version=PolicyVersion(0))
            figures = await measured(asked, engine, double.url, tmp_path, 0.0)
            num_primed = double.generated.count("") - 2 * asked.group_size
            assert double.asked.count("/generate") == 3 * 2 * asked.group_size + num_primed
            assert num_primed == 2 * 2
            assert double.asked.count("/flush_cache") == 2 * 2
            await engine.close()
            return figures

    figures = asyncio.run(measure())
    assert figures.num_requests == 2 * asked.group_size
    assert figures.num_sampled_tokens == figures.num_requests * len(OUTPUT)
    assert min(figures.ours_per_s, figures.bare_per_s, figures.generate_per_s) > 0
    assert 0 < figures.engine_share <= 1


def test_the_command_tells_the_share_of_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.cli_bench_rollout._rollouts", lambda asked, on_stage: FIGURES)
    shown = CliRunner().invoke(app, ["rollout", "--policy", "policy"], env={"COLUMNS": "160"})
    assert "90.0%" in shown.stdout
    assert "1.50x" in shown.stdout
    told = CliRunner().invoke(app, ["rollout", "--policy", "policy", "--json"]).stdout
    assert RolloutFigures.model_validate_json(told) == FIGURES


def test_a_measurement_that_fails_says_why() -> None:
    asked = ["rollout", "--policy", "no-such-model", "--world", "tutorial"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1
    assert "no-such-model is not a model" in result.output
