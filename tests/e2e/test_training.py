"""A real run on SGLang and Megatron: it fails with its engine, is resumed and ends well.

How a run goes on by itself is seen in `tests/rl_backend/faults`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import typer
from typer.testing import CliRunner

from exporter.writer import write_bundle
from rl_backend import cli
from rl_backend.launcher import launch
from rl_backend.records import Phase, RunState
from rl_backend.review import review_run
from rl_backend.rundir import RunDir
from world_builder.worlds import build_world

NUM_STEPS = 3
PATIENCE_S = 600


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    cli.register(app)
    return app


def wait_for(run: RunDir, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, run.log_path.read_text()
        time.sleep(0.1)


def server_of(run: RunDir) -> psutil.Process:
    children = psutil.Process(run.status().pid).children()
    return next(p for p in children if any("serve" in part for part in p.cmdline()))


def test_a_run_without_restarts_is_resumed_after_the_death_of_its_engine(
    app: typer.Typer, tmp_path: Path
) -> None:
    bundle = write_bundle(build_world("tutorial"), "1.0.0", tmp_path)
    run_dir = tmp_path / "runs" / "smoke"
    args = ["train", str(bundle), "--preset", "smoke", "--run-dir", str(run_dir), "--detach"]
    settings = ["--set", f"num_steps={NUM_STEPS}", "--set", "max_restarts=0"]
    made = CliRunner().invoke(app, [*args, *settings])
    assert made.exit_code == 0, made.output
    run = RunDir.open(run_dir)

    wait_for(run, lambda: run.status().step >= 1 or run.status().state.is_over)
    assert run.is_alive(), run.status()
    os.killpg(server_of(run).pid, signal.SIGKILL)
    wait_for(run, lambda: not run.is_alive())
    status = run.status()
    assert status.state is RunState.FAILED
    assert "SGLang server was ended by SIGKILL" in status.reason
    assert "Traceback" in run.log_path.read_text()
    assert run.rollouts(1)

    launch(run)
    wait_for(run, lambda: not run.is_alive())
    status = run.status()
    assert (status.state, status.step) == (RunState.DONE, NUM_STEPS), run.log_path.read_text()
    steps = [record.step for record in run.metrics() if record.phase is Phase.TRAIN]
    assert steps == list(range(1, NUM_STEPS + 1))
    assert run.eval_steps() == (0, NUM_STEPS)
    review = review_run(run)
    assert review.num_tasks == run.eval_report(0).tasks

    compared = CliRunner().invoke(app, ["compare", str(run_dir), "--json"])
    assert compared.exit_code == 0
    assert review.model_dump_json(indent=2) == compared.output.strip()
