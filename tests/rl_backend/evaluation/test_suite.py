"""Several bundles behind one server: reports in order, and the judge is closed whatever comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.errors import BundleError
from rl_backend.engines.scripted import Scripted, scripted_policy
from rl_backend.evaluation import suite
from rl_backend.evaluation.evaluate import SplitChoice
from rl_backend.evaluation.trials import REPORTS, Trial
from rl_backend.judges.checks import ChecksJudge
from rl_backend.policies import Policy
from world_builder.state import WorldBase


class ClosingJudge(ChecksJudge):
    """Decides by checks alone and counts how often it was closed."""

    num_closed = 0

    async def close(self) -> None:
        self.num_closed += 1


class NoServer:
    """Stands where SGLang would."""

    url = "http://nowhere"

    def __init__(self, *_: object) -> None:
        """Starts nothing."""

    async def __aenter__(self) -> NoServer:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to end."""


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, tutorial: WorldBase) -> ClosingJudge:
    made = ClosingJudge()

    @asynccontextmanager
    async def connected(_url: str, _model: Path, temperature: float) -> AsyncIterator[Policy]:
        kind = Scripted.REFERENCE if temperature == 0 else Scripted.EMPTY
        yield scripted_policy(kind, tutorial.world.tasks)

    monkeypatch.setattr(suite, "build_judge", lambda _settings: made)
    monkeypatch.setattr(suite, "SGLangServer", NoServer)
    monkeypatch.setattr(suite, "connected", connected)
    return made


def trial(bundle: Path, temperature: float) -> Trial:
    return Trial(
        bundle=str(bundle), split=SplitChoice.HELD_OUT, temperature=temperature, rollouts=1
    )


async def test_reports_come_in_the_order_of_the_trials(
    judge: ClosingJudge, tutorial_bundle: Bundle, tmp_path: Path
) -> None:
    trials = [trial(tutorial_bundle.path, 1.0), trial(tutorial_bundle.path, 0.0)]
    empty, reference = await suite.evaluate_suite(trials, tmp_path, seed=1)
    assert (empty.pass_rate, reference.pass_rate) == (0.0, 1.0)
    assert judge.num_closed == 1


async def test_a_trial_that_fails_leaves_no_judge_open(judge: ClosingJudge, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        await suite.evaluate_suite([trial(tmp_path / "absent", 0.0)], tmp_path, seed=1)
    assert judge.num_closed == 1


def test_a_measurement_that_was_killed_goes_on_with_the_next_trial(
    judge: ClosingJudge,
    tutorial_bundle: Bundle,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good, absent = trial(tutorial_bundle.path, 0.0), trial(tmp_path / "absent", 0.0)
    out = tmp_path / "out.json"
    with pytest.raises(BundleError):
        suite.measure([good, absent], out, tmp_path, seed=1, threads=None)
    assert not out.exists()
    assert "1 of 2: tutorial" in capsys.readouterr().out
    last = trial(tutorial_bundle.path, 1.0)
    suite.measure([good, last], out, tmp_path, seed=1, threads=None)
    told = capsys.readouterr().out
    assert "2 of 2: tutorial" in told
    assert "0.0% passed" in told
    assert "1 of 2" not in told
    assert [r.pass_rate for r in REPORTS.validate_json(out.read_bytes())] == [1.0, 0.0]
    assert not out.with_suffix(".partial.json").exists()
