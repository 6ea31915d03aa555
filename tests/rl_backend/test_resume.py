"""A run that was interrupted, wherever and however often, is the run that never was."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.bundle import Bundle
from rl_backend.records import MetricRecord
from rl_backend.rundir import RunDir
from tests.rl_backend.loop_runs import GROUP_SIZE, NUM_STEPS, NUM_TASKS, make_run, work

TIMINGS = ("_s", "_per_s")
NUM_HELD_OUT = 29
IN_STEP_2 = NUM_HELD_OUT + NUM_TASKS * GROUP_SIZE + 3
"""A request of a process that begins with the evaluation before the first step."""
INTERRUPTIONS = {
    "stopped in the warm start and between steps": ("warm_start:2", "step:1"),
    "killed in the warm start, then twice in the same step": (
        "warm_start:2:killed",
        f"sample:{IN_STEP_2}:killed",
        "sample:11:killed",
    ),
}


@pytest.fixture(scope="module", params=INTERRUPTIONS.values(), ids=list(INTERRUPTIONS))
def interrupted(
    request: pytest.FixtureRequest,
    tutorial_bundle: Bundle,
    tmp_path_factory: pytest.TempPathFactory,
) -> RunDir:
    run = make_run(tmp_path_factory.mktemp("runs"), tutorial_bundle, "interrupted")
    for point in request.param:
        work(run, point)
        assert run.status().step < NUM_STEPS
    work(run)
    return run


def figures(record: MetricRecord) -> dict[str, float]:
    return {n: x for n, x in record.values.items() if not n.endswith(TIMINGS)}


def rollouts(run: RunDir) -> list[dict[str, Any]]:
    return [r.model_dump() for step in run.rollout_steps() for r in run.rollouts(step)]


def test_every_figure_is_the_same(straight: RunDir, interrupted: RunDir) -> None:
    one, other = straight.metrics(), interrupted.metrics()
    assert [(r.phase, r.step) for r in one] == [(r.phase, r.step) for r in other]
    assert any("loss" in record.values for record in one)
    for a, b in zip(one, other, strict=True):
        assert figures(a) == figures(b)


def test_every_rollout_is_the_same_in_the_same_order(straight: RunDir, interrupted: RunDir) -> None:
    assert len(rollouts(straight)) == NUM_STEPS * NUM_TASKS * GROUP_SIZE
    assert rollouts(interrupted) == rollouts(straight)


def test_the_evaluation_is_the_same(straight: RunDir, interrupted: RunDir) -> None:
    assert interrupted.eval_steps() == straight.eval_steps() == (0,)
    assert interrupted.eval_rollouts(0) == straight.eval_rollouts(0)


def test_the_weights_are_the_same(straight: RunDir, interrupted: RunDir) -> None:
    weights = [run.policy_dir / "model.safetensors" for run in (straight, interrupted)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
