"""Configs of transformers 4 and 5 are read alike; what cannot be built is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rl_backend.model_shape import ModelFamily, read_model_shape
from world_builder.frozen import Json

CONFIG: dict[str, Json] = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "vocab_size": 320,
    "max_position_embeddings": 128,
}
LLAMA3: dict[str, Json] = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def written(directory: Path, changes: dict[str, Json]) -> Path:
    (directory / "config.json").write_text(json.dumps(CONFIG | changes))
    return directory


def test_defaults_are_those_of_the_family(tmp_path: Path) -> None:
    shape = read_model_shape(written(tmp_path, {}))
    assert (shape.num_kv_heads, shape.head_dim) == (4, 16)
    assert (shape.rope_theta, shape.llama3_rope_factor) == (10_000.0, None)
    assert (shape.has_tied_embeddings, shape.has_qkv_bias, shape.has_qk_norm) == (False,) * 3


@pytest.mark.parametrize(
    "rope", [{"rope_theta": 5e5}, {"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}]
)
def test_both_spellings_of_the_rotary_base_are_read(tmp_path: Path, rope: dict[str, Json]) -> None:
    assert read_model_shape(written(tmp_path, rope)).rope_theta == 5e5


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_scaling": LLAMA3, "rope_theta": 5e5},
        {"rope_parameters": LLAMA3 | {"rope_theta": 5e5}},
    ],
)
def test_llama3_scaling_is_read(tmp_path: Path, rope: dict[str, Json]) -> None:
    shape = read_model_shape(written(tmp_path, rope))
    assert (shape.rope_theta, shape.llama3_rope_factor) == (5e5, 8.0)


@pytest.mark.parametrize(
    ("family", "has_bias", "has_norm"), [("qwen2", True, False), ("qwen3", False, True)]
)
def test_qwen_families_differ_in_attention(
    tmp_path: Path, family: str, has_bias: bool, has_norm: bool
) -> None:
    shape = read_model_shape(written(tmp_path, {"model_type": family}))
    assert shape.family is ModelFamily(family)
    assert (shape.has_qkv_bias, shape.has_qk_norm) == (has_bias, has_norm)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "gpt2"}, "model_type"),
        ({"hidden_act": "gelu"}, "hidden_act=gelu"),
        ({"attention_bias": True, "mlp_bias": True}, "attention_bias=true, mlp_bias=true"),
        ({"model_type": "mistral", "sliding_window": 64}, "sliding attention window"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, "rope_type=yarn"),
        ({"rope_parameters": LLAMA3 | {"high_freq_factor": 2.0}}, "rope_type=llama3"),
        ({"vocab_size": None}, "vocab_size"),
    ],
)
def test_a_model_that_cannot_be_built_is_refused(
    tmp_path: Path, changes: dict[str, Json], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_model_shape(written(tmp_path, changes))


def test_a_directory_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"config\.json"):
        read_model_shape(tmp_path)
