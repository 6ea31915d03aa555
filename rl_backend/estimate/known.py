"""Sizes of models that people ask about, so that a plan needs no download.

Each is what its `config.json` on the Hugging Face hub says, without the keys that an estimate does
not read. A model that is on the disk is read from there instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rl_backend.estimate.decoder import Decoder, decoder_from_config, read_decoder
from world_builder.frozen import Json

_QWEN3: dict[str, Json] = {"model_type": "qwen3", "head_dim": 128, "vocab_size": 151936}
_LLAMA3: dict[str, Json] = {"model_type": "llama", "num_key_value_heads": 8, "vocab_size": 128256}
_GLM45: dict[str, Json] = {
    "model_type": "glm4_moe",
    "num_hidden_layers": 92,
    "hidden_size": 5120,
    "num_attention_heads": 96,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 12288,
    "vocab_size": 151552,
    "attention_bias": True,
    "use_qk_norm": True,
    "n_routed_experts": 160,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 1536,
    "first_k_dense_replace": 3,
    "num_nextn_predict_layers": 1,
}

KNOWN: Mapping[str, Mapping[str, Json]] = {
    "Qwen3-0.6B": _QWEN3
    | {
        "num_hidden_layers": 28,
        "hidden_size": 1024,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "intermediate_size": 3072,
        "tie_word_embeddings": True,
    },
    "Qwen3-8B": _QWEN3
    | {
        "num_hidden_layers": 36,
        "hidden_size": 4096,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "intermediate_size": 12288,
    },
    "Qwen3-32B": _QWEN3
    | {
        "num_hidden_layers": 64,
        "hidden_size": 5120,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "intermediate_size": 25600,
    },
    "Qwen3-30B-A3B": _QWEN3
    | {
        "model_type": "qwen3_moe",
        "num_hidden_layers": 48,
        "hidden_size": 2048,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
        "intermediate_size": 6144,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "moe_intermediate_size": 768,
    },
    "Llama-3-8B": _LLAMA3
    | {
        "num_hidden_layers": 32,
        "hidden_size": 4096,
        "num_attention_heads": 32,
        "intermediate_size": 14336,
    },
    "Llama-3.1-405B": _LLAMA3
    | {
        "num_hidden_layers": 126,
        "hidden_size": 16384,
        "num_attention_heads": 128,
        "intermediate_size": 53248,
    },
    "GLM-4.5": _GLM45,
    "GLM-4.6": _GLM45,
}


def find_decoder(model: str) -> Decoder:
    """The decoder of a directory, of a `config.json`, or of a known model by its name.

    A path that is not there stands for the known model that its last part names.

    Raises:
        ValueError: it is none of them; the message names the known models.
    """
    path = Path(model)
    if path.exists():
        return read_decoder(path)
    if path.name in KNOWN:
        return decoder_from_config(KNOWN[path.name])
    raise ValueError(f"there is no {model}; models known by name are {', '.join(sorted(KNOWN))}")
