"""What the engine says of its tokens is what the trainer says of them: SGLang and Megatron-core.

The figure is the one a run depends on: the ratio of the clipped objective starts at 1 only when
both agree.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rl_backend.engines.sglang_server import SGLangServer
from rl_backend.types import SamplingParams
from tests.rl_backend.sglang_fixtures import TinyLlamas

ROOT = Path(__file__).parents[3]
PROMPTS = ([5, 17, 200, 33, 64, 7], [9, 9, 41, 250], list(range(3, 60)))
SAMPLED = SamplingParams(temperature=0.7, max_new_tokens=32)


async def test_engine_and_trainer_agree(
    sglang_server: SGLangServer, tiny_llamas: TinyLlamas
) -> None:
    async with sglang_server.engine() as engine:
        completions = [
            await engine.generate(prompt, SAMPLED, f"agreement-{i}")
            for i, prompt in enumerate(PROMPTS)
        ]
    rows = [[*p, *c.token_ids] for p, c in zip(PROMPTS, completions, strict=True)]
    by_trainer = trainer_logprobs(tiny_llamas.first, rows)
    for completion, figures in zip(completions, by_trainer, strict=True):
        assert completion.token_ids
        tail = figures[-len(completion.token_ids) :]
        assert completion.logprobs == pytest.approx(tail, abs=1e-3)


def trainer_logprobs(model: Path, rows: list[list[int]]) -> list[list[float]]:
    asked = {"model": str(model), "rows": rows, "temperature": SAMPLED.temperature}
    done = subprocess.run(
        [sys.executable, "-m", "tests.rl_backend.engines.trainer_logprobs"],
        input=json.dumps(asked), capture_output=True, text=True, timeout=300, cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    figures: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return figures
