"""Owners: a living process, one that ended, a number used again, other machines."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rl_backend.runtimes.containers import OWNER_LABEL, FoundContainer
from rl_backend.runtimes.owners import Owner

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ME = Owner.of()
ELSEWHERE = replace(ME, boot="another-machine")


def found(owner: str, *, is_running: bool, age_s: int = 3600) -> FoundContainer:
    return FoundContainer(
        host="h",
        id="1",
        name="one",
        labels={OWNER_LABEL: owner},
        is_running=is_running,
        created_at=NOW - timedelta(seconds=age_s),
        status="Up",
    )


def test_a_label_names_its_owner() -> None:
    assert Owner.parse(ME.label) == ME
    assert ME.is_dead is False


@pytest.mark.parametrize("label", ["", "x", "a/b/c/d", "a/b/1", "/b/1/2"])
def test_other_labels_name_nobody(label: str) -> None:
    assert Owner.parse(label) is None


def test_an_ended_process_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = Owner.of(process.pid)
        assert owner.is_dead is False
        process.kill()
    assert owner.is_dead is True


def test_a_number_used_again_is_another_process() -> None:
    assert replace(ME, started=ME.started + 1).is_dead is True


def test_of_another_machine_nothing_is_known() -> None:
    assert ELSEWHERE.is_dead is None
    assert replace(ME, namespace="1").is_dead is None


@pytest.mark.parametrize(
    ("owner", "is_running", "age_s", "is_left"),
    [
        (ME.label, True, 3600, False),
        (ME.label, False, 3600, False),
        (replace(ME, started=1).label, True, 1, True),
        (ELSEWHERE.label, True, 3600, False),
        (ELSEWHERE.label, False, 3600, True),
        (ELSEWHERE.label, False, 60, False),
        ("no owner", False, 3600, True),
    ],
    ids=(
        "mine running",
        "mine stopped",
        "number used again",
        "elsewhere running",
        "elsewhere stopped",
        "elsewhere new",
        "nobody's",
    ),
)
def test_what_is_left_behind(owner: str, is_running: bool, age_s: int, is_left: bool) -> None:
    container = found(owner, is_running=is_running, age_s=age_s)
    assert container.is_left_behind(NOW) is is_left
