"""Pictures of a demonstration: what is there is drawn, the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.evaluation.bundles import lock_of
from rl_backend.records import Phase
from rl_backend.rundir import RunDir
from studio.train_demo.results import keep, results_of
from studio.train_demo.worlds import training_bundle
from tests.studio.test_train_demo import seed_result

pictures = pytest.importorskip("studio.train_demo.pictures", exc_type=ImportError)


def run_of(root: Path, name: str) -> RunDir:
    lock = lock_of(training_bundle(root / "bundles"))
    return RunDir.create(root / "seed-1", load_preset("cpu-demo", []), lock, name)


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert pictures.draw(tmp_path, tmp_path / "out") == ()


def test_a_step_made_twice_counts_as_it_was_last(tmp_path: Path) -> None:
    run = run_of(tmp_path, "base")
    for step, loss in ((1, 3.0), (2, 2.5), (2, 2.0)):
        run.append_metrics(Phase.WARM_START, step, {"loss": loss})
    run.append_metrics(Phase.WARM_START, 3, {"grad_norm": 1.0})
    assert pictures.curve(run.path, Phase.WARM_START, "loss") == ([1, 2], [3.0, 2.0])
    assert pictures.curve(tmp_path / "absent", Phase.WARM_START, "loss") == ([], [])


def test_means_reach_back_and_never_ahead() -> None:
    assert pictures.smoothed([4.0, 2.0, 0.0, 6.0], 2) == [4.0, 3.0, 1.0, 3.0]


def test_each_part_has_its_picture(tmp_path: Path) -> None:
    run_of(tmp_path, "base").append_metrics(Phase.WARM_START, 1, {"loss": 3.0})
    grpo = run_of(tmp_path, "grpo")
    for step in (1, 2):
        grpo.append_metrics(Phase.TRAIN, step, {"pass_rate": 0.1 * step, "reward_mean": 0.5})
    keep(results_of([seed_result(1, 0.25, 0.75)]), tmp_path / "results.json")
    drawn = pictures.draw(tmp_path, tmp_path / "out")
    assert [path.name for path in drawn] == [
        "train-demo-warm-start.svg",
        "train-demo-grpo.svg",
        "train-demo-before-after.svg",
    ]
    again = pictures.draw(tmp_path, tmp_path / "again")
    for before, after in zip(drawn, again, strict=True):
        assert before.read_bytes() == after.read_bytes()
