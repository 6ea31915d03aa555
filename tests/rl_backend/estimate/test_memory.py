"""Bytes against published rules: Megatron's states, activations of a layer, caches, recipes."""

from __future__ import annotations

import pytest

from rl_backend.estimate.decoder import Decoder
from rl_backend.estimate.known import find_decoder
from rl_backend.estimate.layout import Layout, largest_share
from rl_backend.estimate.memory import (
    activation_bytes,
    checkpoint_bytes,
    engine_memory,
    kept_values,
    kv_bytes,
    logit_bytes,
    optimizer_bytes,
    state_bytes,
    trainer_memory,
)
from rl_backend.estimate.parameters import count

GLM = find_decoder("GLM-4.6")
QWEN_MOE = find_decoder("Qwen3-30B-A3B")


@pytest.mark.parametrize("num_ranks", [1, 2, 8, 64])
def test_states_cost_what_megatron_says(num_ranks: int) -> None:
    """Megatron Core's guide: 18 and 16 bytes a parameter; 6 + 12 / d and 8 + 8 / d sharded."""
    assert state_bytes("bfloat16", num_ranks) == 6 + 12 / num_ranks
    assert state_bytes("float32", num_ranks) == 8 + 8 / num_ranks


def plain_layer(width: int) -> Decoder:
    """One layer with as many key-value heads as heads and 8 / 3 of the width in its gated part."""
    heads = width // 64
    return Decoder(
        model_type="llama", num_layers=1, hidden_size=width, num_heads=heads, num_kv_heads=heads,
        head_dim=64, ffn_size=8 * width // 3, vocab_size=1000,
    )  # fmt: skip


def test_a_plain_layer_keeps_34_bytes_of_width_less_dropout_masks() -> None:
    """arXiv 2205.05198: 34 bytes without attention's square; 1 byte each for two masks is unused.

    Cut over t ranks: 10 + 24 / t, of which the masks are in the 10.
    """
    layer = plain_layer(3072)
    assert activation_bytes(layer, Layout(), dtype="bfloat16") / 3072 == 34 - 2
    tensor = Layout(tensor_parallel=8)
    assert activation_bytes(layer, tensor, dtype="bfloat16") / 3072 == 10 - 2 + 24 / 8
    everything = Layout(tensor_parallel=8, is_sequence_parallel=True)
    assert activation_bytes(layer, everything, dtype="bfloat16") / 3072 == (34 - 2) / 8


def test_recomputation_keeps_two_bytes_of_width_and_one_layer() -> None:
    """The same paper: 2 bytes a unit of width for each layer."""
    decoder = find_decoder("Qwen3-32B")
    kept = activation_bytes(decoder, Layout(is_recomputed=True), dtype="bfloat16")
    one = 2 * kept_values(decoder, Layout(), is_sparse=False)
    assert kept == 64 * 2 * 5120 + one


@pytest.mark.parametrize(
    ("name", "kib"), [("Llama-3-8B", 128), ("Qwen3-30B-A3B", 96), ("GLM-4.6", 368)]
)
def test_a_cached_token_costs_what_is_known(name: str, kib: int) -> None:
    assert kv_bytes(find_decoder(name), dtype="bfloat16") == kib * 1024


def test_more_ranks_than_key_heads_share_no_further() -> None:
    assert kv_bytes(GLM, dtype="bfloat16", tensor_parallel=32) == 368 * 1024 / 8


def test_an_engine_gives_the_rest_of_its_budget_to_the_cache() -> None:
    found = engine_memory(QWEN_MOE, dtype="bfloat16", tensor_parallel=4, budget=32e9)
    assert found.weights == count(QWEN_MOE).total * 2 / 4
    assert found.total == 32e9
    assert found.tokens == int((32e9 - found.weights) / (96 * 1024 / 4))
    assert engine_memory(GLM, dtype="bfloat16", tensor_parallel=1, budget=80e9).tokens == 0


def test_shares_of_all_ranks_make_the_model() -> None:
    layout = Layout(tensor_parallel=4, data_parallel=2, expert_parallel=8)
    share, parts = largest_share(QWEN_MOE, layout), count(QWEN_MOE)
    assert share.experts * 8 == parts.experts
    whole = parts.norms + parts.routers - QWEN_MOE.hidden_size
    assert (share.dense - whole) * 4 + whole == parts.total - parts.experts - QWEN_MOE.hidden_size


def test_the_fullest_stage_has_a_table_and_the_most_experts() -> None:
    layout = Layout(tensor_parallel=8, pipeline_parallel=4, data_parallel=2, expert_parallel=16)
    share = largest_share(GLM, layout)
    per_layer = count(GLM).experts / 89
    assert share.experts == pytest.approx(23 * per_layer / 16)  # the first stage has 3 dense layers


@pytest.mark.parametrize(
    ("name", "layout", "num_tokens"),
    [
        # slime's recipes, both with Adam's state in the memory of the host "to save GPU memory".
        ("Qwen3-30B-A3B", (4, 1, 8, 2), 20_480),
        ("GLM-4.6", (8, 4, 16, 2), 16_384),
    ],
)
def test_published_recipes_fit_only_with_adam_on_the_host(
    name: str, layout: tuple[int, int, int, int], num_tokens: int
) -> None:
    tensor, stages, experts, data = layout

    def on_the_gpu(*, is_optimizer_on_cpu: bool) -> float:
        cut = Layout(
            tensor_parallel=tensor, pipeline_parallel=stages, expert_parallel=experts,
            data_parallel=data, is_recomputed=True, is_sequence_parallel=True,
            is_optimizer_on_cpu=is_optimizer_on_cpu,
        )  # fmt: skip
        decoder = find_decoder(name)
        assert cut.problems(decoder) == ()
        return trainer_memory(decoder, cut, dtype="bfloat16", num_tokens=num_tokens).total

    assert on_the_gpu(is_optimizer_on_cpu=False) > 80e9
    assert on_the_gpu(is_optimizer_on_cpu=True) < 60e9


def test_logits_of_a_large_vocabulary_weigh_more_than_a_small_model() -> None:
    small = find_decoder("Qwen3-0.6B")
    logits = 16_384 * logit_bytes(small, Layout(), dtype="bfloat16", trained_share=1.0)
    assert logits > 18 * count(small).total
    assert logits == 16_384 * 151_936 * (2 * 2 + 4 * 5)


def test_a_checkpoint_holds_all_but_the_gradients() -> None:
    decoder = find_decoder("Llama-3-8B")
    total = count(decoder).total
    assert checkpoint_bytes(decoder, dtype="bfloat16") == total * (state_bytes("bfloat16") - 4)
    assert checkpoint_bytes(decoder, dtype="float32") == total * (4 + 12)
    assert optimizer_bytes("float32") == 8


def test_what_cannot_be_cut_is_named() -> None:
    layout = Layout(tensor_parallel=3, pipeline_parallel=5, expert_parallel=7)
    assert layout.problems(QWEN_MOE) == (
        "32 attention heads over 3",
        "4 key-value heads over 3",
        "151936 vocabulary over 3",
        "48 layers over 5",
        "128 experts over 7",
        "3 tensor x data parallel ranks over 7",
    )
    dense = Layout(expert_parallel=2, data_parallel=2).problems(find_decoder("Qwen3-32B"))
    assert dense == ("no experts to cut: the model is dense",)
