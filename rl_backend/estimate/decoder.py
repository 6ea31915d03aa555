"""The sizes of a decoder that an estimate needs, dense or mixture of experts.

Wider than `rl_backend.model_shape`, which admits only what the trainer can build: an estimate may
be asked for before anyone can train the model. Reads the keys of a Hugging Face `config.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from world_builder.frozen import Json

ESTIMATED = ("llama", "mistral", "qwen2", "qwen3", "qwen3_moe", "glm4_moe")
"""Values of `model_type` whose parameters are counted here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """A transformer with grouped-query attention and gated feed-forward layers."""

    model_type: str
    num_layers: int
    hidden_size: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    ffn_size: int
    """Width of a dense layer's gated part."""
    vocab_size: int
    has_tied_embeddings: bool = False
    has_qkv_bias: bool = False
    has_qk_norm: bool = False
    num_experts: int = 0
    """Routed experts of a sparse layer; 0: the model is dense."""
    experts_per_token: int = 0
    expert_ffn_size: int = 0
    num_shared_experts: int = 0
    """Experts that see every token, beside the routed ones."""
    sparse_layers: tuple[int, ...] = ()
    """Numbers of the layers that have experts, from 0."""
    has_router_bias: bool = False
    num_mtp_layers: int = 0
    """Layers that predict a second token: in the published weights, not in the trained model."""

    @property
    def is_sparse(self) -> bool:
        return self.num_experts > 0

    @property
    def attention_width(self) -> int:
        """Width of all query heads together."""
        return self.num_heads * self.head_dim

    @property
    def kv_width(self) -> int:
        """Width of all key heads together, which is that of the value heads."""
        return self.num_kv_heads * self.head_dim


class _Config(BaseModel):
    """The keys that matter, in the spelling of every supported `model_type`."""

    model_config = ConfigDict(extra="ignore")
    model_type: str
    num_hidden_layers: int
    hidden_size: int
    num_attention_heads: int
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    intermediate_size: int
    vocab_size: int
    tie_word_embeddings: bool = False
    attention_bias: bool = False
    use_qk_norm: bool = False
    num_experts: int | None = None
    num_local_experts: int | None = None
    n_routed_experts: int | None = None
    n_shared_experts: int | None = None
    num_experts_per_tok: int = 0
    moe_intermediate_size: int = 0
    first_k_dense_replace: int = 0
    decoder_sparse_step: int = 1
    mlp_only_layers: tuple[int, ...] | None = None
    num_nextn_predict_layers: int = 0

    @model_validator(mode="after")
    def _is_estimated(self) -> Self:
        if self.model_type not in ESTIMATED:
            raise ValueError(
                f"model_type={self.model_type} is not estimated; there are {', '.join(ESTIMATED)}"
            )
        return self

    @property
    def routed_experts(self) -> int:
        return self.num_experts or self.num_local_experts or self.n_routed_experts or 0

    def sparse_layers(self) -> tuple[int, ...]:
        if not self.routed_experts:
            return ()
        dense = self.mlp_only_layers or ()
        return tuple(
            layer
            for layer in range(self.first_k_dense_replace, self.num_hidden_layers)
            if layer not in dense and (layer + 1) % self.decoder_sparse_step == 0
        )


def decoder_from_config(config: Mapping[str, Json]) -> Decoder:
    """The decoder of a parsed `config.json`.

    Raises:
        ValueError: a key is missing, or the architecture is not estimated.
    """
    try:
        read = _Config.model_validate(config)
    except ValidationError as error:
        raise ValueError("; ".join(_told(item) for item in error.errors())) from error
    return Decoder(
        model_type=read.model_type,
        num_layers=read.num_hidden_layers,
        hidden_size=read.hidden_size,
        num_heads=read.num_attention_heads,
        num_kv_heads=read.num_key_value_heads or read.num_attention_heads,
        head_dim=read.head_dim or read.hidden_size // read.num_attention_heads,
        ffn_size=read.intermediate_size,
        vocab_size=read.vocab_size,
        has_tied_embeddings=read.tie_word_embeddings,
        has_qkv_bias=read.attention_bias or read.model_type == "qwen2",
        has_qk_norm=read.use_qk_norm or read.model_type in {"qwen3", "qwen3_moe"},
        num_experts=read.routed_experts,
        experts_per_token=read.num_experts_per_tok if read.routed_experts else 0,
        expert_ffn_size=read.moe_intermediate_size,
        num_shared_experts=read.n_shared_experts or 0,
        sparse_layers=read.sparse_layers(),
        has_router_bias=read.model_type == "glm4_moe",
        num_mtp_layers=read.num_nextn_predict_layers,
    )


def read_decoder(path: Path) -> Decoder:
    """The decoder of a model directory or of a `config.json`.

    Raises:
        ValueError: it cannot be read, or the architecture is not estimated.
    """
    file = path / "config.json" if path.is_dir() else path
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{file} is not the config of a model")
    try:
        return decoder_from_config(config)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _told(item: Mapping[str, object]) -> str:
    where = ".".join(str(part) for part in item["loc"]) if isinstance(item["loc"], tuple) else ""
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
