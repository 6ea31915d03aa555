"""What each library is asked for: the same run again after a resume, nothing online unasked."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rl_backend.config import load_preset
from rl_backend.records import MetricRecord, Phase, RunState
from rl_backend.tracking import to_mlflow, to_tensorboard, to_trackio, to_wandb
from rl_backend.tracking.base import Tracked, Tracker
from tests.rl_backend.tracking import libraries
from tests.rl_backend.tracking.libraries import Calls, MlflowServer


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def run(tmp_path: Path) -> Tracked:
    config: Any = load_preset("smoke").model_dump(mode="json")
    return Tracked(
        id="0123456789abcdef",
        name="run-1",
        project="shop",
        folder=tmp_path,
        is_online=False,
        config=config,
    )


def record(step: int, phase: Phase = Phase.TRAIN, **values: float) -> MetricRecord:
    given = values or {"loss": 1.0 / step}
    return MetricRecord(at=datetime(2026, 1, 1, tzinfo=UTC), phase=phase, step=step, values=given)


def use(tracker: Tracker, *records: MetricRecord, state: RunState = RunState.DONE) -> None:
    for each in records:
        tracker.log(each)
    tracker.close(state)


@pytest.mark.parametrize("is_online", [False, True])
def test_wandb_keeps_one_run_with_an_axis_for_each_phase(
    calls: Calls, run: Tracked, monkeypatch: pytest.MonkeyPatch, is_online: bool
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", libraries.wandb(calls))
    use(to_wandb.start(replace(run, is_online=is_online)), record(2), state=RunState.STOPPED)
    use(to_wandb.start(replace(run, is_online=is_online)), record(3), state=RunState.FAILED)
    first, again = calls.of("init")
    assert {**first, "settings": None} == {**again, "settings": None}
    assert (first["id"], first["dir"]) == (run.id, str(run.folder))
    assert (first["mode"], first["resume"]) == (
        ("online", "allow") if is_online else ("offline", None)
    )
    assert vars(first["settings"])["disable_git"] is True
    axes = {c["name"]: c["step_metric"] for c in calls.of("define_metric") if c["step_metric"]}
    assert axes == {f"{phase.value}/*": f"{phase.value}/step" for phase in Phase}
    assert [c["data"] for c in calls.of("log")] == [
        {"train/loss": 0.5, "train/step": 2}, {"train/loss": 1 / 3, "train/step": 3},
    ]  # fmt: skip
    assert [c["exit_code"] for c in calls.of("finish")] == [0, 1]


def test_trackio_stays_in_the_run_directory_unless_online(
    calls: Calls, run: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trackio", libraries.trackio(calls))
    monkeypatch.setenv("TRACKIO_SPACE_ID", "ann/board")
    monkeypatch.setenv("TRACKIO_DIR", "/elsewhere")
    use(to_trackio.start(replace(run, is_online=True)), record(1))
    assert os.environ["TRACKIO_SPACE_ID"] == "ann/board"
    use(to_trackio.start(run), record(2, Phase.EVALUATION, eval_pass_rate=0.5))
    assert "TRACKIO_SPACE_ID" not in os.environ
    assert os.environ["TRACKIO_DIR"] == str(run.folder)
    assert {c["resume"] for c in calls.of("init")} == {"allow"}
    assert {c["name"] for c in calls.of("init")} == {"run-1"}
    assert calls.of("log") == [
        {"metrics": {"train/loss": 1.0}, "step": 1},
        {"metrics": {"evaluation/eval_pass_rate": 0.5}, "step": 2},
    ]
    assert len(calls.of("finish")) == 2


def test_tensorboard_has_a_directory_a_phase_and_purges_what_comes_again(
    calls: Calls, run: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "torch.utils.tensorboard"
    monkeypatch.setitem(sys.modules, name, libraries.tensorboard(calls))
    steps = [record(8, Phase.WARM_START), record(1), record(2), record(2), record(3)]
    use(to_tensorboard.start(run), *steps)
    opened = [(Path(c["log_dir"]).name, c["purge_step"]) for c in calls.of("open")]
    assert opened == [("warm_start", 8), ("train", 1), ("train", 2)]
    assert [(c["tag"], c["step"]) for c in calls.of("add_scalar")] == [
        ("warm_start/loss", 8), ("train/loss", 1), ("train/loss", 2), ("train/loss", 2),
        ("train/loss", 3),
    ]  # fmt: skip
    assert len(calls.of("close")) == len(opened)
    assert len(calls.of("flush")) == len(steps)


def test_mlflow_finds_its_run_again(
    calls: Calls, run: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MlflowServer()
    for name, module in libraries.mlflow(calls, server).items():
        monkeypatch.setitem(sys.modules, name, module)
    use(to_mlflow.start(run), record(1), state=RunState.STOPPED)
    use(to_mlflow.start(run), record(2))
    use(to_mlflow.start(replace(run, id="fedcba9876543210")), record(1))
    places = {c["tracking_uri"] for c in calls.of("client")}
    assert places == {f"sqlite:///{run.folder / 'mlflow.db'}"}
    assert server.tags == {"mlflow-0": run.id, "mlflow-1": "fedcba9876543210"}
    assert [c["status"] for c in calls.of("update_run")] == ["RUNNING"]
    ended = [(c["run_id"], c["status"]) for c in calls.of("set_terminated")]
    assert ended == [("mlflow-0", "KILLED"), ("mlflow-0", "FINISHED"), ("mlflow-1", "FINISHED")]
    params = {p.key: p.value for c in calls.of("log_batch") for p in c["params"]}
    assert params["rollout.group_size"] == "4"
    metrics = [(m.key, m.value, m.step) for c in calls.of("log_batch") for m in c["metrics"]]
    assert metrics == [("train/loss", 1.0, 1), ("train/loss", 0.5, 2), ("train/loss", 1.0, 1)]


def test_mlflow_takes_the_address_of_its_environment_when_online(
    calls: Calls, run: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, module in libraries.mlflow(calls, MlflowServer()).items():
        monkeypatch.setitem(sys.modules, name, module)
    use(to_mlflow.start(replace(run, is_online=True)), record(1))
    assert calls.of("client") == [{"tracking_uri": None}]
    assert calls.of("create_experiment") == [{"name": "shop", "artifact_location": None}]
