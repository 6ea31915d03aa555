"""The loop with the real trainer: it learns what is rewarded, and resuming changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.config import load_preset
from rl_backend.evaluation.bundles import lock_of
from rl_backend.records import MetricRecord, Phase
from rl_backend.review import review_run
from rl_backend.rundir import RunDir
from world_builder.state import WorldBase

ROOT = Path(__file__).parents[2]
SETTINGS = (
    "engine.url=scripted",
    "num_steps=3",
    "model.hidden_size=32",
    "model.num_layers=1",
    "warm_start.num_steps=2",
    "warm_start.batch_size=2",
    "trainer.num_cpu_threads=1",
)
TIMINGS = ("_s", "_per_s")
NUM_TASKS, GROUP_SIZE = 2, 4


@pytest.fixture(scope="module")
def bundle(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.open(write_bundle(tutorial.world, "1.0.0", tmp_path_factory.mktemp("bundle")))


def make_run(root: Path, bundle: Bundle, run_id: str, *settings: str) -> RunDir:
    config = load_preset("smoke", (*SETTINGS, *settings))
    return RunDir.create(root, config, lock_of(bundle), run_id)


def work(run: RunDir, until_step: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.rl_backend.loop_cases", str(run.path), str(until_step)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def straight(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    run = make_run(tmp_path_factory.mktemp("runs"), bundle, "straight")
    work(run, 3)
    return run


@pytest.fixture(scope="module")
def interrupted(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    run = make_run(tmp_path_factory.mktemp("runs"), bundle, "interrupted")
    work(run, 1)
    assert run.checkpoint_steps() == (0, 1)
    work(run, 3)
    return run


def figures(record: MetricRecord) -> dict[str, float]:
    return {n: x for n, x in record.values.items() if not n.endswith(TIMINGS)}


def test_every_step_leaves_its_metrics_and_rollouts(straight: RunDir) -> None:
    steps = [r for r in straight.metrics() if r.phase is Phase.TRAIN]
    assert [record.step for record in steps] == [1, 2, 3]
    for record in steps:
        assert record.values["policy_lag"] == 0
        assert record.values["num_unscored"] == 0
        assert record.values["response_tokens"] > 0
        rollouts = straight.rollouts(record.step)
        assert len(rollouts) == NUM_TASKS * GROUP_SIZE
        assert {r.policy_version for r in rollouts} == {record.step + 1}
    assert straight.checkpoint_steps() == (2, 3)


def test_better_answers_get_positive_advantages(straight: RunDir) -> None:
    trained = [r for r in straight.rollouts(1) if r.advantage is not None]
    assert trained
    for group in {r.group_id for r in trained}:
        members = [r for r in trained if r.group_id == group]
        best = max(members, key=lambda r: r.reward or 0.0)
        assert best.advantage is not None
        assert best.advantage > 0
        assert sum(r.advantage or 0.0 for r in members) == pytest.approx(0, abs=1e-4)


def test_before_and_after_are_evaluated_on_the_same_tasks(straight: RunDir) -> None:
    assert straight.eval_steps() == (0,)
    report = straight.eval_report(0)
    assert report.num_scored == report.tasks == len({r.task_id for r in straight.eval_rollouts(0)})
    with pytest.raises(ValueError, match="a comparison needs two"):
        review_run(straight)


def test_an_interrupted_run_repeats_the_same_figures(straight: RunDir, interrupted: RunDir) -> None:
    one, other = straight.metrics(), interrupted.metrics()
    assert [(r.phase, r.step) for r in one] == [(r.phase, r.step) for r in other]
    for a, b in zip(one, other, strict=True):
        assert figures(a) == figures(b)


def test_an_interrupted_run_ends_with_the_same_weights(
    straight: RunDir, interrupted: RunDir
) -> None:
    weights = [run.policy_dir / "model.safetensors" for run in (straight, interrupted)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_rollouts_beside_the_update_are_one_version_older(
    straight: RunDir, bundle: Bundle, tmp_path: Path
) -> None:
    run = make_run(tmp_path, bundle, "overlapped", "max_policy_lag=1")
    work(run, 2)
    work(run, 3)
    steps = {r.step: r.values for r in run.metrics() if r.phase is Phase.TRAIN}
    assert sorted(steps) == [1, 2, 3]
    assert (steps[2]["policy_lag"], steps[2]["num_stale_dropped"]) == (1, 0)
    assert {r.policy_version for r in run.rollouts(2)} == {2}
    made = [[r.rollout_id for r in run.rollouts(step)] for step in run.rollout_steps()]
    assert made == [[r.rollout_id for r in straight.rollouts(s)] for s in (1, 2, 3)]


@pytest.mark.parametrize("cut", ["tensor_parallel", "data_parallel"])
def test_two_ranks_repeat_the_losses_of_one(
    straight: RunDir, bundle: Bundle, tmp_path: Path, cut: str
) -> None:
    run = make_run(tmp_path, bundle, cut, f"trainer.{cut}=2")
    work(run, 3)
    one, two = (losses(each) for each in (straight, run))
    assert len(one) == 5
    assert two == pytest.approx(one, abs=1e-5)


def losses(run: RunDir) -> list[float]:
    """Of the warm start's steps and the loop's."""
    return [record.values["loss"] for record in run.metrics() if "loss" in record.values]
