"""Trackers get every figure once, and whatever they do never ends or delays a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rl_backend.config import ConfigError, load_preset, parse_config
from rl_backend.preflight.checks import CheckState
from rl_backend.preflight.tracking import tracking_checks
from rl_backend.records import BundleLock, EventKind, MetricRecord, Phase, RunState
from rl_backend.rundir import RunDir
from rl_backend.tracking import follow, kinds
from rl_backend.tracking.base import Tracked, Tracker
from rl_backend.tracking.follow import followed
from rl_backend.tracking_config import TrackerKind

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="d" * 64)
WAIT_S = 20.0


def make_run(root: Path, *settings: str, kind: str = '["wandb"]') -> RunDir:
    config = load_preset("smoke", (f"tracking.kinds={kind}", *settings))
    return RunDir.create(root, config, BUNDLE, "run")


@dataclass
class Notebook:
    """A tracker that writes down what it is told."""

    run: Tracked
    steps: list[tuple[Phase, int]] = field(default_factory=list)
    ended: RunState | None = None
    before_log: Callable[[], None] = lambda: None

    def log(self, record: MetricRecord) -> None:
        self.before_log()
        self.steps.append((record.phase, record.step))

    def close(self, state: RunState) -> None:
        self.ended = state


@dataclass
class Shelf:
    """Opens a notebook for each tracker of a run."""

    books: dict[TrackerKind, Notebook] = field(default_factory=dict)
    before_log: dict[TrackerKind, Callable[[], None]] = field(default_factory=dict)

    def open(self, kind: TrackerKind, run: Tracked) -> Tracker:
        self.books[kind] = Notebook(run)
        self.books[kind].before_log = self.before_log.get(kind, lambda: None)
        return self.books[kind]


def report(run: RunDir, *steps: int) -> None:
    for step in steps:
        run.append_metrics(Phase.TRAIN, step, {"loss": 1.0 / step})


def warnings(run: RunDir) -> list[str]:
    return [e.message for e in run.tail_events().records if e.kind is EventKind.WARNING]


def done() -> RunState:
    return RunState.DONE


def stopped() -> RunState:
    return RunState.STOPPED


def test_every_figure_arrives_in_order_and_the_end_is_told(tmp_path: Path) -> None:
    run, shelf = make_run(tmp_path, "tracking.run_name=mine", "tracking.project=shop"), Shelf()
    run.append_metrics(Phase.WARM_START, 1, {"loss": 2.0})
    with followed(run, done, open_kind=shelf.open):
        report(run, 1, 2)
    book = shelf.books[TrackerKind.WANDB]
    assert book.steps == [(Phase.WARM_START, 1), (Phase.TRAIN, 1), (Phase.TRAIN, 2)]
    assert book.ended is RunState.DONE
    assert (book.run.name, book.run.project, book.run.is_online) == ("mine", "shop", False)
    assert book.run.folder == run.path / "tracking" / "wandb"
    assert book.run.config["bundle"] == f"tutorial 1.0.0 {'d' * 64}"
    assert warnings(run) == []


def test_figures_arrive_while_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "LOOK_S", 0.01)
    run, shelf, is_told = make_run(tmp_path), Shelf(), threading.Event()
    shelf.before_log[TrackerKind.WANDB] = is_told.set
    with followed(run, done, open_kind=shelf.open):
        report(run, 1)
        assert is_told.wait(WAIT_S)


def test_a_resumed_run_goes_on_where_the_tracker_was(tmp_path: Path) -> None:
    run, first, second = make_run(tmp_path), Shelf(), Shelf()
    with followed(run, stopped, open_kind=first.open):
        report(run, 1, 2)
    report(run, 3)  # as by a process that was killed before its tracker looked
    with followed(run, done, open_kind=second.open):
        report(run, 4)
    kind = TrackerKind.WANDB
    assert first.books[kind].ended is RunState.STOPPED
    assert [step for _, step in first.books[kind].steps] == [1, 2]
    assert [step for _, step in second.books[kind].steps] == [3, 4]
    assert first.books[kind].run == second.books[kind].run


def test_another_run_of_the_same_name_is_another(tmp_path: Path) -> None:
    ids = []
    for folder in ("a", "b"):
        run, shelf = make_run(tmp_path / folder), Shelf()
        with followed(run, done, open_kind=shelf.open):
            pass
        ids.append(shelf.books[TrackerKind.WANDB].run.id)
    assert len(set(ids)) == 2


def test_a_failure_is_a_warning_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "local-0123456789")
    run, shelf = make_run(tmp_path, kind='["wandb", "mlflow"]'), Shelf()

    def refuse() -> None:
        raise PermissionError("401 for local-0123456789 at https://ann:pw@host/api\nmore of it")

    shelf.before_log[TrackerKind.WANDB] = refuse
    with followed(run, done, open_kind=shelf.open):
        report(run, 1, 2)
    [warning] = warnings(run)
    assert warning == (
        "tracking with wandb failed and gets no more figures; they are in the run directory "
        "(PermissionError: 401 for *** at https://***@host/api)"
    )
    assert [step for _, step in shelf.books[TrackerKind.MLFLOW].steps] == [1, 2]


def test_what_cannot_be_opened_is_a_warning(tmp_path: Path) -> None:
    def refuse(kind: TrackerKind, run: Tracked) -> Tracker:
        raise ImportError(f"No module named {kind.value!r}")

    run = make_run(tmp_path)
    with followed(run, done, open_kind=refuse):
        report(run, 1)
    [warning] = warnings(run)
    assert "ImportError: No module named 'wandb'" in warning


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    release = threading.Event()
    yield release
    release.set()


def test_a_tracker_that_hangs_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hanging: threading.Event
) -> None:
    monkeypatch.setattr(follow, "LOOK_S", 0.01)
    monkeypatch.setattr(follow, "LAST_WORDS_STOPPED_S", 0.2)
    run, shelf, is_told = make_run(tmp_path), Shelf(), threading.Event()

    def hang() -> None:
        is_told.set()
        hanging.wait()

    shelf.before_log[TrackerKind.WANDB] = hang
    with followed(run, stopped, open_kind=shelf.open):
        report(run, 1)
        assert is_told.wait(WAIT_S)
        report(run, 2)
        left_at = time.monotonic()
    assert time.monotonic() - left_at < WAIT_S / 2
    assert warnings(run) == [
        "tracking with wandb did not end in time; a resumed run sends what it missed"
    ]


def test_an_error_of_the_run_is_told_and_goes_through(tmp_path: Path) -> None:
    run, shelf = make_run(tmp_path), Shelf()
    with (
        pytest.raises(RuntimeError, match="of the run"),
        followed(run, done, open_kind=shelf.open),
    ):
        raise RuntimeError("of the run")
    assert shelf.books[TrackerKind.WANDB].ended is RunState.FAILED


def test_users_in_addresses_are_not_sent(tmp_path: Path) -> None:
    run, shelf = make_run(tmp_path, "engine.url=http://ann:secret@gpu-1:30000"), Shelf()
    with followed(run, done, open_kind=shelf.open):
        pass
    assert "secret" not in str(shelf.books[TrackerKind.WANDB].run.config)


def test_nothing_follows_unless_it_is_asked_for(tmp_path: Path) -> None:
    run, shelf = RunDir.create(tmp_path, load_preset("smoke"), BUNDLE, "run"), Shelf()
    with followed(run, done, open_kind=shelf.open):
        report(run, 1)
    assert shelf.books == {}
    assert not (run.path / "tracking").exists()


def test_a_missing_library_is_told_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_preset("smoke", ['tracking.kinds=["wandb", "mlflow"]'])
    monkeypatch.setattr(kinds, "find_spec", lambda name: None if name == "wandb" else object())
    lacking, there = tracking_checks(config)
    assert (lacking.state, there.state) == (CheckState.BAD, CheckState.GOOD)
    assert "pip install 'corecraft-studio[tracking-wandb]'" in lacking.hint
    assert list(tracking_checks(load_preset("smoke"))) == []


def test_wrong_settings_are_refused() -> None:
    for text in ('kinds = ["wandb", "wandb"]', 'kinds = ["excel"]', 'project = "a/b"'):
        with pytest.raises(ConfigError, match="tracking"):
            parse_config(f"[tracking]\n{text}\n")
