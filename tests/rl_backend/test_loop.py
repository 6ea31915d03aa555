"""The loop with the real trainer: what a run leaves, and that it learns what is rewarded."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.bundle import Bundle
from rl_backend.records import Phase
from rl_backend.review import review_run
from rl_backend.rundir import RunDir
from tests.rl_backend.loop_runs import (
    GROUP_SIZE,
    NUM_STEPS,
    NUM_TASKS,
    NUM_WARM_START_STEPS,
    make_run,
    work,
)


def test_every_step_leaves_its_metrics_and_rollouts(straight: RunDir) -> None:
    steps = [r for r in straight.metrics() if r.phase is Phase.TRAIN]
    assert [record.step for record in steps] == [1, 2, 3]
    for record in steps:
        assert record.values["policy_lag"] == 0
        assert record.values["num_unscored"] == 0
        assert record.values["response_tokens"] > 0
        assert 0 < record.values["engine_s"] <= record.values["rollout_s"]
        assert 0 < record.values["judge_s"] <= record.values["rollout_s"]
        assert 0 < record.values["trainer_s"] <= record.values["train_s"]
        rollouts = straight.rollouts(record.step)
        assert len(rollouts) == NUM_TASKS * GROUP_SIZE
        assert {r.policy_version for r in rollouts} == {record.step - 1 + NUM_WARM_START_STEPS}
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


def test_rollouts_beside_the_update_are_one_version_older(
    straight: RunDir, tutorial_bundle: Bundle, tmp_path: Path
) -> None:
    run = make_run(tmp_path, tutorial_bundle, "overlapped", "max_policy_lag=1")
    work(run, "step:2")
    work(run)
    steps = {r.step: r.values for r in run.metrics() if r.phase is Phase.TRAIN}
    assert sorted(steps) == [1, 2, 3]
    assert (steps[2]["policy_lag"], steps[2]["num_stale_dropped"]) == (1, 0)
    assert {r.policy_version for r in run.rollouts(2)} == {NUM_WARM_START_STEPS}
    made = [[r.rollout_id for r in run.rollouts(step)] for step in run.rollout_steps()]
    assert made == [[r.rollout_id for r in straight.rollouts(s)] for s in (1, 2, 3)]


@pytest.mark.parametrize("cut", ["tensor_parallel", "data_parallel"])
def test_two_ranks_repeat_the_losses_of_one(
    straight: RunDir, tutorial_bundle: Bundle, tmp_path: Path, cut: str
) -> None:
    run = make_run(tmp_path, tutorial_bundle, cut, f"trainer.{cut}=2")
    work(run)
    one, two = (losses(each) for each in (straight, run))
    assert len(one) == NUM_WARM_START_STEPS + NUM_STEPS
    assert two == pytest.approx(one, abs=1e-5)


def losses(run: RunDir) -> list[float]:
    """Of the warm start's steps and the loop's."""
    return [record.values["loss"] for record in run.metrics() if "loss" in record.values]
