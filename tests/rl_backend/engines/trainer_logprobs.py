"""Log-probabilities of the Megatron trainer, in a process of its own.

Reads `{model, rows, temperature}` from standard input and prints a row of figures for each row of
token ids, the first (which nothing predicts) left out.
"""

import json
import sys
from pathlib import Path

from rl_backend.config import TrainerConfig
from rl_backend.samples import demonstration_sample, to_batch


def main() -> None:
    from rl_backend.trainers.megatron import MegatronTrainer

    asked = json.load(sys.stdin)
    rows = [tuple(row) for row in asked["rows"]]
    samples = [
        demonstration_sample(
            task_id="t",
            rollout_id=str(i),
            token_ids=row,
            loss_mask=[False] + [True] * (len(row) - 1),
        )
        for i, row in enumerate(rows)
    ]
    with MegatronTrainer(TrainerConfig(), Path(asked["model"])) as trainer:
        batch = to_batch(samples, pad_id=0)
        logprobs_B_T = trainer.compute_logprobs(batch, temperature=asked["temperature"])
    figures = [
        [float(x) for x in logprobs_T[1 : len(row)]]
        for logprobs_T, row in zip(logprobs_B_T, rows, strict=True)
    ]
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
