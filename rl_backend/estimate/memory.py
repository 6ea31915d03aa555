"""Bytes that training and serving take on one device.

Trainer: weights, gradients and Adam's state by Megatron's published rule, activations that the
backward pass wants, and the logits. Engine: weights and the cache of keys and values. What the
formulas leave out (CUDA's own memory, NCCL's buffers, fragments) is `RUNTIME_BYTES`, an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass

from rl_backend.estimate.decoder import Decoder
from rl_backend.estimate.layout import Layout, largest_share
from rl_backend.estimate.parameters import count

ITEM_BYTES = {"float32": 4, "bfloat16": 2}
RUNTIME_BYTES = 5e9
"""Of a GPU, taken by neither parameters nor activations: an assumption, not a measurement."""
GRADIENT_BYTES = 4
"""Gradients are summed in float32 whatever the weights are."""
SCORED_COPIES = 5
"""Float32 copies of the logits of trained tokens that are there at once: scaled, of the
cross-entropy, and three of the entropy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerMemory:
    """Bytes on the fullest device of the trainer."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    host: float
    """Not on the device: the optimizer's state in the memory of the host, per rank, and the
    gradients that it is sent."""

    @property
    def total(self) -> float:
        state = self.weights + self.gradients + self.optimizer
        return state + self.activations + self.logits


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineMemory:
    """Bytes on one device of an engine, and what its cache holds."""

    weights: float
    cache: float
    tokens: int
    """Tokens that the cache of the whole engine holds, over all requests."""

    @property
    def total(self) -> float:
        return self.weights + self.cache


def optimizer_bytes(dtype: str) -> int:
    """Adam's bytes for one parameter: two moments and, beside bfloat16, a master weight.

    >>> 2 + GRADIENT_BYTES + optimizer_bytes("bfloat16"), 4 + 4 + optimizer_bytes("float32")
    (18, 16)
    """
    return 8 if dtype == "float32" else 12


def state_bytes(dtype: str, num_ranks: int = 1) -> float:
    """Bytes of weight, gradient and optimizer for one parameter on one of `num_ranks` ranks.

    Source: Megatron Core, distributed optimizer: 6 + 12 / d and 8 + 8 / d.
    """
    return ITEM_BYTES[dtype] + GRADIENT_BYTES + optimizer_bytes(dtype) / num_ranks


def trainer_memory(
    decoder: Decoder,
    layout: Layout,
    *,
    dtype: str,
    num_tokens: int,
    trained_share: float = 1.0,
    is_fused: bool = True,
) -> TrainerMemory:
    """The fullest device while it computes a microbatch of `num_tokens` packed tokens.

    `trained_share` is the part of the tokens that carry loss. `is_fused` False stands for
    Megatron's local layers, which run without CUDA.
    """
    share = largest_share(decoder, layout)
    num_updated = share.dense / layout.data_parallel + share.experts / layout.expert_data_parallel
    adam = optimizer_bytes(dtype) * num_updated
    return TrainerMemory(
        weights=share.total * ITEM_BYTES[dtype],
        gradients=share.total * GRADIENT_BYTES,
        optimizer=0.0 if layout.is_optimizer_on_cpu else adam,
        activations=num_tokens * activation_bytes(decoder, layout, dtype=dtype, is_fused=is_fused),
        logits=num_tokens * logit_bytes(decoder, layout, dtype=dtype, trained_share=trained_share),
        host=adam + GRADIENT_BYTES * num_updated if layout.is_optimizer_on_cpu else 0.0,
    )


def activation_bytes(
    decoder: Decoder, layout: Layout, *, dtype: str, is_fused: bool = True
) -> float:
    """Bytes kept for one token of a microbatch by the layers of the first pipeline stage.

    That stage has as many microbatches under way as there are stages, so it keeps as much as the
    whole model would for one. With recomputation a layer keeps its input alone, and one layer at a
    time is there in full.
    """
    item, width = ITEM_BYTES[dtype], decoder.hidden_size
    kept = kept_values if is_fused else kept_values_locally
    num_sparse = len(decoder.sparse_layers)
    numbers = ((decoder.num_layers - num_sparse, False), (num_sparse, True))
    layers = [(num, kept(decoder, layout, is_sparse=kind)) for num, kind in numbers if num]
    if not layout.is_recomputed:
        return item * sum(num * values for num, values in layers)
    tokens_cut = layout.tensor_parallel if layout.is_sequence_parallel else 1
    return item * (decoder.num_layers * width / tokens_cut + max(values for _, values in layers))


def logit_bytes(decoder: Decoder, layout: Layout, *, dtype: str, trained_share: float) -> float:
    """Bytes of one token's logits on the last stage while the loss is computed.

    The logits and their gradient in the model's format for every token, float32 copies for the
    trained ones. Scoring the whole microbatch without gradients takes less than twice the float32
    logits beside the logits themselves.
    """
    item = ITEM_BYTES[dtype]
    training = 2 * item + 4 * SCORED_COPIES * trained_share
    scoring = item + 2 * 4
    return decoder.vocab_size / layout.tensor_parallel * max(training, scoring)


def kv_bytes(decoder: Decoder, *, dtype: str, tensor_parallel: int = 1) -> float:
    """Bytes that one token takes in the cache of one device of an engine."""
    heads = max(1.0, decoder.num_kv_heads / tensor_parallel)
    return 2 * decoder.num_layers * heads * decoder.head_dim * ITEM_BYTES[dtype]


def engine_memory(
    decoder: Decoder, *, dtype: str, tensor_parallel: int, budget: float
) -> EngineMemory:
    """What an engine makes of `budget` bytes on each of its devices; all but weights is cache."""
    weights = count(decoder).total * ITEM_BYTES[dtype] / tensor_parallel
    cache = max(0.0, budget - weights)
    per_token = kv_bytes(decoder, dtype=dtype, tensor_parallel=tensor_parallel)
    return EngineMemory(weights=weights, cache=cache, tokens=int(cache // per_token))


def checkpoint_bytes(decoder: Decoder, *, dtype: str) -> float:
    """Bytes of one checkpoint on the disk: weights, master weights (in float32 too) and moments."""
    return count(decoder).total * (ITEM_BYTES[dtype] + optimizer_bytes("bfloat16"))


def kept_values(decoder: Decoder, layout: Layout, *, is_sparse: bool) -> float:
    """Numbers that a layer keeps for one token, with fused kernels.

    Two norms keep input and output; attention keeps queries, keys, values and its output; a gated
    part keeps gate, up and their product. Source: arXiv 2205.05198, section 4.1,
    whose 34 bytes a unit of width are these for a plain layer in 16 bits, with 2 for dropout.
    """
    heads = 2 * decoder.attention_width + 2 * decoder.kv_width
    if decoder.has_qk_norm:
        heads += decoder.attention_width + decoder.kv_width
    gated = _kept_by_experts(decoder, 3) if is_sparse else 3 * decoder.ffn_size
    return _cut(layout, between=4 * decoder.hidden_size, inside=heads + gated)


def kept_values_locally(decoder: Decoder, layout: Layout, *, is_sparse: bool) -> float:
    """The same of Megatron's local layers, counted in the trainer (`tests/.../test_memory.py`).

    A norm keeps its product with the inverse deviation too; the matrix of queries, keys and values
    stays whole beside rotated queries and keys; attention's output is there for each row and for
    the line; a gated part keeps two more values; and angles are kept once for queries and keys.
    """
    width, kv_width = decoder.attention_width, decoder.kv_width
    heads = 4 * width + 3 * kv_width + decoder.num_heads
    if decoder.has_qk_norm:
        heads += 2 * width + kv_width + decoder.num_heads + decoder.num_kv_heads
    gated = _kept_by_experts(decoder, 5) if is_sparse else 5 * decoder.ffn_size
    between = 6 * decoder.hidden_size + 2 + 4 * decoder.head_dim
    return _cut(layout, between=between, inside=heads + gated)


def _cut(layout: Layout, *, between: float, inside: float) -> float:
    """One rank's part: what lies between matrices is cut only under sequence parallelism."""
    tensor = layout.tensor_parallel
    return between / (tensor if layout.is_sequence_parallel else 1) + inside / tensor


def _kept_by_experts(decoder: Decoder, num_gated: int) -> float:
    """Each chosen expert keeps its input, its gated part and its output; and so do the shared."""
    one = 2 * decoder.hidden_size + num_gated * decoder.expert_ffn_size
    return decoder.num_experts + one * (decoder.experts_per_token + decoder.num_shared_experts)
