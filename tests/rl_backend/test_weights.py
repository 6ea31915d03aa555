"""Names and layouts of weights: fused, cut and put together again without a changed bit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rl_backend import weights
from rl_backend.model_shape import ModelFamily, ModelShape

SHAPE = ModelShape(
    family=ModelFamily.LLAMA,
    num_layers=2,
    hidden_size=8,
    num_heads=4,
    num_kv_heads=2,
    head_dim=2,
    ffn_size=12,
    vocab_size=16,
    max_positions=32,
    norm_epsilon=1e-5,
    rope_theta=1e4,
    llama3_rope_factor=None,
    has_tied_embeddings=False,
    has_qkv_bias=False,
    has_qk_norm=False,
)
SHAPES = {
    "llama": SHAPE,
    "tied": replace(SHAPE, has_tied_embeddings=True),
    "qwen2": replace(SHAPE, family=ModelFamily.QWEN2, has_qkv_bias=True),
    "qwen3": replace(SHAPE, family=ModelFamily.QWEN3, has_qk_norm=True),
}


def hf_state(shape: ModelShape) -> dict[str, Tensor]:
    width, kv = shape.num_heads * shape.head_dim, shape.num_kv_heads * shape.head_dim
    hidden, ffn = shape.hidden_size, shape.ffn_size
    sizes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocab_size, hidden),
        "model.norm.weight": (hidden,),
    }
    if not shape.has_tied_embeddings:
        sizes["lm_head.weight"] = (shape.vocab_size, hidden)
    for layer in range(shape.num_layers):
        prefix = f"model.layers.{layer}."
        rows = {"q": width, "k": kv, "v": kv}
        sizes |= {f"{prefix}self_attn.{x}_proj.weight": (n, hidden) for x, n in rows.items()}
        if shape.has_qkv_bias:
            sizes |= {f"{prefix}self_attn.{x}_proj.bias": (n,) for x, n in rows.items()}
        if shape.has_qk_norm:
            sizes |= {f"{prefix}self_attn.{x}_norm.weight": (shape.head_dim,) for x in "qk"}
        sizes[f"{prefix}self_attn.o_proj.weight"] = (hidden, width)
        sizes[f"{prefix}mlp.gate_proj.weight"] = (ffn, hidden)
        sizes[f"{prefix}mlp.up_proj.weight"] = (ffn, hidden)
        sizes[f"{prefix}mlp.down_proj.weight"] = (hidden, ffn)
        sizes[f"{prefix}input_layernorm.weight"] = (hidden,)
        sizes[f"{prefix}post_attention_layernorm.weight"] = (hidden,)
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(size, generator=generator) for name, size in sizes.items()}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
@pytest.mark.parametrize("num_ranks", [1, 2])
def test_a_round_trip_over_cut_weights_is_exact(shape: ModelShape, num_ranks: int) -> None:
    state = hf_state(shape)
    whole = {}
    for name, full in weights.megatron_from_hf(state, shape).items():
        kind = weights.split_kind(name)
        parts = [weights.shard(full, kind, rank=r, num_ranks=num_ranks) for r in range(num_ranks)]
        if kind is not weights.SplitKind.REPLICATED:
            assert sum(part.numel() for part in parts) == full.numel()
        whole[name] = weights.unshard(parts, kind)
    back = weights.hf_from_megatron(whole, shape)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], value) for name, value in state.items())


def test_queries_keys_and_values_are_ordered_by_group() -> None:
    state = hf_state(SHAPE)
    fused = weights.megatron_from_hf(state, SHAPE)[
        "decoder.layers.1.self_attention.linear_qkv.weight"
    ]
    query, key = (state[f"model.layers.1.self_attn.{x}_proj.weight"] for x in "qk")
    assert torch.equal(fused[:4], query[:4])
    assert torch.equal(fused[4:6], key[:2])
    assert torch.equal(fused[8:12], query[4:])


def test_each_rank_holds_its_half_of_gate_and_up() -> None:
    full = torch.arange(8).reshape(8, 1)
    part = weights.shard(full, weights.SplitKind.GATED, rank=1, num_ranks=2)
    assert part.flatten().tolist() == [2, 3, 6, 7]


@pytest.mark.parametrize(
    ("local", "whole"),
    [
        ("decoder.layers.0.mlp.linear_fc1.weight", "decoder.layers.2.mlp.linear_fc1.weight"),
        (
            "decoder.layers.1.self_attention.linear_qkv.layer_norm_weight",
            "decoder.layers.3.input_layernorm.weight",
        ),
        (
            "decoder.layers.1.mlp.linear_fc1.layer_norm_weight",
            "decoder.layers.3.pre_mlp_layernorm.weight",
        ),
        ("decoder.final_layernorm.weight", "decoder.final_layernorm.weight"),
    ],
)
def test_names_on_a_later_stage_are_those_of_the_whole_model(local: str, whole: str) -> None:
    assert weights.global_name(local, layer_offset=2) == whole


def test_a_missing_and_an_unknown_weight_are_named() -> None:
    state = hf_state(SHAPE)
    with pytest.raises(ValueError, match="extra"):
        weights.megatron_from_hf(state | {"extra": torch.zeros(1)}, SHAPE)
    del state["model.layers.1.mlp.up_proj.weight"]
    with pytest.raises(ValueError, match=r"lack model\.layers\.1\.mlp\.up_proj\.weight"):
        weights.megatron_from_hf(state, SHAPE)


def test_buffers_and_copies_of_tied_embeddings_are_ignored() -> None:
    shape = SHAPES["tied"]
    state = hf_state(shape)
    more = {
        "lm_head.weight": state["model.embed_tokens.weight"],
        "model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(1),
    }
    assert (
        weights.megatron_from_hf(state | more, shape).keys()
        == weights.megatron_from_hf(state, shape).keys()
    )
