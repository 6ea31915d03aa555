"""Weight names and layouts: Hugging Face <-> Megatron-core, for Llama, Qwen and GLM-4 with experts.

Between the trainer, whose tensors are fused and cut over ranks, and the engine, which reads
Hugging Face names. Pure functions on tensors: who gathers the shards is the trainer's concern,
and reading and writing directories is `hf_checkpoint`.

Megatron keeps query, key and value in one matrix, ordered by key-value group (the queries of the
group, its key, its value), and the gate and up projections one after the other in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import torch
from torch import Tensor

from rl_backend.model_shape import ModelShape

StateDict = dict[str, Tensor]


class SplitKind(StrEnum):
    """How tensor parallelism cuts a weight."""

    REPLICATED = "replicated"
    ROWS = "rows"
    COLUMNS = "columns"
    GATED = "gated"
    """Two stacked matrices, each cut by rows."""


_TOP_LEVEL = {
    "embedding.word_embeddings.weight": "model.embed_tokens.weight",
    "decoder.final_layernorm.weight": "model.norm.weight",
    "output_layer.weight": "lm_head.weight",
}
_PER_LAYER = {
    "self_attention.linear_proj.weight": "self_attn.o_proj.weight",
    "input_layernorm.weight": "input_layernorm.weight",
    "pre_mlp_layernorm.weight": "post_attention_layernorm.weight",
}
_QK_NORM = {
    "self_attention.q_layernorm.weight": "self_attn.q_norm.weight",
    "self_attention.k_layernorm.weight": "self_attn.k_norm.weight",
}
_FUSED_NORMS = {
    "self_attention.linear_qkv.layer_norm_weight": "input_layernorm.weight",
    "mlp.linear_fc1.layer_norm_weight": "pre_mlp_layernorm.weight",
}
_SPLITS = {
    "embedding.word_embeddings.weight": SplitKind.ROWS,
    "output_layer.weight": SplitKind.ROWS,
    "linear_qkv.weight": SplitKind.ROWS,
    "linear_qkv.bias": SplitKind.ROWS,
    "linear_proj.weight": SplitKind.COLUMNS,
    "linear_fc1.weight": SplitKind.GATED,
    "linear_fc2.weight": SplitKind.COLUMNS,
}
_ROUTER = {"mlp.router.weight": "mlp.gate.weight"}
_CORRECTION = {"mlp.router.expert_bias": "mlp.gate.e_score_correction_bias"}
_EXPERTS = ".mlp.experts."
_LOCAL = "local_experts."
_IGNORED_SUFFIX = "rotary_emb.inv_freq"


def megatron_from_hf(state: Mapping[str, Tensor], shape: ModelShape) -> StateDict:
    """The same weights under Megatron's names, whole (not cut over ranks).

    Raises:
        ValueError: a weight is missing, or one is there that the mapping does not know.
    """
    left = {name: value for name, value in state.items() if not _is_ignored(name, shape)}
    if shape.has_tied_embeddings:
        left.pop("lm_head.weight", None)
    try:
        full = {name: left.pop(hf_name) for name, hf_name in _direct_names(shape).items()}
        for layer in range(shape.num_layers):
            full |= _fuse_layer(left, layer, shape)
    except KeyError as error:
        raise ValueError(f"the model's weights lack {error.args[0]}") from error
    if left:
        raise ValueError(f"the model has weights that cannot be converted: {sorted(left)[:5]}")
    return full


def hf_from_megatron(full: Mapping[str, Tensor], shape: ModelShape) -> StateDict:
    """The inverse of `megatron_from_hf`; exact, since nothing is computed. Shares no memory."""
    state = {hf_name: full[name] for name, hf_name in _direct_names(shape).items()}
    for layer in range(shape.num_layers):
        state |= _split_layer(full, layer, shape)
    return {
        name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in state.items()
    }


def global_name(name: str, *, layer_offset: int, expert_offset: int = 0) -> str:
    """A parameter's name in the whole model, given the layers on earlier stages, and the experts of
    each layer on earlier expert-parallel ranks.

    Layer norms that TransformerEngine fuses into the next matrix get their own names back.
    """
    if not name.startswith("decoder.layers."):
        return name
    _, _, layer, rest = name.split(".", 3)
    head, is_expert, tail = rest.partition(_LOCAL)
    if is_expert:
        expert, _, tail = tail.partition(".")
        rest = f"{head}{_LOCAL}{int(expert) + expert_offset}.{tail}"
    return f"decoder.layers.{int(layer) + layer_offset}.{_FUSED_NORMS.get(rest, rest)}"


def is_expert(name: str) -> bool:
    """Whether the parameter with this global name belongs to one of a layer's routed experts."""
    return _EXPERTS in name


def split_kind(name: str) -> SplitKind:
    """How tensor parallelism cuts the parameter with this global name; experts stay whole."""
    if is_expert(name):
        return SplitKind.REPLICATED
    for suffix, kind in _SPLITS.items():
        if name.endswith(suffix):
            return kind
    return SplitKind.REPLICATED


def shard(full: Tensor, kind: SplitKind, *, rank: int, num_ranks: int) -> Tensor:
    """The part of a whole weight that tensor-parallel rank `rank` holds."""
    match kind:
        case SplitKind.REPLICATED:
            return full
        case SplitKind.ROWS:
            return full.chunk(num_ranks, 0)[rank]
        case SplitKind.COLUMNS:
            return full.chunk(num_ranks, 1)[rank]
        case SplitKind.GATED:
            return torch.cat([half.chunk(num_ranks, 0)[rank] for half in full.chunk(2, 0)])


def unshard(parts: Sequence[Tensor], kind: SplitKind) -> Tensor:
    """The whole weight from the parts of all tensor-parallel ranks, in rank order."""
    match kind:
        case SplitKind.REPLICATED:
            return parts[0]
        case SplitKind.ROWS:
            return torch.cat(list(parts), 0)
        case SplitKind.COLUMNS:
            return torch.cat(list(parts), 1)
        case SplitKind.GATED:
            halves = [part.chunk(2, 0) for part in parts]
            return torch.cat([half[0] for half in halves] + [half[1] for half in halves])


def _direct_names(shape: ModelShape) -> dict[str, str]:
    names = dict(_TOP_LEVEL)
    if shape.has_tied_embeddings:
        del names["output_layer.weight"]
    per_layer = _PER_LAYER | (_QK_NORM if shape.has_qk_norm else {})
    for layer in range(shape.num_layers):
        here = per_layer | _router_names(layer, shape)
        here |= {f"{ours}linear_fc2.weight": f"{hf}down_proj.weight"
                 for ours, hf in _gated_parts(layer, shape)}  # fmt: skip
        for name, hf_name in here.items():
            names[f"decoder.layers.{layer}.{name}"] = f"model.layers.{layer}.{hf_name}"
    return names


def _router_names(layer: int, shape: ModelShape) -> dict[str, str]:
    if shape.experts is None or not shape.is_sparse(layer):
        return {}
    return _ROUTER | (_CORRECTION if shape.experts.is_sigmoid else {})


def _gated_parts(layer: int, shape: ModelShape) -> list[tuple[str, str]]:
    """Megatron's and Hugging Face's prefix of every feed-forward part of a layer."""
    experts = shape.experts
    if experts is None or not shape.is_sparse(layer):
        return [("mlp.", "mlp.")]
    parts = [(f"mlp.experts.{_LOCAL}{n}.", f"mlp.experts.{n}.") for n in range(experts.num)]
    shared = ("mlp.shared_experts.", "mlp.shared_experts.")
    return [*parts, shared] if experts.shared_ffn_size else parts


def _is_ignored(name: str, shape: ModelShape) -> bool:
    """Tables of angles, and the layer of GLM's that predicts a second token."""
    is_beyond = name.startswith(f"model.layers.{shape.num_layers}.")
    return name.endswith(_IGNORED_SUFFIX) or (is_beyond and shape.experts is not None)


def _qkv_parts(shape: ModelShape) -> tuple[str, ...]:
    return ("weight", "bias") if shape.has_qkv_bias else ("weight",)


def _fuse_layer(state: StateDict, layer: int, shape: ModelShape) -> StateDict:
    hf, name = f"model.layers.{layer}.", f"decoder.layers.{layer}."
    fused = {}
    for part in _qkv_parts(shape):
        query, key, value = (state.pop(f"{hf}self_attn.{x}_proj.{part}") for x in "qkv")
        groups = [x.view(shape.num_kv_heads, -1, *x.shape[1:]) for x in (query, key, value)]
        fused[f"{name}self_attention.linear_qkv.{part}"] = torch.cat(groups, 1).flatten(0, 1)
    for ours, theirs in _gated_parts(layer, shape):
        gate, up = (state.pop(f"{hf}{theirs}{x}_proj.weight") for x in ("gate", "up"))
        fused[f"{name}{ours}linear_fc1.weight"] = torch.cat([gate, up])
    return fused


def _split_layer(full: Mapping[str, Tensor], layer: int, shape: ModelShape) -> StateDict:
    hf, name = f"model.layers.{layer}.", f"decoder.layers.{layer}."
    queries = shape.num_heads // shape.num_kv_heads * shape.head_dim
    state = {}
    for part in _qkv_parts(shape):
        fused = full[f"{name}self_attention.linear_qkv.{part}"]
        groups = fused.view(shape.num_kv_heads, -1, *fused.shape[1:])
        cuts = torch.split(groups, [queries, shape.head_dim, shape.head_dim], 1)
        for letter, cut in zip("qkv", cuts, strict=True):
            state[f"{hf}self_attn.{letter}_proj.{part}"] = cut.flatten(0, 1)
    for ours, theirs in _gated_parts(layer, shape):
        gate, up = full[f"{name}{ours}linear_fc1.weight"].chunk(2, 0)
        state[f"{hf}{theirs}gate_proj.weight"] = gate
        state[f"{hf}{theirs}up_proj.weight"] = up
    return state
