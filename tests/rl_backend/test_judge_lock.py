"""A run is judged by one judge from its first start to its end, or says why it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.manifest import GateReport
from exporter.writer import write_bundle
from rl_backend.assembly import train
from rl_backend.config import load_preset
from rl_backend.errors import BackendError
from rl_backend.evaluation.bundles import lock_of
from rl_backend.judge_lock import held_judge
from rl_backend.judges.settings import JudgeSettings
from rl_backend.progress import Progress
from rl_backend.records import BundleLock
from rl_backend.rundir import RunDir
from world_builder.rubrics import Criterion, CriterionCategory
from world_builder.state import WorldBase

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
KIND = Criterion(id="kind", text="Is kind.", category=CriterionCategory.FORMAT)
FIRST = {"ANTHROPIC_API_KEY": "sk-secret", "CORECRAFT_JUDGE_MODEL": "judge-1"}
OTHERS: dict[str, tuple[Mapping[str, str], str]] = {
    "another model": (
        FIRST | {"CORECRAFT_JUDGE_MODEL": "judge-2"},
        r"judged by check\+anthropic:judge-1#\w+, now check\+anthropic:judge-2#\w+ would judge\. "
        "Set CORECRAFT_JUDGE_MODEL=judge-1 as before, or start a new run",
    ),
    "other votes": (FIRST | {"CORECRAFT_JUDGE_VOTES": "5"}, "Set CORECRAFT_JUDGE_VOTES=3 as"),
    "an effort": (FIRST | {"CORECRAFT_JUDGE_EFFORT": "low"}, "Unset CORECRAFT_JUDGE_EFFORT as"),
    "no key": (
        {"CORECRAFT_JUDGE_MODEL": "judge-1"},
        r"now check\+unavailable would judge\. Set ANTHROPIC_API_KEY as before",
    ),
    "no judge": ({}, "Set ANTHROPIC_API_KEY and CORECRAFT_JUDGE_MODEL=judge-1 as before"),
}


@pytest.fixture(scope="module")
def asking(tutorial: WorldBase) -> WorldBase:
    """A few tasks of the tutorial, one of which has a criterion that no check decides."""
    first, *others = tutorial.world.tasks[:3]
    rubric = first.rubric.model_copy(update={"criteria": (*first.rubric.criteria, KIND)})
    tasks = (first.model_copy(update={"rubric": rubric}), *others)
    return WorldBase(tutorial.world.model_copy(update={"tasks": tasks}))


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return RunDir.create(tmp_path / "runs", load_preset("smoke"), BUNDLE)


def judge_id(run: RunDir, base: WorldBase, environment: Mapping[str, str]) -> str:
    """The judge of a process that is started in an environment."""

    async def held() -> str:
        async with held_judge(run, base, environment) as judge:
            return judge.id

    return asyncio.run(held())


def finish_a_step(run: RunDir) -> None:
    run.write_status(run.stored_status().model_copy(update={"step": 1}))


def test_the_identity_is_kept_without_secrets(run: RunDir, asking: WorldBase) -> None:
    assert run.judge() is None
    first = judge_id(run, asking, FIRST)
    kept = run.judge()
    assert kept is not None
    assert kept.id == first
    assert kept.settings == {"CORECRAFT_JUDGE_MODEL": "judge-1", "CORECRAFT_JUDGE_VOTES": "3"}
    assert "sk-secret" not in (run.path / "judge.lock.json").read_text()


@pytest.mark.parametrize(("environment", "told"), OTHERS.values(), ids=list(OTHERS))
def test_another_judge_ends_a_run_that_was_judged(
    run: RunDir, asking: WorldBase, environment: Mapping[str, str], told: str
) -> None:
    first = judge_id(run, asking, FIRST)
    finish_a_step(run)
    with pytest.raises(BackendError, match=told):
        judge_id(run, asking, environment)
    again = FIRST | {"ANTHROPIC_API_KEY": "sk-newer", "CORECRAFT_JUDGE_CALLS": "2"}
    assert judge_id(run, asking, again) == first


def test_no_judge_is_one_too(run: RunDir, asking: WorldBase) -> None:
    judge_id(run, asking, {})
    finish_a_step(run)
    with pytest.raises(BackendError, match="Unset CORECRAFT_JUDGE_MODEL as before"):
        judge_id(run, asking, FIRST)
    assert judge_id(run, asking, {}) == "check+unavailable"


def test_a_judge_may_be_set_up_while_nothing_was_judged(run: RunDir, asking: WorldBase) -> None:
    """As after a first evaluation that could not be scored for want of a judge."""
    judge_id(run, asking, {})
    first = judge_id(run, asking, FIRST)
    kept = run.judge()
    assert kept is not None
    assert kept.id == first


def test_where_checks_decide_everything_any_judge_will_do(run: RunDir, tutorial: WorldBase) -> None:
    judge_id(run, tutorial, FIRST)
    finish_a_step(run)
    judge_id(run, tutorial, {})
    assert run.judge() is None


def test_a_resumed_process_ends_under_another_judge(
    asking: WorldBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_bundle(asking.world, "1.0.0", tmp_path, gates=GateReport(gates=()))
    config = load_preset("smoke", ["model.path=model"])
    run = RunDir.create(tmp_path / "runs", config, lock_of(Bundle.open(path)))
    judge_id(run, asking, FIRST)
    finish_a_step(run)
    for name, value in (FIRST | {"CORECRAFT_JUDGE_MODEL": "judge-2"}).items():
        monkeypatch.setenv(name, value)
    with Progress(run) as progress, pytest.raises(BackendError, match=r"judge-2#\w+ would judge"):
        asyncio.run(train(run, progress))


def test_calls_in_flight_can_be_set() -> None:
    assert JudgeSettings.from_environment({"CORECRAFT_JUDGE_CALLS": "2"}).max_calls == 2
    assert JudgeSettings.from_environment({}).max_calls == 8
