"""A run's status tells the truth while the process works, and when it is asked to stop."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.progress import Progress
from rl_backend.records import BundleLock, RunState
from rl_backend.rundir import RunDir

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return RunDir.create(tmp_path, load_preset("smoke"), BUNDLE, "run")


def test_states_and_steps_are_written_at_once(run: RunDir) -> None:
    with Progress(run) as progress:
        assert run.stored_status().state is RunState.STARTING
        progress.enter(RunState.RUNNING)
        progress.finished(step=1)
        progress.at_version(4)
        status = run.stored_status()
        assert (status.state, status.step, status.policy_version) == (RunState.RUNNING, 1, 4)
        progress.end(RunState.DONE)
    assert run.stored_status().state is RunState.DONE
    assert run.stored_status().started_at is not None
    assert [e.message for e in run.tail_events().records] == ["running", "done"]


def test_a_stop_file_is_seen_and_told_once(run: RunDir) -> None:
    told = threading.Event()
    with Progress(run) as progress:
        progress.on_stop(told.set)
        run.request_stop()
        assert told.wait(10)
        assert progress.is_stopping
        progress.enter(RunState.EVALUATING)
        assert run.stored_status().state is RunState.STOPPING
        progress.end(RunState.STOPPED)
    assert run.stored_status().state is RunState.STOPPED


def test_a_process_that_stops_too_slowly_is_overdue_but_never_within_what_must_be_whole(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_backend.progress.PATIENCE_S", 0.3)
    told, is_overdue = threading.Event(), threading.Event()
    with Progress(run, on_overdue=is_overdue.set) as progress:
        progress.on_stop(told.set)
        with progress.unbroken():
            progress.stop()
            assert told.wait(10)
            assert not is_overdue.wait(1)
        assert is_overdue.wait(10)


def test_a_resumed_run_keeps_when_it_first_began(run: RunDir) -> None:
    with Progress(run) as progress:
        first = run.stored_status()
        progress.end(RunState.FAILED, "the engine died")
    assert run.stored_status().reason == "the engine died"
    with Progress(run):
        again = run.stored_status()
    assert again.started_at == first.started_at
    assert again.process_started_at != first.process_started_at
    assert again.reason == ""


@pytest.mark.parametrize(
    ("warm", "step", "is_complete"), [(9, 0, False), (10, 0, True), (0, 0, False)]
)
def test_a_warm_start_alone_is_complete_with_its_last_step(
    tmp_path: Path, warm: int, step: int, is_complete: bool
) -> None:
    config = load_preset("smoke", ["num_steps=0", "warm_start.num_steps=10"])
    run = RunDir.create(tmp_path, config, BUNDLE, "run")
    with Progress(run) as progress:
        progress.finished(warm_start_step=warm, step=step)
        assert progress.status.is_complete is is_complete
        progress.end(RunState.STOPPED)
