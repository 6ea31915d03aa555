"""Names and layouts of weights: fused, cut and put together again without a changed bit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rl_backend import weights
from rl_backend.expert_shape import Experts
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
    "qwen3 with experts": replace(
        SHAPE,
        family=ModelFamily.QWEN3_MOE,
        has_qk_norm=True,
        experts=Experts(
            num=4, per_token=2, ffn_size=6, layers=frozenset({0, 1}), is_renormalized=True
        ),
    ),
    "glm with experts": replace(
        SHAPE,
        family=ModelFamily.GLM4_MOE,
        has_qkv_bias=True,
        experts=Experts(
            num=4,
            per_token=2,
            ffn_size=6,
            layers=frozenset({1}),
            is_renormalized=True,
            is_sigmoid=True,
            scaling=2.5,
            shared_ffn_size=6,
        ),
    ),
}


def hf_state(shape: ModelShape) -> dict[str, Tensor]:
    width, kv = shape.num_heads * shape.head_dim, shape.num_kv_heads * shape.head_dim
    hidden = shape.hidden_size
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
        sizes |= ffn_sizes(shape, layer, f"{prefix}mlp.")
        sizes[f"{prefix}input_layernorm.weight"] = (hidden,)
        sizes[f"{prefix}post_attention_layernorm.weight"] = (hidden,)
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(size, generator=generator) for name, size in sizes.items()}


def ffn_sizes(shape: ModelShape, layer: int, prefix: str) -> dict[str, tuple[int, ...]]:
    experts, hidden = shape.experts, shape.hidden_size
    if experts is None or layer not in experts.layers:
        return gated_sizes(prefix, hidden, shape.ffn_size)
    sizes: dict[str, tuple[int, ...]] = {f"{prefix}gate.weight": (experts.num, hidden)}
    for number in range(experts.num):
        sizes |= gated_sizes(f"{prefix}experts.{number}.", hidden, experts.ffn_size)
    if experts.is_sigmoid:
        sizes[f"{prefix}gate.e_score_correction_bias"] = (experts.num,)
        sizes |= gated_sizes(f"{prefix}shared_experts.", hidden, experts.shared_ffn_size)
    return sizes


def gated_sizes(prefix: str, hidden: int, ffn: int) -> dict[str, tuple[int, ...]]:
    names = dict.fromkeys(("gate_proj", "up_proj"), (ffn, hidden)) | {"down_proj": (hidden, ffn)}
    return {f"{prefix}{name}.weight": size for name, size in names.items()}


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


def test_an_expert_on_a_later_rank_has_its_number_in_the_whole_layer() -> None:
    local = "decoder.layers.0.mlp.experts.local_experts.1.linear_fc2.weight"
    found = weights.global_name(local, layer_offset=3, expert_offset=4)
    assert found == "decoder.layers.3.mlp.experts.local_experts.5.linear_fc2.weight"
    assert weights.is_expert(found)
    assert weights.split_kind(found) is weights.SplitKind.REPLICATED


def test_the_layer_that_predicts_a_second_token_is_left_out() -> None:
    shape = SHAPES["glm with experts"]
    state = hf_state(shape)
    more = {"model.layers.2.eh_proj.weight": torch.zeros(1)}
    assert weights.megatron_from_hf(state | more, shape).keys() == (
        weights.megatron_from_hf(state, shape).keys()
    )


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
