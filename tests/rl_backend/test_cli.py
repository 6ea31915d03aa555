"""The commands print what people read and what programs read, and say what to mend."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend import cli, run_lock
from rl_backend.config import load_preset
from rl_backend.evaluation.bundles import lock_of
from rl_backend.records import BundleLock, RunState
from rl_backend.rundir import RunDir
from world_builder.state import WorldBase


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    cli.register(app)
    return app


@pytest.fixture(scope="module")
def bundle(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tutorial.world, "1.0.0", tmp_path_factory.mktemp("bundle"))


def test_eval_prints_json_for_programs(app: typer.Typer, bundle: Path) -> None:
    args = ["eval", str(bundle), "--engine", "scripted:reference", "--split", "all", "--json"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["pass_rate"], report["mean_reward"]) == (1.0, 1.0)
    assert report["tasks"] == len(list((bundle / "tasks").glob("*.json")))


def test_eval_prints_a_table_for_people(app: typer.Typer, bundle: Path) -> None:
    result = CliRunner().invoke(app, ["eval", str(bundle), "--engine", "scripted:careless"])
    assert result.exit_code == 0
    assert "pass rate" in result.stdout
    assert "multi_step_workflow" in result.stdout


def test_rollout_shows_the_dialogue_and_every_verdict(
    app: typer.Typer, bundle: Path, tutorial: WorldBase
) -> None:
    task = tutorial.world.tasks[0]
    result = CliRunner().invoke(app, ["rollout", str(bundle), "--task", task.id])
    assert result.exit_code == 0
    assert "reward 1.000, passed" in result.stdout
    assert all(criterion.text in result.stdout for criterion in task.rubric.criteria)


def test_a_run_for_torchrun_is_made_and_not_started(
    app: typer.Typer, bundle: Path, tmp_path: Path
) -> None:
    args = ["train", str(bundle), "--prepare", "--run-dir", str(tmp_path / "runs" / "r")]
    result = CliRunner().invoke(app, [*args, "--set", "trainer.data_parallel=2"])
    assert result.exit_code == 0, result.output
    run = RunDir.open(tmp_path / "runs" / "r")
    assert run.config().trainer.num_ranks == 2
    assert run.status().pid is None
    assert not run.is_alive()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["eval", "BUNDLE", "--engine", "gpt"], "there are: scripted:reference"),
        (["eval", "/nowhere"], "does not exist"),
        (["rollout", "BUNDLE", "--task", "absent"], "no task 'absent'"),
        (
            ["train", "BUNDLE", "--preset", "huge"],
            "there are: 8xH100-30B, cpu-demo, gpu, paper-glm-4",
        ),
        (["train", "BUNDLE", "--set", "rollout.group_size=1"], "rollout.group_size"),
        (["train", "BUNDLE", "--resume"], "--resume needs --run-dir"),
        (
            ["train", "BUNDLE", "--resume", "--run-dir", "r", "--preset", "tiny"],
            "keeps a run's settings",
        ),
        (["compare", "/nowhere"], "not a run directory"),
        (["stop", "/nowhere"], "not a run directory"),
    ],
)
def test_mistakes_get_one_clear_line(
    app: typer.Typer, bundle: Path, args: list[str], told: str
) -> None:
    given = [str(bundle) if arg == "BUNDLE" else arg for arg in args]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 1
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_train_tells_every_problem_before_it_starts(
    app: typer.Typer, bundle: Path, tmp_path: Path
) -> None:
    args = ["train", str(bundle), "--preset", "paper-glm-4.6", "--run-dir", str(tmp_path / "run")]
    result = CliRunner().invoke(app, [*args, "--set", "rollout.runtime=in_process"])
    assert result.exit_code == 1
    assert "there is no folder models/GLM-4.6" in result.stderr
    assert "cannot do yet: servers of its own over several machines" in result.stderr
    assert "GiB are needed" in result.stderr
    assert not (tmp_path / "run").exists()


def test_compare_says_what_is_missing(app: typer.Typer, bundle: Path, tmp_path: Path) -> None:
    run = RunDir.create(tmp_path, load_preset("smoke"), lock_of(Bundle.open(bundle)))
    result = CliRunner().invoke(app, ["compare", str(run.path)])
    assert result.exit_code == 1
    assert "needs two" in result.stderr


def test_stop_asks_the_process_and_waits_for_its_end(app: typer.Typer, tmp_path: Path) -> None:
    lock = BundleLock(path="b", name="tutorial", version="1.0.0", digest="0" * 64)
    run = RunDir.create(tmp_path, load_preset("smoke"), lock, "run")
    held = run_lock.acquire(run.path)

    def end_when_asked() -> None:
        while not run.is_stop_requested():
            time.sleep(0.02)
        status = run.stored_status()
        run.write_status(status.model_copy(update={"state": RunState.STOPPED, "step": 3}))
        os.close(held)

    process = threading.Thread(target=end_when_asked)
    process.start()
    result = CliRunner().invoke(app, ["stop", str(run.path)])
    process.join()
    assert result.output == "run is stopped after step 3\n"
    again = CliRunner().invoke(app, ["stop", str(run.path)])
    assert (again.exit_code, again.output) == (0, result.output)


@pytest.mark.parametrize("command", ["rollout", "eval", "train", "compare", "plan", "stop"])
def test_help_teaches_by_example(app: typer.Typer, command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert "Example:" in result.stdout
