"""Makes a small Llama with random weights and its own tokenizer, so that nothing is downloaded.

The start of a run without a model of its own: the result is an ordinary Hugging Face directory,
which trainer, engine and transformers load like any other. It has learned nothing yet; that is
what the supervised warm start is for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import save_torch_state_dict
from torch import Tensor

from rl_backend.hf_checkpoint import replaced_directory, write_json
from rl_backend.tiny_template import SpecialToken
from rl_backend.tiny_tokenizer import train_tokenizer, write_tokenizer
from world_builder.frozen import Json

INITIAL_STD = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyShape:
    """Sizes of the model; the defaults make about two million parameters."""

    vocab_size: int = 1024
    """Upper bound on tokens; see `train_tokenizer`."""
    hidden_size: int = 192
    num_layers: int = 4
    num_heads: int = 6
    num_kv_heads: int | None = None
    """None: as many as `num_heads`."""
    ffn_size: int | None = None
    """Width of the gated layer; None: 8/3 of `hidden_size`, rounded up to a multiple of 32."""
    context_length: int = 2048
    """Tokens of a row at most."""

    def __post_init__(self) -> None:
        if self.hidden_size % (2 * self.num_heads):
            raise ValueError(
                f"hidden_size ({self.hidden_size}) must be a multiple of twice num_heads "
                f"({self.num_heads}): heads have equal, even widths"
            )
        if self.num_heads % self.kv_heads:
            raise ValueError(
                f"num_heads ({self.num_heads}) must be a multiple of num_kv_heads ({self.kv_heads})"
            )

    @property
    def kv_heads(self) -> int:
        """Number of key-value heads."""
        return self.num_kv_heads or self.num_heads

    @property
    def gated_size(self) -> int:
        """Width of the gated layer."""
        return self.ffn_size or math.ceil(self.hidden_size * 8 / 3 / 32) * 32


def make_tiny_model(
    directory: Path, texts: Iterable[str], *, seed: int, shape: TinyShape | None = None
) -> None:
    """Writes the model directory; the same texts, seed and shape give the same bytes.

    `texts` are what the tokenizer learns from: conversations as the chat template renders them.
    """
    shape = shape or TinyShape()
    tokenizer = train_tokenizer(texts, vocab_size=shape.vocab_size)
    vocab_size = tokenizer.get_vocab_size()
    with replaced_directory(directory) as staging:
        write_tokenizer(staging, tokenizer, context_length=shape.context_length)
        write_json(staging / "config.json", _config(shape, vocab_size))
        write_json(staging / "generation_config.json", _special_ids())
        save_torch_state_dict(_random_weights(shape, vocab_size, seed), staging)


def _special_ids() -> dict[str, Json]:
    ids = {token: index for index, token in enumerate(SpecialToken)}
    return {
        "bos_token_id": ids[SpecialToken.BOS],
        "eos_token_id": ids[SpecialToken.END],
        "pad_token_id": ids[SpecialToken.PAD],
    }


def _config(shape: TinyShape, vocab_size: int) -> dict[str, Json]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocab_size,
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.gated_size,
        "num_hidden_layers": shape.num_layers,
        "num_attention_heads": shape.num_heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.hidden_size // shape.num_heads,
        "hidden_act": "silu",
        "max_position_embeddings": shape.context_length,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        "rope_theta": 10000.0,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "initializer_range": INITIAL_STD,
        "dtype": "float32",
        "torch_dtype": "float32",
        **_special_ids(),
    }


def _random_weights(shape: TinyShape, vocab_size: int, seed: int) -> dict[str, Tensor]:
    """Normal weights; those that write into the residual stream are smaller in deeper models."""
    generator = torch.Generator().manual_seed(seed)
    residual_std = INITIAL_STD / math.sqrt(2 * shape.num_layers)
    weights = {}
    for name, size in _sizes(shape, vocab_size):
        if len(size) == 1:
            weights[name] = torch.ones(size)
            continue
        std = residual_std if name.endswith(("o_proj.weight", "down_proj.weight")) else INITIAL_STD
        weights[name] = torch.randn(size, generator=generator) * std
    return weights


def _sizes(shape: TinyShape, vocab_size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    width, gated = shape.hidden_size, shape.gated_size
    kv_width = width // shape.num_heads * shape.kv_heads
    yield "model.embed_tokens.weight", (vocab_size, width)
    for layer in range(shape.num_layers):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", (width,)
        yield prefix + "self_attn.q_proj.weight", (width, width)
        yield prefix + "self_attn.k_proj.weight", (kv_width, width)
        yield prefix + "self_attn.v_proj.weight", (kv_width, width)
        yield prefix + "self_attn.o_proj.weight", (width, width)
        yield prefix + "post_attention_layernorm.weight", (width,)
        yield prefix + "mlp.gate_proj.weight", (gated, width)
        yield prefix + "mlp.up_proj.weight", (gated, width)
        yield prefix + "mlp.down_proj.weight", (width, gated)
    yield "model.norm.weight", (width,)
