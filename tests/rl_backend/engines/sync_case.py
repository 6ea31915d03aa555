"""`python -m tests.rl_backend.engines.sync_case WAY URL MODEL`: a trainer that hands weights over.

In a process of its own, since it holds Megatron-core: after one update the engine samples, and the
trainer computes the log-probabilities of the same tokens. Prints both as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, cast

from rl_backend.config import TrainerConfig
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_weights import sender
from rl_backend.hf_checkpoint import read_weights
from rl_backend.objective import SupervisedObjective
from rl_backend.samples import demonstration_sample, to_batch
from rl_backend.trainers.ranked import open_trainer
from rl_backend.types import Batch, PolicyVersion, SamplingParams

PROMPT = (5, 17, 200, 33, 64, 7)
SAMPLED = SamplingParams(temperature=1.0, max_new_tokens=24)


def batch_of(token_ids: tuple[int, ...]) -> Batch:
    mask = [False] + [True] * (len(token_ids) - 1)
    sample = demonstration_sample(task_id="t", rollout_id="0", token_ids=token_ids, loss_mask=mask)
    return to_batch([sample], pad_id=0)


async def main(way: str, url: str, model: Path, folder: Path) -> dict[str, object]:
    problems: list[str] = []
    sending = sender(cast("Literal['tensor', 'distributed']", way), 30_000)
    config = TrainerConfig(learning_rate=1e-2)
    with open_trainer(config, model) as trainer:
        trainer.train_step(batch_of(PROMPT), SupervisedObjective())
        engine = SGLangEngine(
            url, policy_version=PolicyVersion(0), sender=sending, on_problem=problems.append
        )
        async with engine:
            weights = trainer.gather(folder)
            await engine.update_weights(weights, trainer.policy_version)
            made = await engine.generate(PROMPT, SAMPLED, f"synced-{way}")
        before, sent = read_weights(model), weights.tensors()
        row = (*PROMPT, *made.token_ids)
        by_trainer = trainer.compute_logprobs(batch_of(row))[0, len(PROMPT) : len(row)]
    return {
        "versions": sorted(set(made.policy_versions)),
        "engine": list(made.logprobs),
        "trainer": [float(x) for x in by_trainer],
        "problems": problems,
        "largest_change": max(float((sent[name] - before[name]).abs().max()) for name in before),
    }


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        told = asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(name) / "policy"))
    sys.stdout.write(json.dumps(told) + "\n")
