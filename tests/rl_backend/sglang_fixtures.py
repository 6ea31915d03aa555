"""One real SGLang server for all tests of a session: it takes half a minute or more to start."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rl_backend.engines.sglang_server import ServerOptions, SGLangServer

SHAPE = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyLlamas:
    """Two models of one shape with different random weights, as Hugging Face directories."""

    first: Path
    second: Path


@pytest.fixture(scope="session")
def tiny_llamas(tmp_path_factory: pytest.TempPathFactory) -> TinyLlamas:
    """The weights that the server starts with, and others to update to."""
    # Imported here, so that tests without a model run where the backend is not installed.
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        **SHAPE, bos_token_id=None, eos_token_id=None, pad_token_id=0, initializer_range=0.2
    )
    folder = tmp_path_factory.mktemp("llamas")
    for seed, name in enumerate(("first", "second")):
        torch.manual_seed(seed)
        LlamaForCausalLM(config).save_pretrained(folder / name)
    return TinyLlamas(first=folder / "first", second=folder / "second")


@pytest.fixture(scope="session")
def sglang_server(
    tiny_llamas: TinyLlamas, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SGLangServer]:
    """A running server with `tiny_llamas.first`; a test that updates weights restores them."""
    log_path = tmp_path_factory.mktemp("sglang") / "server.log"
    with SGLangServer(tiny_llamas.first, log_path, ServerOptions(random_seed=0)) as server:
        yield server
