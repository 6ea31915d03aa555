"""Rows of the token policy: exactly what was sampled, exactly masked, with the version of each."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rl_backend.busy import BusyClock
from rl_backend.chat_template import ChatTemplate
from rl_backend.config import load_preset
from rl_backend.demonstrations import corpus, demonstration
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.evaluation.command import connected
from rl_backend.renderer import Renderer
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.base import OfferedTool
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.serving import row_limit, run_policy
from rl_backend.tiny_template import CHAT_TEMPLATE
from rl_backend.tiny_tokenizer import train_tokenizer, write_tokenizer
from rl_backend.token_policy import TokenPolicy
from rl_backend.types import Boundary, PolicyVersion, Rollout, SamplingParams, TrainingSample
from world_builder.replay import opening, replay
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import StopReason

ANY = SamplingParams(temperature=1.0, max_new_tokens=400)


@pytest.fixture(scope="module")
def renderer(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    directory = tmp_path_factory.mktemp("model")
    texts = corpus(tutorial, tutorial.world.tasks[::5], ChatTemplate(CHAT_TEMPLATE, {}))
    write_tokenizer(directory, train_tokenizer(texts, vocab_size=512), context_length=4096)
    return Renderer.load(directory)


def task_with_calls(base: WorldBase, num: int) -> Task:
    return next(
        t
        for t in base.world.tasks
        if t.reference_solution and len(t.reference_solution.calls) >= num
    )


def taught(base: WorldBase, task: Task, renderer: Renderer) -> TrainingSample:
    assert task.reference_solution is not None
    return demonstration(base, task, replay(base, task, task.reference_solution), renderer)


def turns_of(sample: TrainingSample) -> dict[tuple[int, ...], tuple[int, ...]]:
    """The tokens of each assistant turn by the row before it."""
    row, mask = sample.token_ids, sample.loss_mask
    edges = [i for i in range(1, len(row)) if mask[i] != mask[i - 1]] + [len(row)]
    return {row[:a]: row[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)}


def following(
    turns: dict[tuple[int, ...], tuple[int, ...]],
) -> Callable[[Sequence[int]], Sequence[int]]:
    return lambda row: turns[tuple(row)]


async def play(
    base: WorldBase,
    task: Task,
    renderer: Renderer,
    engine: ScriptedEngine,
    sampling: SamplingParams = ANY,
    context_length: int = 4096,
) -> Rollout:
    policy = TokenPolicy(engine, renderer, sampling, context_length=context_length)
    runner = RolloutRunner(base, InProcessRuntime(base))
    return await runner.run(task, policy, rollout_id="r", seed=5)


async def test_the_row_of_a_rollout_is_the_row_of_its_demonstration(
    tutorial: WorldBase, renderer: Renderer
) -> None:
    for num in (1, 2, 3):
        task = task_with_calls(tutorial, num)
        sample = taught(tutorial, task, renderer)
        turns = turns_of(sample)
        rollout = await play(tutorial, task, renderer, ScriptedEngine(following(turns)))
        assert task.reference_solution is not None
        tokens = rollout.tokens
        assert tokens is not None
        assert tokens.token_ids == sample.token_ids
        assert (False,) * len(tokens.prompt_ids) + tokens.loss_mask == sample.loss_mask
        assert tokens.logprobs == tuple(-0.5 if m else 0.0 for m in tokens.loss_mask)
        replayed = replay(tutorial, task, task.reference_solution)
        assert rollout.trajectory == replayed.model_copy(update={"num_tokens": tokens.num_sampled})


async def test_each_token_carries_the_version_that_sampled_it(
    tutorial: WorldBase, renderer: Renderer
) -> None:
    task = task_with_calls(tutorial, 1)
    turns = turns_of(taught(tutorial, task, renderer))
    first = len(next(iter(turns.values())))

    def complete(row: Sequence[int]) -> Sequence[int]:
        engine.policy_version = PolicyVersion(7 + list(turns).index(tuple(row)))
        return turns[tuple(row)]

    engine = ScriptedEngine(complete)
    rollout = await play(tutorial, task, renderer, engine)
    assert rollout.tokens is not None
    versions = rollout.tokens.policy_versions
    assert rollout.policy_version == 0
    assert set(versions[:first]) == {7}
    assert versions[-1] == 6 + len(turns)


async def test_a_turn_over_the_limit_is_cut_and_kept(
    tutorial: WorldBase, renderer: Renderer
) -> None:
    task = tutorial.world.tasks[0]
    said = renderer.encode("The book is here.")
    params = SamplingParams(temperature=1.0, max_new_tokens=3)
    rollout = await play(tutorial, task, renderer, ScriptedEngine(lambda row: said), params)
    assert rollout.trajectory.stop_reason is StopReason.MAX_TOKENS
    assert rollout.tokens is not None
    assert rollout.tokens.response_ids == tuple(said[:3])


async def test_a_full_context_ends_the_rollout(tutorial: WorldBase, renderer: Renderer) -> None:
    task = tutorial.world.tasks[0]
    said = renderer.encode("The book is here.")
    engine = ScriptedEngine(lambda row: said)
    free = await play(tutorial, task, renderer, engine)
    assert free.tokens is not None
    num_prompt = len(free.tokens.prompt_ids)
    tight = await play(tutorial, task, renderer, engine, context_length=num_prompt + 2)
    assert tight.trajectory.stop_reason is StopReason.CONTEXT_FULL
    assert tight.tokens is not None
    assert tight.tokens.num_sampled == 2
    none = await play(tutorial, task, renderer, engine, context_length=num_prompt)
    assert none.trajectory.stop_reason is StopReason.CONTEXT_FULL
    assert none.tokens is None


async def test_what_the_engine_keeps_is_not_asked_for(
    tutorial: WorldBase, renderer: Renderer
) -> None:
    task, engine = tutorial.world.tasks[0], ScriptedEngine(lambda row: (40, 41))
    tools = tuple(map(OfferedTool.of, tutorial.world.surface_tools(task.tool_surface)))
    num_prompt = len(renderer.opening(opening(tutorial, task), tools))
    for room, num_sampled in ((6, None), (7, 2)):
        policy = TokenPolicy(
            engine, renderer, ANY, context_length=num_prompt + room, num_reserved=6
        )
        runner = RolloutRunner(tutorial, InProcessRuntime(tutorial))
        rollout = await runner.run(task, policy, rollout_id="r", seed=1)
        assert rollout.boundary is None
        sampled = None if rollout.tokens is None else rollout.tokens.num_sampled
        assert sampled == num_sampled


def model_with(directory: Path, max_positions: int) -> Path:
    """A model's directory, as far as its config."""
    sizes = {
        "num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 1, "vocab_size": 512,
        "intermediate_size": 8,
    }  # fmt: skip
    config = {"model_type": "llama", "max_position_embeddings": max_positions, **sizes}
    (directory / "config.json").write_text(json.dumps(config))
    return directory


@pytest.mark.parametrize(("preset", "length"), [("tiny", 1024), ("cpu-demo", 8192)])
def test_a_row_is_as_long_as_settings_model_and_own_server_allow(
    tmp_path: Path, preset: str, length: int
) -> None:
    config = load_preset(preset)
    assert config.model.context_length == length
    assert row_limit(config, model_with(tmp_path, length)) == length
    assert row_limit(config, model_with(tmp_path, 700)) == 700
    small = ("engine.max_total_tokens=512",)
    assert row_limit(load_preset(preset, small), model_with(tmp_path, length)) == 512
    elsewhere = load_preset(preset, (*small, "engine.url=http://sglang:30000"))
    assert row_limit(elsewhere, model_with(tmp_path, length)) == length


async def test_a_row_that_its_server_cannot_hold_is_full_and_no_failure(
    tutorial: WorldBase, renderer: Renderer, tmp_path: Path
) -> None:
    task, engine = tutorial.world.tasks[0], ScriptedEngine(lambda row: (40, 41))
    tools = tuple(map(OfferedTool.of, tutorial.world.surface_tools(task.tool_surface)))
    num_prompt = len(renderer.opening(opening(tutorial, task), tools))
    for room, num_sampled in ((6, None), (7, 2)):
        settings = ["model.context_length=4096", f"engine.max_total_tokens={num_prompt + room}"]
        config, model = load_preset("tiny", settings), model_with(tmp_path, 4096)
        policy = run_policy(engine, renderer, config, model, 1.0, BusyClock())
        runner = RolloutRunner(tutorial, InProcessRuntime(tutorial))
        rollout = await runner.run(task, policy, rollout_id="r", seed=1)
        assert rollout.boundary is None
        sampled = None if rollout.tokens is None else rollout.tokens.num_sampled
        assert sampled == num_sampled


async def test_an_evaluation_knows_what_its_server_holds(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    texts = corpus(tutorial, tutorial.world.tasks[::5], ChatTemplate(CHAT_TEMPLATE, {}))
    write_tokenizer(tmp_path, train_tokenizer(texts, vocab_size=512), context_length=4096)
    model = model_with(tmp_path, 4096)
    async with connected("http://127.0.0.1:9", model, 0.0, max_total_tokens=64) as policy:
        runner = RolloutRunner(tutorial, InProcessRuntime(tutorial))
        rollout = await runner.run(tutorial.world.tasks[0], policy, rollout_id="r", seed=1)
    assert rollout.trajectory.stop_reason is StopReason.CONTEXT_FULL


@pytest.mark.parametrize("role", ["user", "tool"])
async def test_a_template_that_refuses_is_the_policys_failure(
    tutorial: WorldBase, renderer: Renderer, role: str
) -> None:
    refusal = f"{{%- if messages[-1].role == '{role}' -%}}"
    refusal += "{{- raise_exception('not this role') -}}{%- endif -%}"
    template = ChatTemplate(refusal + CHAT_TEMPLATE, renderer.template.special_tokens)
    picky = replace(renderer, template=template)
    task = task_with_calls(tutorial, 1)
    turns = turns_of(taught(tutorial, task, renderer))
    rollout = await play(tutorial, task, picky, ScriptedEngine(following(turns)))
    assert rollout.boundary is Boundary.POLICY
    assert "not this role" in rollout.excluded_reason


def test_the_made_models_directory_gives_its_template_and_stop(renderer: Renderer) -> None:
    assert renderer.template.source == CHAT_TEMPLATE
    assert renderer.decode([*renderer.encode("Hi."), *renderer.stop_ids]) == "Hi."
