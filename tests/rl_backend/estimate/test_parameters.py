"""Parameter counts against the published sizes of the weights, and against transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rl_backend.estimate.decoder import decoder_from_config, read_decoder
from rl_backend.estimate.known import KNOWN, find_decoder
from rl_backend.estimate.parameters import count, num_active, num_mtp
from world_builder.frozen import Json

PUBLISHED_WEIGHT_BYTES = {
    # `total_size` of each model.safetensors.index.json on the Hugging Face hub, all bfloat16.
    "Llama-3-8B": 16_060_522_496,
    "Qwen3-32B": 65_524_246_528,
    "Qwen3-30B-A3B": 61_064_245_248,
}


@pytest.mark.parametrize(("name", "num_bytes"), PUBLISHED_WEIGHT_BYTES.items())
def test_counts_are_those_of_the_published_weights(name: str, num_bytes: int) -> None:
    assert 2 * count(find_decoder(name)).total == num_bytes


def test_a_tied_model_counts_its_embedding_once() -> None:
    parts = count(find_decoder("Qwen3-0.6B"))
    assert parts.total == 596_049_920  # parameters that transformers loads
    assert parts.head == 0
    assert round(parts.layers / 1e9, 2) == 0.44  # model card: 0.44 B non-embedding


def test_llama_405b_is_counted_to_the_parameter() -> None:
    assert count(find_decoder("Llama-3.1-405B")).total == 405_853_388_800  # hub metadata


def test_glm_46_is_counted_with_its_second_token_layer() -> None:
    decoder = find_decoder("GLM-4.6")
    parts = count(decoder)
    assert parts.total + num_mtp(decoder) == 356_785_898_816  # hub metadata; the paper's 357B
    # GLM-4.5's files hold that layer's embedding and output layer a second time.
    assert parts.total + num_mtp(decoder) + 2 * parts.embedding == 358_337_791_296


def test_active_parameters_are_as_published() -> None:
    glm, qwen = find_decoder("GLM-4.6"), find_decoder("Qwen3-30B-A3B")
    tables = count(glm).embedding + count(glm).head
    assert 31.5e9 < num_active(glm) - tables < 32.5e9  # "32B active", embeddings left out
    assert 3.3e9 < num_active(qwen) < 3.4e9  # "3.3B activated"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_counts_are_those_of_transformers(name: str) -> None:
    """The whole model without storage; the same keys make both."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    given: dict[str, Json] = {**KNOWN[name], "num_hidden_layers": 5, "vocab_size": 512}
    kind = str(given.pop("model_type"))
    config = transformers.AutoConfig.for_model(kind, **given)
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    parts = count(decoder_from_config({**given, "model_type": kind}))
    router_biases = [b for name, b in model.named_buffers() if name.endswith("correction_bias")]
    assert parts.total == sum(p.numel() for p in [*model.parameters(), *router_biases])


def test_layers_without_experts_are_found_by_every_key() -> None:
    given = {**KNOWN["Qwen3-30B-A3B"], "num_hidden_layers": 6}
    decoder = decoder_from_config({**given, "mlp_only_layers": [1], "decoder_sparse_step": 2})
    assert decoder.sparse_layers == (3, 5)
    assert decoder_from_config(given).sparse_layers == (0, 1, 2, 3, 4, 5)
    glm = decoder_from_config({**KNOWN["GLM-4.6"], "num_hidden_layers": 5})
    assert glm.sparse_layers == (3, 4)


def test_a_directory_is_read_before_a_known_name(tmp_path: Path) -> None:
    model = tmp_path / "GLM-4.6"
    assert find_decoder(str(model)).is_sparse
    model.mkdir()
    (model / "config.json").write_text(json.dumps(KNOWN["Llama-3-8B"]))
    assert not find_decoder(str(model)).is_sparse
    assert read_decoder(model / "config.json") == find_decoder("Llama-3-8B")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"model_type": "deepseek_v3"}', "num_hidden_layers: Field required"),
        (json.dumps({**KNOWN["Llama-3-8B"], "model_type": "gpt2"}), "gpt2 is not estimated"),
        ("[]", "is not the config of a model"),
        ("{", "cannot be read"),
    ],
)
def test_a_config_that_cannot_be_used_says_why(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=told):
        read_decoder(path)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"GLM-4\.6, Llama-3-8B"):
        find_decoder("models/no-such-model")
