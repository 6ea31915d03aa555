"""The plain-torch twin that the Megatron trainer is compared with: models, a batch, its loss.

The twin is the Hugging Face model with eager attention and an objective written out anew.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    Glm4MoeConfig,
    LlamaConfig,
    PretrainedConfig,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
)

from rl_backend.samples import to_batch, with_old_logprobs
from rl_backend.types import Batch, PolicyVersion, TrainingSample

TEMPERATURE = 0.7
SIZES = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
MODELS: dict[str, PretrainedConfig] = {
    "llama-tied": LlamaConfig(**SIZES, tie_word_embeddings=True),
    "llama-untied": LlamaConfig(**SIZES, tie_word_embeddings=False, rope_theta=5000.0),
    "qwen2": Qwen2Config(**SIZES, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**SIZES, tie_word_embeddings=False, head_dim=16),
    "qwen3-moe": Qwen3MoeConfig(
        **SIZES,
        tie_word_embeddings=False,
        head_dim=16,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=24,
        norm_topk_prob=True,
    ),
    "glm4-moe": Glm4MoeConfig(
        **SIZES,
        tie_word_embeddings=False,
        head_dim=16,
        n_routed_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=24,
        n_shared_experts=1,
        first_k_dense_replace=1,
        use_qk_norm=True,
        attention_bias=True,
        routed_scaling_factor=2.5,
    ),
}


def make_model(directory: Path, name: str, seed: int = 0) -> None:
    """Random weights, large enough that every gradient matters, norms and biases included."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(MODELS[name], dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
            else:
                parameter.mul_(6)
        for name, buffer in model.named_buffers():
            if name.endswith("correction_bias"):
                buffer.add_(0.1 * torch.randn_like(buffer))
    model.save_pretrained(directory)


def load_twin(directory: Path) -> Any:
    """The Hugging Face model of the directory, for reference."""
    return AutoModelForCausalLM.from_pretrained(
        directory, attn_implementation="eager", dtype=torch.float32
    )


def make_batch(twin: Any) -> Batch:
    """Rows of different lengths; ratios beyond both bounds; one broken log-probability."""
    generator = torch.Generator().manual_seed(7)
    samples = []
    prompt = torch.randint(1, SIZES["vocab_size"], (20,), generator=generator)
    for row, length in enumerate([5, 27, 9, 33, 12, 40]):
        ids = torch.randint(1, SIZES["vocab_size"], (length,), generator=generator)
        if length > len(prompt):  # as in a group: the same prompt, other responses
            ids[: len(prompt)] = prompt
        mask = torch.rand(length, generator=generator) > 0.3
        mask[:2] = False
        samples.append(
            TrainingSample(
                task_id="t",
                rollout_id=str(row),
                token_ids=tuple(ids.tolist()),
                loss_mask=tuple(mask.tolist()),
                engine_logprobs=(0.0,) * length,
                policy_versions=(PolicyVersion(0),) * length,
                advantage=float(torch.randn((), generator=generator)),
                reward=0.0,
            )
        )
    batch = to_batch(samples, pad_id=0)
    noise = 0.3 * torch.randn(batch.tokens_B_T.shape, generator=generator)
    old = (twin_logprobs(twin, batch).detach() + noise).numpy().astype(np.float32)
    old[3, int(batch.loss_mask_B_T[3].argmax())] = math.nan
    return with_old_logprobs(batch, old)


def twin_logprobs(twin: Any, batch: Batch) -> Tensor:
    tokens = torch.from_numpy(batch.tokens_B_T)
    logits = twin(tokens).logits[:, :-1] / TEMPERATURE
    found = torch.log_softmax(logits, -1).gather(-1, tokens[:, 1:, None])[..., 0]
    return torch.nn.functional.pad(found, (1, 0))


def twin_loss(twin: Any, batch: Batch) -> Tensor:
    """The clipped objective over the whole batch at once, bounds 0.2 and 0.28."""
    new, old = twin_logprobs(twin, batch), torch.from_numpy(batch.old_logprobs_B_T)
    keep = torch.from_numpy(batch.loss_mask_B_T) & ~old.isnan()
    ratio = (new[keep] - old[keep]).exp()
    advantage = torch.from_numpy(batch.advantages_B_T)[keep]
    gains = torch.min(ratio * advantage, ratio.clamp(0.8, 1.28) * advantage)
    return -gains.sum() / keep.sum()


def largest_difference(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    if missing := expected.keys() ^ found.keys():
        raise AssertionError(f"names differ: {sorted(missing)}")
    return max(float((found[name] - value).abs().max()) for name, value in expected.items())


def state_of(twin: Any) -> dict[str, Tensor]:
    corrections = {n: b for n, b in twin.named_buffers() if n.endswith("correction_bias")}
    return published({name: p.detach() for name, p in twin.named_parameters()}) | corrections


def gradients_of(twin: Any) -> dict[str, Tensor]:
    return published({name: p.grad for name, p in twin.named_parameters()})


def trained(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without what no gradient reaches."""
    return {name: value for name, value in state.items() if not name.endswith("correction_bias")}


def published(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Under the names of published weights: transformers holds a layer's experts in one tensor."""
    found = {}
    for name, value in state.items():
        prefix, is_fused, part = name.rpartition("mlp.experts.")
        for number, expert in enumerate(value) if is_fused else ():
            to = f"{prefix}mlp.experts.{number}."
            if part == "down_proj":
                found[f"{to}down_proj.weight"] = expert
            else:
                found[f"{to}gate_proj.weight"], found[f"{to}up_proj.weight"] = expert.chunk(2)
        if not is_fused:
            found[name] = value
    return found
