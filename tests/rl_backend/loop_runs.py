"""Makes small runs and works on them in processes of their own (`loop_cases`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from exporter.bundle import Bundle
from rl_backend.config import load_preset
from rl_backend.evaluation.bundles import lock_of
from rl_backend.rundir import RunDir
from tests.rl_backend.loop_cases import KILLED

ROOT = Path(__file__).parents[2]
SETTINGS = (
    "engine.url=scripted",
    "num_steps=3",
    "checkpoint_every_num_steps=2",
    "model.hidden_size=32",
    "model.num_layers=1",
    "warm_start.num_steps=3",
    "warm_start.batch_size=2",
    "trainer.num_cpu_threads=1",
)
NUM_WARM_START_STEPS, NUM_STEPS = 3, 3
NUM_TASKS, GROUP_SIZE = 2, 4


def make_run(root: Path, bundle: Bundle, run_id: str, *settings: str) -> RunDir:
    """A queued run of `NUM_STEPS` steps, unless the settings say otherwise."""
    config = load_preset("smoke", (*SETTINGS, *settings))
    return RunDir.create(root, config, lock_of(bundle), run_id)


def work(run: RunDir, interruption: str = f"step:{NUM_STEPS}") -> None:
    """Works on a run up to a point; to its end without one."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.rl_backend.loop_cases", str(run.path), interruption],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    wanted = KILLED if interruption.endswith(":killed") else 0
    assert done.returncode == wanted, done.stdout + done.stderr
