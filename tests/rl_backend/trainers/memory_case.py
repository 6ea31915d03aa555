"""Counts what the Megatron trainer keeps for one update and prints it: a check of the estimate.

Started by `test_memory` in a process of its own, since the stand-in for CUDA changes the whole
process: `python -m tests.rl_backend.trainers.memory_case WORK_DIR`.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen3Config

from rl_backend.config import TrainerConfig
from rl_backend.objective import PolicyObjective
from rl_backend.trainers.megatron import MegatronTrainer
from rl_backend.types import Batch

VOCAB_SIZE = 1000
"""No other size of the models, so that logits are known by their last axis."""
SIZES = {
    "vocab_size": VOCAB_SIZE,
    "hidden_size": 64,
    "intermediate_size": 176,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 256,
    "tie_word_embeddings": False,
}
NUM_ROWS, LENGTH = 4, 128
KINDS = {"llama": LlamaConfig, "qwen3": Qwen3Config}
DEPTHS = (2, 4)
"""Two models that differ in depth alone: their difference is what layers keep."""


class Kept:
    """Sums of the memory that autograd keeps, each piece once and parameters left out."""

    def __init__(self, model: Any) -> None:
        self._seen = {p.untyped_storage().data_ptr() for p in model.parameters()}
        self._held: list[Tensor] = []
        self.layers = self.logits = 0

    def pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._seen:
            self._seen.add(storage.data_ptr())
            self._held.append(tensor)
            if VOCAB_SIZE in tensor.shape[-2:]:
                self.logits += storage.nbytes()
            else:
                self.layers += storage.nbytes()
        return tensor


def measure(directory: Path, kind: str, depth: int) -> dict[str, float]:
    config = KINDS[kind](**SIZES, num_hidden_layers=depth)
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(directory)
    with MegatronTrainer(TrainerConfig(max_tokens_per_microbatch=10_000), directory) as trainer:
        kept = Kept(trainer._model)
        with torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda tensor: tensor):
            trainer.accumulate_gradients(batch(), PolicyObjective())
        trainer.train_step(batch(), PolicyObjective())
        parameters = list(trainer._model.parameters())
        trainer.save_checkpoint(directory / "checkpoint")
        files = [p for p in (directory / "checkpoint").rglob("*") if p.is_file()]
        return {
            "num_tokens": NUM_ROWS * LENGTH,
            "layers": kept.layers,
            "logits": kept.logits,
            "parameters": sum(p.numel() for p in parameters),
            "gradients": sum(p.main_grad.nbytes for p in parameters),
            "checkpoint": sum(p.stat().st_size for p in files),
            "processes": len(multiprocessing.active_children()),
        }


def batch() -> Batch:
    """Rows that share nothing; every token but the first carries loss."""
    tokens = np.random.default_rng(3).integers(0, VOCAB_SIZE, (NUM_ROWS, LENGTH))
    zeros = np.zeros(tokens.shape, dtype=np.float32)
    mask = np.ones(tokens.shape, dtype=np.bool_)
    mask[:, 0] = False
    return Batch(
        tokens_B_T=tokens,
        lengths_B=np.full(NUM_ROWS, LENGTH),
        loss_mask_B_T=mask,
        engine_logprobs_B_T=zeros,
        old_logprobs_B_T=zeros,
        advantages_B_T=zeros + 1,
    )


def main() -> None:
    work = Path(sys.argv[1])
    found = {
        f"{kind}-{n}": measure(work / f"{kind}-{n}", kind, n) for kind in KINDS for n in DEPTHS
    }
    (work / "memory.json").write_text(json.dumps(found))
