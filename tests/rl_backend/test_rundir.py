"""A run directory stays readable whatever happened to the process that wrote it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rl_backend import run_lock
from rl_backend.config import load_preset
from rl_backend.evaluation.report import make_report
from rl_backend.records import BundleLock, EventKind, Phase, RunState, Status
from rl_backend.rundir import ENDED_WITHOUT_A_WORD, RunDir, RunDirError, list_runs
from tests.rl_backend.factories import make_record, make_task

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)

HOLD_LOCK = """
import sys
from pathlib import Path
from rl_backend import run_lock
run_lock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return RunDir.create(tmp_path / "runs", load_preset("smoke"), BUNDLE)


def as_running(run: RunDir) -> Status:
    status = run.stored_status().model_copy(update={"state": RunState.RUNNING, "pid": os.getpid()})
    run.write_status(status)
    return status


def test_a_new_run_is_queued_and_complete(run: RunDir) -> None:
    assert run.config() == load_preset("smoke")
    assert run.bundle() == BUNDLE
    status = run.status()
    assert (status.state, status.step, status.num_steps) == (RunState.QUEUED, 0, 2)
    assert RunDir.open(run.path) == run


def test_runs_of_one_moment_get_names_of_their_own(tmp_path: Path) -> None:
    runs = [RunDir.create(tmp_path, load_preset("smoke"), BUNDLE) for _ in range(3)]
    assert len({run.id for run in runs}) == 3
    with pytest.raises(RunDirError, match="exists"):
        RunDir.create(tmp_path, load_preset("smoke"), BUNDLE, run_id=runs[0].id)


def test_a_torn_last_line_is_skipped_and_later_records_are_whole(run: RunDir) -> None:
    run.append_metrics(Phase.TRAIN, 1, {"loss": 1.0})
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"v":1,"at":"2026-')
    assert [record.step for record in run.metrics()] == [1]
    run.append_metrics(Phase.TRAIN, 2, {"loss": 2.0})
    assert [record.step for record in run.metrics()] == [1, 2]


def test_a_tail_gives_each_record_once_and_waits_for_whole_lines(run: RunDir) -> None:
    run.append_metrics(Phase.TRAIN, 1, {"loss": 1.0})
    first = run.tail_metrics()
    assert len(first.records) == 1
    path = run.path / "metrics.jsonl"
    line = path.read_bytes()
    with path.open("ab") as file:
        file.write(line[:20])
    assert run.tail_metrics(first.offset).records == ()
    with path.open("ab") as file:
        file.write(line[20:])
    again = run.tail_metrics(first.offset)
    assert again.records == first.records
    assert run.tail_metrics(again.offset).records == ()


def test_of_a_step_made_again_the_later_record_counts(run: RunDir) -> None:
    for step, loss in ((1, 1.0), (2, 2.0), (2, 3.0)):
        run.append_metrics(Phase.TRAIN, step, {"loss": loss})
    assert [(r.step, r.values["loss"]) for r in run.metrics()] == [(1, 1.0), (2, 3.0)]


def test_a_dead_process_is_seen_as_failed_and_resumable(run: RunDir) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        as_running(run)
        assert run.is_alive()
        assert run.status().state is RunState.RUNNING
        holder.kill()
    status = run.status()
    assert (status.state, status.reason) == (RunState.FAILED, ENDED_WITHOUT_A_WORD)
    assert status.state.is_resumable
    assert run.stored_status().state is RunState.RUNNING


def test_only_one_process_works_on_a_run(run: RunDir) -> None:
    lock = run_lock.acquire(run.path)
    with pytest.raises(run_lock.RunIsTaken, match="stop it first"):
        run_lock.acquire(run.path)
    os.close(lock)
    os.close(run_lock.acquire(run.path))


def test_a_status_is_whole_while_it_is_replaced(run: RunDir) -> None:
    status = as_running(run)
    reader = os.open(run.path / "status.json", os.O_RDONLY)
    run.write_status(status.model_copy(update={"step": 7}))
    old = Status.model_validate_json(os.read(reader, 1 << 16))
    os.close(reader)
    assert (old.step, run.stored_status().step) == (0, 7)
    assert not list(run.path.glob(".*.tmp"))


def test_stop_is_asked_for_by_a_file(run: RunDir) -> None:
    assert not run.is_stop_requested()
    run.request_stop()
    assert RunDir(run.path).is_stop_requested()
    run.clear_stop()
    assert not run.is_stop_requested()


def test_rollouts_and_evaluations_come_back_as_written(run: RunDir) -> None:
    task = make_task()
    records = (make_record(task), make_record(task, met=None, index=1))
    run.write_rollouts(3, records)
    report = make_report(records, [task], policy="p", bundle="b", split="held_out", step=2)
    run.write_eval(report, records)
    assert run.rollout_steps() == (3,)
    assert run.rollouts(3) == records
    assert run.eval_steps() == (2,)
    assert run.eval_report(2) == report
    assert run.eval_rollouts(2) == records
    with pytest.raises(RunDirError, match="step-000009"):
        run.eval_report(9)


def test_old_checkpoints_go_newest_first_stay(run: RunDir) -> None:
    for step in (1, 2, 30):
        run.checkpoint_dir(step).mkdir()
    (run.path / "checkpoints" / ".step-000031.tmp").mkdir()
    run.remove_checkpoints(keep_newest=2)
    assert run.checkpoint_steps() == (2, 30)


def test_runs_are_listed_newest_first_and_strangers_left_out(tmp_path: Path) -> None:
    for run_id, day in (("b", 2), ("a", 3), ("c", 1)):
        run = RunDir.create(tmp_path, load_preset("smoke"), BUNDLE, run_id)
        at = datetime(2026, 1, day, tzinfo=UTC)
        run.write_status(run.stored_status().model_copy(update={"created_at": at}))
    (tmp_path / "notes").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "status.json").write_text("{")
    assert [run.id for run in list_runs(tmp_path)] == ["a", "b", "c"]
    assert list_runs(tmp_path / "absent") == ()


def test_a_directory_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunDirError, match="not a run directory"):
        RunDir.open(tmp_path)


def test_the_log_is_read_from_an_offset(run: RunDir) -> None:
    run.log_path.write_text("one\ntw")
    text, offset = run.tail_log()
    assert text == "one\n"
    with run.log_path.open("a") as log:
        log.write("o\n")
    assert run.tail_log(offset)[0] == "two\n"


def test_events_are_kept_in_order(run: RunDir) -> None:
    run.append_event(EventKind.NOTE, 0, "first")
    run.append_event(EventKind.WARNING, 1, "second")
    assert [event.message for event in run.tail_events().records] == ["first", "second"]
