"""The model made from scratch is an ordinary model directory, the same for the same seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rl_backend.hf_checkpoint import read_weights
from rl_backend.model_shape import ModelFamily, read_model_shape
from rl_backend.tiny_model import TinyShape, make_tiny_model

TEXTS = [f"<|user|>Order {i}, «please»?<|end|><|assistant|>Done.<|end|>" for i in range(50)]
SMALL = TinyShape(vocab_size=320, hidden_size=32, num_layers=2, num_heads=4, num_kv_heads=2)
AWKWARD = "<|bos|><|user|>Order 42,  «please»? \n\x00🎉<|end|>"
LOAD = """
import json, sys
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model, info = AutoModelForCausalLM.from_pretrained(sys.argv[1], output_loading_info=True)
ids = tokenizer.encode(sys.argv[2], add_special_tokens=False)
messages = [{"role": "user", "content": "Hi"}]
print(json.dumps({
    "ids": ids,
    "text": tokenizer.decode(ids),
    "prompt": tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=True
    ),
    "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id],
    "size": [len(tokenizer), model.config.vocab_size],
    "unmatched": [*info["missing_keys"], *info["unexpected_keys"]],
    "num_parameters": sum(parameter.numel() for parameter in model.parameters()),
}))
"""


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_tiny_model(tmp_path / name, iter(TEXTS), seed=seed, shape=SMALL)
    files = sorted(file.name for file in (tmp_path / "a").iterdir())
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    changed = "model.safetensors"
    assert (tmp_path / "a" / changed).read_bytes() != (tmp_path / "c" / changed).read_bytes()


def test_the_directory_has_the_asked_shape(tmp_path: Path) -> None:
    make_tiny_model(tmp_path / "model", TEXTS, seed=0, shape=SMALL)
    shape = read_model_shape(tmp_path / "model")
    assert (shape.family, shape.has_tied_embeddings) == (ModelFamily.LLAMA, True)
    assert (shape.num_layers, shape.num_heads, shape.num_kv_heads) == (2, 4, 2)
    assert (shape.hidden_size, shape.ffn_size, shape.head_dim) == (32, 96, 8)
    assert shape.vocab_size == len(read_weights(tmp_path / "model")["model.embed_tokens.weight"])


def test_transformers_loads_model_tokenizer_and_template(tmp_path: Path) -> None:
    texts = [f"{text} word{i:x}ly {i * i:x}" for i, text in enumerate(TEXTS * 20)]
    make_tiny_model(tmp_path / "model", texts, seed=0)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "model"), AWKWARD.replace("\x00", "")],
        capture_output=True,
        text=True,
        timeout=180,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    loaded = json.loads(done.stdout)
    assert loaded["text"] == AWKWARD.replace("\x00", "")
    assert loaded["ids"][0] == loaded["special"][0]
    assert loaded["ids"][-1] == loaded["special"][1]
    assert loaded["special"] == [1, 2, 0]
    assert loaded["prompt"] == "<|bos|><|user|>Hi<|end|><|assistant|>"
    assert loaded["size"][0] == loaded["size"][1]
    assert loaded["unmatched"] == []
    assert 1.8e6 < loaded["num_parameters"] < 2.2e6


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"hidden_size": 30, "num_heads": 4}, "hidden_size"),
        ({"num_heads": 6, "num_kv_heads": 4}, "num_kv_heads"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(shape: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TinyShape(**shape)
