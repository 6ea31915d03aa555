"""The estimate of memory against what the Megatron trainer keeps and writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rl_backend.estimate.decoder import Decoder, read_decoder
from rl_backend.estimate.layout import Layout
from rl_backend.estimate.memory import (
    GRADIENT_BYTES,
    activation_bytes,
    checkpoint_bytes,
)
from rl_backend.estimate.parameters import count

CASES = "tests.rl_backend.trainers.run_memory"
TIMEOUT_S = 300
KINDS = ("llama", "qwen3")
DEPTHS = (2, 4)

Figures = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Figures, Path]:
    work = tmp_path_factory.mktemp("memory")
    done = subprocess.run(
        [sys.executable, "-m", CASES, str(work)],
        capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((work / "memory.json").read_text()), work


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_keeps_what_the_estimate_says(kind: str, measured: tuple[Figures, Path]) -> None:
    figures, work = measured
    shallow, deep = (figures[f"{kind}-{depth}"] for depth in DEPTHS)
    decoders = [read_decoder(work / f"{kind}-{depth}") for depth in DEPTHS]

    def estimate(decoder: Decoder) -> float:
        return activation_bytes(decoder, Layout(), dtype="float32", is_fused=False)

    found = (deep["layers"] - shallow["layers"]) / deep["num_tokens"]
    assert found == pytest.approx(estimate(decoders[1]) - estimate(decoders[0]), rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_gradients_and_checkpoints_are_as_estimated(
    kind: str, measured: tuple[Figures, Path]
) -> None:
    figures, work = measured
    found, decoder = figures[f"{kind}-4"], read_decoder(work / f"{kind}-4")
    assert found["parameters"] == count(decoder).total
    assert found["gradients"] == GRADIENT_BYTES * found["parameters"]
    # A model this small adds a tenth for names and headers.
    assert 1.0 < found["checkpoint"] / checkpoint_bytes(decoder, dtype="float32") < 1.15


@pytest.mark.parametrize("kind", KINDS)
def test_one_float32_copy_of_the_logits_waits_for_the_backward_pass(
    kind: str, measured: tuple[Figures, Path]
) -> None:
    found = measured[0][f"{kind}-4"]
    assert found["logits"] / found["num_tokens"] == pytest.approx(4 * 1000, rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_leaves_no_process_behind(kind: str, measured: tuple[Figures, Path]) -> None:
    assert measured[0][f"{kind}-4"]["processes"] == 0
