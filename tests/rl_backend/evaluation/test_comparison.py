"""Figures without trajectories: the same answer as the full comparison, read by heads alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.config import RunConfig
from rl_backend.evaluation.bundles import lock_of
from rl_backend.evaluation.command import evaluate_bundle
from rl_backend.evaluation.comparison import Comparison, PairOutcome, compare_figures, slices
from rl_backend.evaluation.heads import StaleHeadError, read_heads, read_record, scored_heads
from rl_backend.evaluation.pairing import PairedReview
from rl_backend.review import review_run
from rl_backend.rundir import RunDir
from world_builder.state import WorldBase


@pytest.fixture(scope="module")
def run(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """Two evaluations of a careless policy: some tasks gained, some lost."""
    root = tmp_path_factory.mktemp("run")
    bundle = Bundle.open(write_bundle(tutorial.world, "1.0.0", root))
    made = RunDir.create(root, RunConfig(), lock_of(bundle), "run")
    for step, seed in ((0, 3), (10, 8)):
        evaluation = evaluate_bundle(bundle, "scripted:careless", rollouts_per_task=3, seed=seed)
        found = asyncio.run(evaluation)
        made.write_eval(found.report.model_copy(update={"step": step}), found.records)
    return made


@pytest.fixture(scope="module")
def figures(run: RunDir) -> Comparison:
    return compare_figures(
        run.eval_report(0),
        run.eval_report(10),
        read_heads(run.eval_rollouts_path(0)),
        read_heads(run.eval_rollouts_path(10)),
    )


@pytest.fixture(scope="module")
def whole(run: RunDir) -> PairedReview:
    return review_run(run)


def test_it_agrees_with_the_comparison_of_trajectories(
    figures: Comparison, whole: PairedReview
) -> None:
    assert figures.num_tasks == whole.num_tasks
    assert figures.baseline_pass_rate == whole.baseline_pass_rate
    assert figures.trained_pass_rate == whole.trained_pass_rate
    assert (figures.pass_gain, figures.reward_gain) == (whole.pass_gain, whole.reward_gain)
    assert figures.test == whole.test
    assert [t.task_id for t in figures.tasks] == [p.task_id for p in whole.pairs]
    for task, pair in zip(figures.tasks, whole.pairs, strict=True):
        assert (task.outcome is PairOutcome.GAINED) == pair.is_gained
        assert (task.outcome is PairOutcome.LOST) == pair.is_lost
    assert figures.test.num_gained > 0
    assert figures.test.num_lost > 0


def test_groups_hold_every_task_once(figures: Comparison) -> None:
    rows = slices(figures.tasks, lambda task: task.category.value)
    assert [row.name for row in rows] == sorted({t.category.value for t in figures.tasks})
    assert sum(row.num_tasks for row in rows) == figures.num_tasks
    assert sum(row.num_lost for row in rows) == figures.test.num_lost
    whole = slices(figures.tasks, lambda _task: "all")[0]
    assert whole.pass_gain == figures.pass_gain


def test_a_head_leads_to_its_record(run: RunDir) -> None:
    path = run.eval_rollouts_path(10)
    heads = read_heads(path)
    assert tuple(read_record(path, head) for head in heads) == run.eval_rollouts(10)
    by_task = scored_heads(heads)
    assert {len(found) for found in by_task.values()} == {3}


def test_torn_lines_are_skipped_and_a_changed_file_is_told(run: RunDir, tmp_path: Path) -> None:
    lines = run.eval_rollouts_path(0).read_bytes().splitlines(keepends=True)
    path = tmp_path / "rollouts.jsonl"
    path.write_bytes(lines[0] + lines[1][:40] + b"\n" + lines[2] + lines[3][:-9])
    heads = read_heads(path)
    assert [read_record(path, head).rollout_id for head in heads] == [
        record.rollout_id for record in (run.eval_rollouts(0)[0], run.eval_rollouts(0)[2])
    ]
    path.write_bytes(lines[3])
    with pytest.raises(StaleHeadError, match="written anew"):
        read_record(path, heads[1])
    path.unlink()
    assert read_heads(path) == ()
