"""Operations and seconds against published training runs, and a decoding benchmark."""

from __future__ import annotations

import pytest

from rl_backend.estimate.decoder import decoder_from_config
from rl_backend.estimate.hardware import GPUS, find_gpu
from rl_backend.estimate.known import find_decoder
from rl_backend.estimate.memory import engine_memory
from rl_backend.estimate.plan import SLOWER
from rl_backend.estimate.speed import (
    Engines,
    Workload,
    decode_step_s,
    read_weight_bytes,
    step_time,
    training_flops,
)

H100 = GPUS["h100"]
LLAMA_2_7B = decoder_from_config(
    {  # config.json on the Hugging Face hub
        "model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096,
        "num_attention_heads": 32, "intermediate_size": 11008, "vocab_size": 32000,
    }
)  # fmt: skip


def test_llama_405b_took_the_operations_that_its_report_says() -> None:
    """arXiv 2407.21783: 3.8e25 for 15.6 T tokens in rows of 8,192."""
    total = training_flops(find_decoder("Llama-3.1-405B"), 8192) * 15.6e12
    assert total == pytest.approx(3.8e25, rel=0.04)


def test_recomputation_costs_a_third_more() -> None:
    decoder = find_decoder("GLM-4.6")
    plain = training_flops(decoder, 4096)
    assert training_flops(decoder, 4096, is_recomputed=True) == pytest.approx(plain * 4 / 3)
    # 6 N for the 32B that are active, and attention.
    assert plain == pytest.approx(6 * 32.9e9 + 6 * 92 * 12288 * 4096, rel=0.01)


def test_one_token_reads_the_bytes_that_gpt_fast_measured() -> None:
    """gpt-fast's table, Llama-2-7B in bfloat16: 104.9 tokens/s at 1397.31 GB/s of an A100."""
    found = read_weight_bytes(LLAMA_2_7B, dtype="bfloat16", batch=1)
    assert found == pytest.approx(1397.31e9 / 104.9, rel=0.01)
    one = Engines(num_engines=1, tensor_parallel=1, cache_tokens=4096, concurrency=1)
    step_s = decode_step_s(LLAMA_2_7B, GPUS["a100"], one, dtype="bfloat16", batch=1, context=100)
    assert 0.6 < 104.9 * step_s < 0.75  # the share of the memory's rate that it reached


def test_a_large_batch_reads_every_expert_and_one_token_a_few() -> None:
    decoder = find_decoder("Qwen3-30B-A3B")
    few = read_weight_bytes(decoder, dtype="bfloat16", batch=1)
    every = read_weight_bytes(decoder, dtype="bfloat16", batch=1000)
    assert few == pytest.approx(2 * 3.04e9, rel=0.01)
    assert every == pytest.approx(2 * 30.2e9, rel=0.01)


# NeMo RL 0.4, DGX H100, bfloat16, Megatron, on-policy: GPUs, group size, tokens of a row, GPUs of
# an engine, seconds of a step. Prompts of the data set are short: 150 tokens are assumed.
NEMO_RL = {
    "Llama-3-8B": (16, 32, 1060, 1, 97.7),
    "Qwen3-32B": (32, 32, 3206, 4, 393.0),
    "Qwen3-30B-A3B": (32, 32, 3154, 4, 225.0),
}


@pytest.mark.parametrize(("name", "run"), NEMO_RL.items())
def test_published_steps_took_as_much_longer_as_we_say(
    name: str, run: tuple[int, int, int, int, float]
) -> None:
    gpus, group_size, row, engine_gpus, seconds = run
    decoder = find_decoder(name)
    engine = engine_memory(
        decoder, dtype="bfloat16", tensor_parallel=engine_gpus, budget=0.6 * H100.memory_bytes
    )
    found = step_time(
        decoder,
        H100,
        Workload(
            num_rollouts=2048, group_size=group_size, prompt_tokens=150,
            sampled_tokens=row - 150, tool_tokens=0,
        ),
        Engines(
            num_engines=gpus // engine_gpus, tensor_parallel=engine_gpus,
            cache_tokens=engine.tokens, concurrency=2048,
        ),
        num_trainer_gpus=gpus,
        dtype="bfloat16",
        is_recomputed=False,
    )  # fmt: skip
    assert SLOWER[0] <= seconds / found.total <= SLOWER[1]


def test_an_unknown_gpu_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="a100, b200, h100, h200"):
        find_gpu("tpu")
