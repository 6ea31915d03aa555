"""Several ranks as one trainer: their ends, refusals and starts.

That they compute what one rank does is `test_loop`'s and `test_megatron`'s.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from rl_backend.config import TrainerConfig
from rl_backend.errors import TrainerError
from rl_backend.trainers.ranked import open_trainer

ROOT = Path(__file__).parents[3]
CASES = "tests.rl_backend.trainers.run_ranked"
TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", CASES)
TIMEOUT_S = 600


def start(module: tuple[str, ...], work_dir: Path, case: str) -> subprocess.Popen[str]:
    with (work_dir / "stderr").open("w") as stderr:
        return subprocess.Popen(
            [sys.executable, "-m", *module, str(work_dir), case],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        )


def run(work_dir: Path, case: str, module: tuple[str, ...] = (CASES,)) -> dict[str, Any]:
    process = start(module, work_dir, case)
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert process.returncode == 0, output + (work_dir / "stderr").read_text()[-4000:]
    [found] = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("troubled"), "troubled")


def test_a_killed_rank_ends_the_update_with_its_name(troubled: dict[str, Any]) -> None:
    assert troubled["error"].startswith("Rank 1 of the trainer was ended by SIGKILL.")
    assert troubled["seconds"] < 30


def test_what_no_rank_can_do_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    found = run(tmp_path, "refused")
    assert "num_attention_heads=4 cannot be cut over tensor_parallel=3" in found["error"]
    assert found["children"] == []
    assert not found["is_joined"]


def test_what_cannot_be_read_is_refused_and_survived(troubled: dict[str, Any]) -> None:
    checkpoint, reference, none = troubled["refusals"]
    assert "is not a trainer checkpoint" in checkpoint
    assert "holds neither model.safetensors nor" in reference
    assert "no reference was set" in none
    assert troubled["extra"] == {"position": 5}
    assert troubled["losses"][-1] < troubled["losses"][0]


def test_weights_of_all_ranks_are_handed_over_in_memory(troubled: dict[str, Any]) -> None:
    assert troubled["is_gathered"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends orphans on Linux")
def test_ranks_end_with_their_leader(tmp_path: Path) -> None:
    leader = start((CASES,), tmp_path, "orphaned")
    assert leader.stdout is not None
    try:
        line = next(text for text in leader.stdout if text.startswith("{"))
        [follower] = [psutil.Process(pid) for pid in json.loads(line)["pids"]]
        leader.send_signal(signal.SIGKILL)
        follower.wait(timeout=30)
    finally:
        leader.kill()
        leader.wait()
        leader.stdout.close()
    assert not psutil.pid_exists(follower.pid)


def test_checkpoints_load_under_another_layout(tmp_path: Path) -> None:
    found = run(tmp_path, "relaid")
    expected = found.pop("one")
    assert len(found) == 7
    for losses in found.values():
        assert losses == pytest.approx(expected, abs=1e-5)


def test_ranks_of_torchrun_are_led_and_end_well(tmp_path: Path) -> None:
    found = run(tmp_path, "given", TORCHRUN)
    assert found["pids"] == []
    assert found["losses"][-1] < found["losses"][0]


def test_other_than_the_configured_number_of_processes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    opening = open_trainer(TrainerConfig(tensor_parallel=4), tmp_path)
    with pytest.raises(TrainerError, match="2 processes were started for the trainer's 4 ranks"):
        opening.__enter__()
