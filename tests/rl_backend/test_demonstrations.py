"""A demonstration is what a rollout of the solution would have been, token by token."""

from __future__ import annotations

import pytest

from rl_backend.chat_template import ChatTemplate
from rl_backend.demonstrations import DemonstrationError, corpus, demonstrations, solved
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.renderer import Renderer
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.tiny_template import CHAT_TEMPLATE
from rl_backend.tiny_tokenizer import train_tokenizer, write_tokenizer
from rl_backend.token_policy import TokenPolicy
from rl_backend.types import SamplingParams, TrainingSample
from world_builder.state import WorldBase
from world_builder.tasks import Split


@pytest.fixture(scope="module")
def renderer(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    template = ChatTemplate(CHAT_TEMPLATE, {"bos_token": "<|bos|>", "eos_token": "<|end|>"})
    texts = corpus(tutorial, tutorial.world.tasks, template)
    directory = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(directory, train_tokenizer(texts, vocab_size=512), context_length=2048)
    return Renderer.load(directory)


@pytest.fixture(scope="module")
def samples(tutorial: WorldBase, renderer: Renderer) -> dict[str, TrainingSample]:
    made = demonstrations(tutorial, tutorial.world.tasks, renderer, context_length=2048)
    return {sample.task_id: sample for sample in made}


def test_only_training_tasks_are_shown(
    tutorial: WorldBase, samples: dict[str, TrainingSample]
) -> None:
    assert list(samples) == [task.id for task in tutorial.world.tasks_in(Split.TRAIN)]
    held_out = {task.prompt for task in tutorial.world.tasks_in(Split.HELD_OUT)}
    template = ChatTemplate(CHAT_TEMPLATE, {})
    assert not any(prompt in text for text in corpus(tutorial, tutorial.world.tasks, template)
                   for prompt in held_out)  # fmt: skip


async def test_a_policy_that_samples_the_demonstration_makes_the_same_row(
    tutorial: WorldBase, renderer: Renderer, samples: dict[str, TrainingSample]
) -> None:
    longest = max(samples.values(), key=lambda sample: sum(sample.loss_mask))

    def complete(prompt: object) -> tuple[int, ...]:
        assert isinstance(prompt, tuple)
        assert longest.token_ids[: len(prompt)] == prompt
        return longest.token_ids[len(prompt) :]

    policy = TokenPolicy(
        ScriptedEngine(complete),
        renderer,
        SamplingParams(temperature=1.0, max_new_tokens=512),
        context_length=2048,
    )
    runner = RolloutRunner(tutorial, InProcessRuntime(tutorial))
    task = tutorial.world.task(longest.task_id)
    rollout = await runner.run(task, policy, rollout_id="r", seed=1)
    assert rollout.tokens is not None
    assert rollout.tokens.token_ids == longest.token_ids
    mask = (False,) * len(rollout.tokens.prompt_ids) + rollout.tokens.loss_mask
    assert mask == longest.loss_mask
    assert task.reference_solution is not None
    assert rollout.trajectory.response == task.reference_solution.response


def test_what_does_not_fit_is_named(tutorial: WorldBase, renderer: Renderer) -> None:
    with pytest.raises(DemonstrationError, match=r"model.context_length \(64\); set it to \d+"):
        demonstrations(tutorial, tutorial.world.tasks, renderer, context_length=64)


def test_no_solution_is_said(tutorial: WorldBase) -> None:
    with pytest.raises(DemonstrationError, match="export the bundle with solutions"):
        solved(tutorial, tutorial.world.tasks_in(Split.HELD_OUT))
