"""`python -m rl_backend.bench.generate_side ASKED`: transformers' `generate` on recorded prompts.

The second peer of our rollouts, a process of its own. A group's first turns are one batch, padded
on the left, with a key-value cache; then its second turns, and so on. A batch runs until its
longest row is done, and between batches nothing is kept: that is what `generate` does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from rl_backend.bench.answers import serve
from rl_backend.bench.rollout_types import Chain, GenerateAsked, Request, Spent
from rl_backend.bench.train_types import Ready

WHAT = "transformers generate: sampling, batch of a group's requests of a turn, KV cache"


@dataclass(frozen=True, kw_only=True)
class GenerateSide:
    """A model with the groups that it is asked for."""

    asked: GenerateAsked
    model: Any

    def ready(self) -> Ready:
        packages = ("transformers", "torch")
        return Ready(packages=tuple(f"{name} {version(name)}" for name in packages), what=WHAT)

    def generate(self) -> Spent:
        """All groups once."""
        began_s = time.perf_counter()
        for chains in self.asked.groups:
            for turn in range(max(len(chain.requests) for chain in chains)):
                self._batch(_turn(chains, turn))
        return Spent(
            num_tokens=sum(chain.num_new for chains in self.asked.groups for chain in chains),
            seconds=time.perf_counter() - began_s,
        )

    @torch.inference_mode()
    def _batch(self, requests: Sequence[Request]) -> None:
        width = max(len(request.prompt_ids) for request in requests)
        tokens_B_T = torch.zeros(len(requests), width, dtype=torch.long)
        mask_B_T = torch.zeros_like(tokens_B_T)
        for row, request in enumerate(requests):
            tokens_B_T[row, -len(request.prompt_ids) :] = torch.tensor(request.prompt_ids)
            mask_B_T[row, -len(request.prompt_ids) :] = 1
        longest = max(request.num_new for request in requests)
        made = self.model.generate(
            tokens_B_T,
            attention_mask=mask_B_T,
            do_sample=True,
            temperature=self.asked.temperature,
            top_k=0,
            top_p=1.0,
            max_new_tokens=longest,
            min_new_tokens=longest,
            use_cache=True,
            pad_token_id=0,
        )
        if made.shape[1] != width + longest:
            raise ValueError(f"{made.shape[1] - width} tokens were made instead of {longest}")


def _turn(chains: Sequence[Chain], turn: int) -> list[Request]:
    return [chain.requests[turn] for chain in chains if turn < len(chain.requests)]


def main(path: Path) -> None:
    """Answers until nobody asks any more."""
    asked = GenerateAsked.model_validate_json(path.read_bytes())
    torch.set_num_threads(asked.num_threads)
    model = AutoModelForCausalLM.from_pretrained(asked.model_dir, dtype=torch.float32).eval()
    side = GenerateSide(asked=asked, model=model)
    serve({"ready": side.ready, "generate": side.generate})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
