"""Adam on the host trains as Adam beside the weights does, and either loads what the other saved.

Figures come from `host_adam_cases` on two data-parallel ranks, in processes of their own, where a
CPU stands for both host and device: what CUDA itself does is not shown.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rl_backend.config import TrainerConfig
from rl_backend.trainers import megatron_host_adam

ROOT = Path(__file__).parents[3]
CASES = "tests.rl_backend.trainers.run_host_adam"
TIMEOUT_S = 900
CLOSE = 1e-3
"""Losses of a model in bfloat16 may differ by so much; an update changes them by a hundred times
that."""
ON_HOST = TrainerConfig(dtype="bfloat16", optimizer_on_cpu=True)


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    command = ("torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", CASES)
    done = subprocess.run(
        [sys.executable, "-m", *command, str(tmp_path_factory.mktemp("host"))],
        capture_output=True, text=True, timeout=TIMEOUT_S, cwd=ROOT, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_updates_are_those_of_adam_beside_the_weights(losses: dict[str, list[float]]) -> None:
    assert losses["first host"] == pytest.approx(losses["first device"], abs=CLOSE)
    assert losses["first host"][-1] < 0.6 * losses["first host"][0]


def test_a_checkpoint_before_the_first_update_changes_nothing(
    losses: dict[str, list[float]],
) -> None:
    assert losses["from host-before host"] == losses["first host"]


@pytest.mark.parametrize("saved_by", ["host", "device"])
@pytest.mark.parametrize("loaded_by", ["host", "device"])
def test_a_checkpoint_goes_on_wherever_adam_is(
    saved_by: str, loaded_by: str, losses: dict[str, list[float]]
) -> None:
    found = losses[f"from {saved_by}-after {loaded_by}"]
    assert found == pytest.approx(losses["from device-after device"], abs=CLOSE)
    assert found[0] < losses["first device"][-1]


def test_on_a_cpu_nothing_is_moved() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a device")
    assert megatron_host_adam.settings(ON_HOST) == {}


def test_a_device_gets_what_megatron_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(megatron_host_adam, "HAVE_TE", True)
    wanted = megatron_host_adam.settings(ON_HOST)
    assert wanted["optimizer_cpu_offload"]
    assert wanted["use_precision_aware_optimizer"]
    assert wanted["optimizer_offload_fraction"] == 1.0
    assert megatron_host_adam.settings(TrainerConfig(dtype="bfloat16")) == {}


def test_a_device_without_transformer_engine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(megatron_host_adam, "HAVE_TE", False)
    with pytest.raises(ValueError, match="wants TransformerEngine"):
        megatron_host_adam.settings(ON_HOST)
