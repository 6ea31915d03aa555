"""How many parameters a decoder has, by what they are for.

Counts are exact: tests hold them to the published sizes of the weights. How they are cut over
ranks is `layout`'s business, what a parameter costs in bytes `memory`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rl_backend.estimate.decoder import Decoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Parameters of a model, or of a part of it."""

    embedding: int = 0
    head: int = 0
    """The output layer; 0 where it is the embedding again."""
    attention: int = 0
    dense_ffn: int = 0
    experts: int = 0
    """Routed experts, all of them."""
    shared_experts: int = 0
    routers: int = 0
    norms: int = 0

    @property
    def total(self) -> int:
        return self.embedding + self.head + self.layers

    @property
    def layers(self) -> int:
        """Without embedding and output layer; the last norm counts among the layers."""
        return self.non_expert_layers + self.experts

    @property
    def non_expert_layers(self) -> int:
        """What every token goes through in the layers."""
        ffn = self.dense_ffn + self.shared_experts + self.routers
        return self.attention + ffn + self.norms


@lru_cache(maxsize=256)
def count(decoder: Decoder) -> Parameters:
    """The parameters of the trained model, without layers that predict a second token."""
    table = decoder.vocab_size * decoder.hidden_size
    layers = layer_parameters(decoder, range(decoder.num_layers))
    return Parameters(
        embedding=table,
        head=0 if decoder.has_tied_embeddings else table,
        attention=layers.attention,
        dense_ffn=layers.dense_ffn,
        experts=layers.experts,
        shared_experts=layers.shared_experts,
        routers=layers.routers,
        norms=layers.norms + decoder.hidden_size,
    )


@lru_cache(maxsize=1024)
def layer_parameters(decoder: Decoder, layers: range) -> Parameters:
    """The parameters of some layers, embeddings and the last norm left out."""
    num_sparse = sum(layer in layers for layer in decoder.sparse_layers)
    gated = 3 * decoder.hidden_size
    router = decoder.num_experts * (decoder.hidden_size + decoder.has_router_bias)
    return Parameters(
        attention=len(layers) * _attention(decoder),
        dense_ffn=(len(layers) - num_sparse) * gated * decoder.ffn_size,
        experts=num_sparse * gated * decoder.num_experts * decoder.expert_ffn_size,
        shared_experts=num_sparse * gated * decoder.num_shared_experts * decoder.expert_ffn_size,
        routers=num_sparse * router,
        norms=len(layers) * 2 * decoder.hidden_size,
    )


def num_active(decoder: Decoder) -> int:
    """Parameters that one token goes through, embedding and output layer included."""
    parts = count(decoder)
    return parts.total - parts.experts + _active_experts(decoder, parts)


def num_multiplied(decoder: Decoder) -> int:
    """Parameters of the matrices that one token is multiplied with: `N` of `6 N` FLOPs a token.

    The output layer is among them, tied or not; the embedding, a look-up, is not.
    """
    parts = count(decoder)
    head = decoder.vocab_size * decoder.hidden_size
    return parts.non_expert_layers - parts.norms + _active_experts(decoder, parts) + head


def num_mtp(decoder: Decoder) -> int:
    """Parameters of the layers that predict a second token, embeddings shared with the model.

    Each is a layer like the last, a projection of twice the width, and three norms.
    """
    width = decoder.hidden_size
    last = layer_parameters(decoder, range(decoder.num_layers - 1, decoder.num_layers))
    return decoder.num_mtp_layers * (last.layers + 2 * width * width + 3 * width)


def _active_experts(decoder: Decoder, parts: Parameters) -> int:
    if not decoder.is_sparse:
        return 0
    return parts.experts // decoder.num_experts * decoder.experts_per_token


def _attention(decoder: Decoder) -> int:
    width, kv_width = decoder.attention_width, decoder.kv_width
    matrices = 2 * decoder.hidden_size * (width + kv_width)
    biases = width + 2 * kv_width if decoder.has_qkv_bias else 0
    norms = 2 * decoder.head_dim if decoder.has_qk_norm else 0
    return matrices + biases + norms
