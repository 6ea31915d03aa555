"""The installer's status file and decisions; that the whole of it works, every other test shows."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from rl_backend import install
from rl_backend.install_status import (
    STALE_AFTER,
    InstallState,
    InstallStatus,
    now,
    read_status,
    write_status,
)


@pytest.fixture
def status(tmp_path: Path) -> InstallStatus:
    return InstallStatus(
        state=InstallState.RUNNING,
        step=2,
        num_steps=4,
        message="Installing SGLang",
        log_path=tmp_path / "install.log",
        started_at=now(),
        updated_at=now(),
    )


def python(code: str) -> install.Step:
    return install.Step(title="Trying", command=(sys.executable, "-c", code))


def test_a_status_is_read_back_as_written(tmp_path: Path, status: InstallStatus) -> None:
    path = tmp_path / "var" / "install.json"
    write_status(path, status)
    assert read_status(path) == status
    assert [file.name for file in path.parent.iterdir()] == ["install.json"]


def test_no_status_and_no_valid_status_read_as_none(tmp_path: Path) -> None:
    path = tmp_path / "install.json"
    assert read_status(path) is None
    path.write_text('{"state": "run')
    assert read_status(path) is None


def test_a_running_status_that_stopped_beating_is_stale(status: InstallStatus) -> None:
    late = status.updated_at + STALE_AFTER + timedelta(seconds=1)
    assert not status.is_stale(status.updated_at)
    assert status.is_stale(late)
    assert not status.model_copy(update={"state": InstallState.DONE}).is_stale(late)


def test_a_failed_step_ends_the_installation_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (python("print('fine')"), python("raise SystemExit('no wheel')"), python("1/0"))
    monkeypatch.setattr(install, "plan", lambda **_: steps)
    monkeypatch.setattr(install, "is_installed", lambda **_: False)
    last = install.install(tmp_path / "status.json", tmp_path / "install.log")

    assert last == read_status(tmp_path / "status.json")
    assert (last.state, last.step, last.num_steps) == (InstallState.FAILED, 2, 3)
    assert "no wheel" in last.message
    assert (tmp_path / "install.log").read_text() == "fine\nno wheel\n"


@pytest.mark.parametrize(
    ("version", "system", "has_gpu", "reason"),
    [
        ((3, 11), "Linux", False, None),
        ((3, 13), "Linux", True, None),
        ((3, 13), "Linux", False, "needs Python 3.11; this is 3.13"),
        ((3, 11), "Darwin", False, "needs Linux; this is Darwin"),
    ],
)
def test_unsupported_machines_are_told_why(
    version: tuple[int, int], system: str, has_gpu: bool, reason: str | None
) -> None:
    told = install.unsupported_reason(version, system, has_gpu)
    assert told is None if reason is None else told is not None and reason in told
