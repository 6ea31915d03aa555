"""The Megatron trainer agrees with a plain-torch twin, alone and cut over two ranks.

Figures come from `megatron_cases`, run in processes of its own; each test says what they must be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.rl_backend.trainers.family import NAMED

ROOT = Path(__file__).parents[3]
CASES = "tests.rl_backend.trainers.run_cases"
ALONE = ("llama-tied:1x1", "qwen2:1x1:full", "qwen3-moe:1x1", "glm4-moe:1x1:selective")
BFLOAT16 = "glm4-moe:1x1:bfloat16"
TWO_RANKS = (
    "qwen3:2x1", "llama-tied:1x2", "llama-untied:1x1", "qwen3:2x1:sequence-full",
    "qwen3-moe:1x1:experts", "glm4-moe:2x1:sequence",
)  # fmt: skip
NAMES = {
    "alone llama-tied:1x1": "one rank, tied embeddings",
    "alone qwen2:1x1:full": "one rank, biases, recomputed layers",
    "alone qwen3-moe:1x1": "one rank, experts chosen by softmax",
    "alone glm4-moe:1x1:selective": "one rank, experts chosen by sigmoid, recomputed attention",
    "two qwen3:2x1": "tensor parallel, norms of queries and keys",
    "two qwen3:2x1:sequence-full": "tensor and sequence parallel, recomputed layers",
    "two qwen3-moe:1x1:experts": "data parallel, experts spread over ranks",
    "two glm4-moe:2x1:sequence": "tensor and sequence parallel, experts beside a shared one",
    "two llama-tied:1x2": "pipeline parallel, tied embeddings",
    "two llama-untied:1x1": "data parallel, distributed optimizer",
}
SHARED_GRADIENTS = {
    "two llama-untied:1x1", "two qwen3-moe:1x1:experts", "two glm4-moe:2x1:sequence",
}  # fmt: skip
"""Layouts in which no rank holds a whole gradient; their updated weights are compared."""
EXACT, CLOSE = 0.0, 1e-5

Figures = dict[str, Any]


@pytest.fixture(scope="module")
def all_figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figures]:
    work_dir = str(tmp_path_factory.mktemp("megatron"))
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", CASES)
    alone = run("alone", CASES, work_dir, *ALONE, BFLOAT16)
    return alone | run("two", *torchrun, work_dir, *TWO_RANKS)


def run(group: str, module: str, *args: str) -> dict[str, Figures]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *args],
        capture_output=True,
        text=True,
        timeout=900,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {f"{group} {record['layout']}": record["figures"] for record in records}


@pytest.fixture(params=list(NAMES), ids=list(NAMES.values()))
def figures(request: pytest.FixtureRequest, all_figures: dict[str, Figures]) -> Figures:
    return all_figures[request.param]


def test_weights_survive_the_round_trip_exactly(figures: Figures) -> None:
    assert figures["weights"] == EXACT
    assert figures["exported_weights"] == EXACT


def test_a_routers_correction_stays_exact_beside_weights_in_bfloat16(
    all_figures: dict[str, Figures],
) -> None:
    found = all_figures[f"alone {BFLOAT16}"]
    assert found["num_corrections"] == 1
    assert found["changed"] == []


def test_logprobs_are_those_of_the_twin(figures: Figures) -> None:
    assert figures["logprobs"] < CLOSE
    assert figures["exported_logprobs"] < CLOSE


def test_a_shared_prompt_goes_through_the_model_once(figures: Figures) -> None:
    """126 tokens of rows; what follows shows that this changes nothing."""
    assert 106 <= figures["num_packed_tokens"] < 126


def test_every_gradient_is_that_of_the_twin(all_figures: dict[str, Figures]) -> None:
    compared = {name: f for name, f in all_figures.items() if "gradients" in f}
    assert compared.keys() == NAMES.keys() - SHARED_GRADIENTS
    for found in compared.values():
        assert found["gradients"] < CLOSE
        assert found["smallest_gradient"] > 100 * CLOSE


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_objective_of_the_family_is_that_of_the_twin(name: str, figures: Figures) -> None:
    assert figures[f"family_loss_{name}"] < CLOSE
    assert figures.get(f"family_gradient_{name}", EXACT) < CLOSE


def test_gradients_of_the_family_were_compared(all_figures: dict[str, Figures]) -> None:
    compared = {name for name, found in all_figures.items() if "family_gradient_gspo" in found}
    assert compared == NAMES.keys() - SHARED_GRADIENTS


def test_a_reference_scores_and_leaves_no_trace(figures: Figures) -> None:
    assert figures["reference_logprobs"] < CLOSE
    assert figures["reference_differs"] > 0.1
    assert figures["reference_leaves_no_trace"]


def test_updates_follow_the_twin(figures: Figures) -> None:
    assert max(figures["losses"]) < CLOSE
    assert max(figures["norms"]) < CLOSE
    assert figures["updated_weights"] < CLOSE
    assert figures["policy_version"] == len(figures["losses"])


def test_metrics_of_an_update_describe_the_batch(figures: Figures) -> None:
    assert figures["first_policy_version"] == 1
    assert figures["first_is_applied"]
    assert figures["first_num_tokens"] == 75
    assert figures["first_num_excluded_tokens"] == 1
    assert figures["first_clip_fraction_low"] == pytest.approx(9 / 75)
    assert figures["first_clip_fraction_high"] == pytest.approx(3 / 75)
    assert 0 < figures["first_entropy"] < 4.57


def test_a_resumed_run_repeats_the_losses_exactly(figures: Figures) -> None:
    assert figures["losses_resumed"] == figures["losses_going_on"]
    assert figures["is_extra_kept"]
    assert figures["is_version_kept"]


def test_a_damaged_checkpoint_is_refused_by_name(figures: Figures) -> None:
    assert "cannot be read" in figures["torn_error"]
    assert "start-" in figures["torn_error"]


def test_imitation_lowers_the_loss(figures: Figures) -> None:
    losses = figures["losses_going_on"]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("name", ["broken", "excluded"])
def test_an_update_with_nothing_to_follow_changes_nothing(name: str, figures: Figures) -> None:
    assert not figures[f"{name}_is_applied"]
    assert figures[f"{name}_changed"] == EXACT
    assert figures[f"{name}_version"]
    assert (figures[f"{name}_num_tokens"] == 0) is (name == "excluded")
    assert figures[f"{name}_why"]


def test_the_stand_in_for_cuda_is_recorded(figures: Figures) -> None:
    import torch

    assert figures["is_cpu_standin"] is not torch.cuda.is_available()
