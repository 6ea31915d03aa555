"""The sizes of a Hugging Face Llama-like model, read from its `config.json`.

Start of the trainer's path: everything that builds a model or converts weights reads this type
instead of a raw config. Reads one small file; knows neither tensors nor Megatron.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from rl_backend.expert_shape import ExpertKeys, Experts


class ModelFamily(StrEnum):
    """Architectures whose weights can be converted."""

    LLAMA = "llama"
    MISTRAL = "mistral"
    QWEN2 = "qwen2"
    QWEN3 = "qwen3"
    QWEN3_MOE = "qwen3_moe"
    GLM4_MOE = "glm4_moe"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """What a decoder needs to know about itself."""

    family: ModelFamily
    num_layers: int
    hidden_size: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    ffn_size: int
    vocab_size: int
    max_positions: int
    norm_epsilon: float
    rope_theta: float
    llama3_rope_factor: float | None
    """Factor of Llama 3.1's rotary scaling; None: plain rotary embedding."""
    has_tied_embeddings: bool
    has_qkv_bias: bool
    has_qk_norm: bool
    rotary_share: float = 1.0
    """Part of a head's numbers that positions turn."""
    experts: Experts | None = None
    """None: every layer is dense."""

    def is_sparse(self, layer: int) -> bool:
        """Whether the layer with this number has experts."""
        return self.experts is not None and layer in self.experts.layers


class _Rope(BaseModel):
    model_config = ConfigDict(extra="ignore")
    rope_theta: float | None = None
    rope_type: str = "default"
    partial_rotary_factor: float | None = None
    factor: float | None = None
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_max_position_embeddings: int = 8192


class _Config(BaseModel):
    """The keys of `config.json` that matter here, in the spelling of transformers 4 and 5."""

    model_config = ConfigDict(extra="ignore")
    model_type: ModelFamily
    num_hidden_layers: int
    hidden_size: int
    num_attention_heads: int
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    rms_norm_eps: float = 1e-6
    hidden_act: str = "silu"
    rope_theta: float | None = None
    rope_scaling: _Rope | None = None
    rope_parameters: _Rope = Field(default_factory=_Rope)
    tie_word_embeddings: bool = False
    attention_bias: bool = False
    use_qk_norm: bool = False
    partial_rotary_factor: float | None = None
    mlp_bias: bool = False
    use_sliding_window: bool = False
    sliding_window: int | None = None


def read_model_shape(model_dir: Path) -> ModelShape:
    """The shape of the model in a Hugging Face directory.

    Raises:
        ValueError: there is no readable config, or the model is of a kind that the trainer does
            not build; the message names the setting.
    """
    path = model_dir / "config.json"
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))
        config = _Config.model_validate(keys)
        experts = _experts(config, keys)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not the config of a supported model: {error}") from error
    rope = config.rope_scaling or config.rope_parameters
    _check_supported(config, rope, path)
    return ModelShape(
        family=config.model_type,
        num_layers=config.num_hidden_layers,
        hidden_size=config.hidden_size,
        num_heads=config.num_attention_heads,
        num_kv_heads=config.num_key_value_heads or config.num_attention_heads,
        head_dim=config.head_dim or config.hidden_size // config.num_attention_heads,
        ffn_size=config.intermediate_size,
        vocab_size=config.vocab_size,
        max_positions=config.max_position_embeddings,
        norm_epsilon=config.rms_norm_eps,
        rope_theta=config.rope_parameters.rope_theta or config.rope_theta or 10_000.0,
        llama3_rope_factor=rope.factor if rope.rope_type == "llama3" else None,
        has_tied_embeddings=config.tie_word_embeddings,
        has_qkv_bias=config.model_type is ModelFamily.QWEN2 or config.attention_bias,
        has_qk_norm=config.use_qk_norm
        or config.model_type in (ModelFamily.QWEN3, ModelFamily.QWEN3_MOE),
        rotary_share=_rotary_share(config),
        experts=experts,
    )


def _experts(config: _Config, keys: object) -> Experts | None:
    if config.model_type not in (ModelFamily.QWEN3_MOE, ModelFamily.GLM4_MOE):
        return None
    is_sigmoid = config.model_type is ModelFamily.GLM4_MOE
    return ExpertKeys.model_validate(keys).experts(is_sigmoid=is_sigmoid)


def _rotary_share(config: _Config) -> float:
    if config.model_type is not ModelFamily.GLM4_MOE:
        return 1.0
    rope = config.rope_parameters.partial_rotary_factor
    return rope or config.partial_rotary_factor or 0.5


def _check_supported(config: _Config, rope: _Rope, path: Path) -> None:
    is_stock_llama3 = (
        rope.low_freq_factor == 1.0
        and rope.high_freq_factor == 4.0
        and rope.original_max_position_embeddings == 8192
        and rope.factor is not None
    )
    is_windowed = config.sliding_window is not None and (
        config.use_sliding_window or config.model_type is ModelFamily.MISTRAL
    )
    obstacles = {
        f"hidden_act={config.hidden_act}": config.hidden_act != "silu",
        "attention_bias=true": config.attention_bias
        and config.model_type is not ModelFamily.GLM4_MOE,
        "mlp_bias=true": config.mlp_bias,
        "a sliding attention window": is_windowed,
        f"rope_type={rope.rope_type}": not (
            rope.rope_type == "default" or (rope.rope_type == "llama3" and is_stock_llama3)
        ),
    }
    found = [name for name, is_there in obstacles.items() if is_there]
    if found:
        raise ValueError(f"{path}: the trainer cannot build a model with {', '.join(found)}")
