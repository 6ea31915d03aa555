"""`python -m rl_backend.bench.weight_sync [ROUNDS]`: seconds of a hand-over, by each way there is.

From tensors in the trainer's memory to a server that samples from them: the gathering before is the
same for all ways. A Llama of SmolLM2-135M's shape with random weights in float32; the ways take
turns, in an order that turns every round, on one server whose sampling is checked after each.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, get_args

from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_server import ServerOptions, SGLangServer
from rl_backend.engines.sglang_weights import sender
from rl_backend.errors import BackendError
from rl_backend.handover import GatheredWeights
from rl_backend.hf_checkpoint import read_weights
from rl_backend.types import PolicyVersion, SamplingParams

Way = Literal["disk", "tensor", "distributed"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
BUCKET_BYTES: Final = 128 * 2**20
NUM_ROUNDS: Final = 5
PROBE: Final = SamplingParams(temperature=0.0, max_new_tokens=1)


def make_model(folder: Path) -> None:
    """Writes the model."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=2048,
        tie_word_embeddings=True, bos_token_id=None, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)


async def measured(folder: Path, num_rounds: int) -> dict[Way, list[float]]:
    """Seconds of each hand-over, by way; a first round of each is not counted."""
    model = folder / "model"
    make_model(model)
    state = read_weights(model)
    seconds: dict[Way, list[float]] = {way: [] for way in WAYS}
    async with (
        SGLangServer(model, folder / "engine.log", ServerOptions()) as server,
        _engines(server.url) as engines,
    ):
        for number in range(num_rounds + 1):
            turned = number % len(WAYS)
            for way in (*WAYS[turned:], *WAYS[:turned]):
                version = PolicyVersion(1 + number * len(WAYS) + WAYS.index(way))
                weights = GatheredWeights(state=state, path=folder / "policy", like=model)
                began = time.perf_counter()
                await engines[way].update_weights(weights, version)
                seconds[way].append(time.perf_counter() - began)
                made = await engines[way].generate([5, 6, 7], PROBE, f"probe-{version}")
                if set(made.policy_versions) != {version}:
                    raise BackendError(f"{way} left other weights.", hint="See the server's log.")
    return {way: found[1:] for way, found in seconds.items()}


@asynccontextmanager
async def _engines(url: str) -> AsyncIterator[dict[Way, SGLangEngine]]:
    """An engine for each way; a way that fails is no figure but an error."""

    def failed(problem: str) -> None:
        raise BackendError(problem, hint="See the server's log.")

    engines = {
        way: SGLangEngine(
            url,
            policy_version=PolicyVersion(0),
            sender=sender(way, BUCKET_BYTES),
            on_problem=failed,
        )
        for way in WAYS
    }
    try:
        yield engines
    finally:
        for engine in engines.values():
            await engine.close()


def main(num_rounds: int) -> None:
    """Prints medians, extremes and ratios as JSON."""
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="corecraft-bench-") as name:
        seconds = asyncio.run(measured(Path(name), num_rounds))
    median = {way: statistics.median(found) for way, found in seconds.items()}
    told = {
        way: {
            "median_s": round(median[way], 3),
            "least_s": round(min(found), 3),
            "most_s": round(max(found), 3),
            "of_disk": round(median[way] / median["disk"], 2),
        }
        for way, found in seconds.items()
    }
    sys.stdout.write(json.dumps({"load": round(load, 1), "rounds": num_rounds, **told}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else NUM_ROUNDS)
