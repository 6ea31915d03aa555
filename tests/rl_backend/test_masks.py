"""A thousand random dialogues: the mask covers exactly what was sampled, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from rl_backend.collect import rollout_sample
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.renderer import Renderer
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.token_policy import TokenPolicy
from rl_backend.types import SamplingParams
from tests.rl_backend.test_renderer import MADE
from world_builder.state import WorldBase
from world_builder.tools import ToolCall

NUM_DIALOGUES = 1_000
WORDS = ["tea", "order", "Ä ☕", "12.50", "<tool_call>", "}", "\n", "yes"]


@dataclass
class Babbler:
    """Samples random turns: text, parallel calls, broken calls, and at last an answer."""

    renderer: Renderer
    tools: list[str]
    random: random.Random
    sampled: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """Where each turn began in the row, and its tokens."""

    def __call__(self, row: Sequence[int]) -> Sequence[int]:
        ids = self.renderer.encode(self._turn())
        if self.random.random() < 0.9:
            ids = [*ids, *self.renderer.stop_ids]
        self.sampled.append((len(row), tuple(ids)))
        return ids

    def _turn(self) -> str:
        content = " ".join(self.random.choices(WORDS, k=self.random.randint(0, 4))).strip()
        if len(self.sampled) > 4 or self.random.random() < 0.2:
            return content or "Done."
        calls = [self._call() for _ in range(self.random.randint(1, 3))]
        return self.renderer.tool_format.write(content, calls) + self.random.choice(["", "\n{"])

    def _call(self) -> ToolCall:
        arguments = {self.random.choice(["id", "text"]): self.random.choice(WORDS)}
        return ToolCall(tool=self.random.choice([*self.tools, "nothing"]), arguments=arguments)


@pytest.fixture(scope="module")
def renderers(tmp_path_factory: pytest.TempPathFactory) -> list[Renderer]:
    return [make(tmp_path_factory.mktemp("model")) for make in MADE]


async def test_the_mask_covers_exactly_the_sampled_tokens(
    tutorial: WorldBase, renderers: list[Renderer]
) -> None:
    tasks = tutorial.world.tasks
    tools = [tool.name for tool in tutorial.world.tools]
    runner = RolloutRunner(tutorial, InProcessRuntime(tutorial))
    params = SamplingParams(temperature=1.0, max_new_tokens=10_000)
    num_turns = num_parallel = 0
    for number in range(NUM_DIALOGUES):
        renderer = renderers[number % len(renderers)]
        babbler = Babbler(renderer, tools, random.Random(number))
        policy = TokenPolicy(ScriptedEngine(babbler), renderer, params, context_length=100_000)
        rollout = await runner.run(
            tasks[number % len(tasks)], policy, rollout_id=str(number), seed=number
        )
        sample = rollout_sample(rollout, 1.0)
        expected = [False] * len(sample.token_ids)
        for start, ids in babbler.sampled:
            assert sample.token_ids[start : start + len(ids)] == ids
            expected[start : start + len(ids)] = [True] * len(ids)
        assert list(sample.loss_mask) == expected
        assert [bool(x) for x in sample.engine_logprobs] == expected
        num_turns += len(babbler.sampled)
        num_parallel += len(rollout.trajectory.calls) > len(babbler.sampled)
    assert num_turns > 2 * NUM_DIALOGUES
    assert num_parallel > NUM_DIALOGUES / 10
