"""Our trainer beside a peer: one batch for both, the same losses, what is told and refused."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from exporter.errors import ExporterError
from rl_backend.bench.batches import make_batch, read_batch, with_noise, write_batch
from rl_backend.bench.ready_policy import ready_policy
from rl_backend.bench.stages import StepFigures, step_figures
from rl_backend.bench.train import TRL_FOLDER, bench_train
from rl_backend.bench.train_types import (
    ASKED_FILE,
    BATCH_FILE,
    LOSS_TOLERANCE,
    BatchShape,
    Ready,
    Scoring,
    SideFigures,
    TrainAsked,
    TrainerReady,
    TrainFigures,
    Update,
)
from rl_backend.bench.worker import Worker
from rl_backend.errors import BackendError
from rl_backend.records import MetricRecord, Phase
from studio.cli_bench import app

SHAPE = BatchShape(
    num_groups=2, group_size=4, prompt_tokens=40, response_tokens=30, sampled_tokens=12
)
ASKED = TrainAsked(shape=SHAPE, num_threads=1, rows_per_microbatch=4)
STEP = {
    "step_s": 10.0, "rollout_s": 6.0, "engine_s": 5.5, "judge_s": 0.1, "train_s": 3.0,
    "trainer_s": 2.9, "sync_s": 0.2, "checkpoint_s": 0.3, "num_rollouts": 128.0,
    "num_tokens": 9000.0,
}  # fmt: skip


def test_rows_of_a_group_begin_alike_and_are_trained_on_what_was_sampled() -> None:
    shape = BatchShape(num_groups=3, group_size=5)
    batch, prompts = make_batch(shape, vocab_size=500, seed=1)
    assert batch.num_rows == len(prompts) == 15
    for group in range(3):
        rows = range(5 * group, 5 * group + 5)
        (size,) = {prompts[row] for row in rows}
        assert 365 <= size <= 495
        assert len({tuple(batch.tokens_B_T[row, :size]) for row in rows}) == 1
        assert batch.advantages_B_T[rows, 0].sum() == pytest.approx(0, abs=1e-4)
    for row, size in enumerate(prompts):
        mask, end = batch.loss_mask_B_T[row], batch.lengths_B[row]
        assert not mask[:size].any()
        assert mask[size]
        assert mask[end - 1]
        assert not mask[end:].any()
        assert np.diff(mask.astype(int)).clip(0).sum() == shape.num_turns
        assert 70 <= mask.sum() <= 110
        assert 185 <= end - size <= 275
    first = {tuple(batch.tokens_B_T[row, :20]) for row in (0, 5, 10)}
    assert len(first) == 3


def test_both_sides_read_the_batch_that_was_written(tmp_path: Path) -> None:
    batch, prompts = make_batch(SHAPE, vocab_size=50, seed=1)
    again, _ = make_batch(SHAPE, vocab_size=50, seed=1)
    assert np.array_equal(batch.tokens_B_T, again.tokens_B_T)
    noisy = with_noise(batch, np.full_like(batch.old_logprobs_B_T, -2.0), std=0.2, seed=3)
    sampled = noisy.old_logprobs_B_T[batch.loss_mask_B_T]
    assert sampled.std() == pytest.approx(0.2, rel=0.3)
    assert not noisy.old_logprobs_B_T[~batch.loss_mask_B_T].any()
    write_batch(tmp_path / BATCH_FILE, noisy, prompts)
    kept = read_batch(tmp_path / BATCH_FILE)
    for name in ("tokens_B_T", "lengths_B", "loss_mask_B_T", "old_logprobs_B_T", "advantages_B_T"):
        assert np.array_equal(getattr(kept, name), getattr(noisy, name))


def test_sharing_does_not_change_the_update_that_is_measured(tmp_path: Path) -> None:
    (tmp_path / ASKED_FILE).write_text(ASKED.model_dump_json())
    command = [sys.executable, "-m", "rl_backend.bench.trainer_side", str(tmp_path)]
    losses, packed = [], []
    for kind in ("shared", "unshared"):
        with Worker([*command, kind], tmp_path / "log", num_threads=1) as worker:
            ready = worker.ask("ready", TrainerReady)
            updates = [worker.ask("update", Update) for _ in range(2)]
            assert worker.ask("scoring", Scoring).seconds > 0
        packed.append(ready.num_packed_tokens)
        losses.append([update.loss for update in updates])
        assert all(update.grad_norm > 0 < update.seconds for update in updates)
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert losses[0][0] != losses[0][1]
    assert packed[0] < packed[1]


@pytest.mark.skipif(
    not (TRL_FOLDER / "bin" / "python").exists(),
    reason="TRL has no environment yet: `corecraft bench train` makes it",
)
def test_trl_computes_the_same_losses() -> None:
    python = (TRL_FOLDER / "bin" / "python").absolute()
    figures = bench_train(python, ASKED, num_rounds=1)
    assert len(figures.trl.losses) == 2
    assert figures.loss_gap < LOSS_TOLERANCE / 10
    assert figures.grad_norm_gap < 1e-3
    assert figures.num_packed_tokens < figures.num_row_tokens


def test_an_interpreter_without_trl_is_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(ExporterError, match=r"pip install trl=="):
        bench_train(Path(sys.executable), ASKED)
    asked = ["train", "--peer-python", sys.executable]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1
    assert "has no TRL" in result.output
    assert CliRunner().invoke(app, [*asked, "--optional"]).exit_code == 0
    missing = CliRunner().invoke(app, ["train", "--peer-python", str(tmp_path / "none")])
    assert "cannot be run" in missing.output


def test_a_process_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    dying = [sys.executable, "-c", "import sys; sys.exit('no such model')"]
    with (
        Worker(dying, tmp_path / "log", num_threads=1) as worker,
        pytest.raises(BackendError, match="did not ready: no such model"),
    ):
        worker.ask("ready", Ready)


def _side(seconds: float, loss: float, packages: tuple[str, ...]) -> SideFigures:
    return SideFigures(
        ready=Ready(packages=packages, what=f"code of {packages[0]}"),
        update_s=seconds,
        update_cpu_s=2 * seconds,
        scoring_s=seconds / 3,
        scoring_cpu_s=seconds / 2,
        losses=(0.5, loss),
        grad_norms=(2.0, 1.0),
    )


def _figures(peer_loss: float) -> TrainFigures:
    return TrainFigures(
        num_parameters=2_000_000,
        num_rows=128,
        num_row_tokens=84_000,
        num_packed_tokens=33_000,
        num_sampled_tokens=11_000,
        cut_s=0.1,
        num_threads=2,
        num_cores=2,
        load=0.5,
        num_rounds=1,
        ours=_side(10.0, 0.25, ("megatron-core 0",)),
        unshared=_side(20.0, 0.25, ("megatron-core 0",)),
        trl=_side(30.0, peer_loss, ("trl 1", "transformers 5", "torch 2")),
    )


def test_the_command_tells_both_and_fails_when_losses_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer_loss = [0.2501]
    monkeypatch.setattr("studio.cli_bench_train.peer_python", lambda peer: Path("python"))
    monkeypatch.setattr(
        "studio.cli_bench_train.bench_train", lambda *a, **k: _figures(peer_loss[0])
    )
    monkeypatch.setattr("studio.cli_bench_train._step", lambda *a: StepFigures(num_steps=1, **STEP))
    asked = ["train", "--policy", "policy"]
    shown = CliRunner().invoke(app, asked, env={"COLUMNS": "160"})
    assert shown.exit_code == 0
    assert "3.00x (3.00x)" in shown.stdout
    assert "8,400" in shown.stdout
    assert "code of trl 1" in shown.stdout
    assert "16.0%" in shown.stdout
    told = CliRunner().invoke(app, [*asked, "--json"]).stdout
    assert json.loads(told)["overhead_share"] == pytest.approx(0.16)
    peer_loss[0] = 0.26
    differing = CliRunner().invoke(app, asked)
    assert differing.exit_code == 1
    assert "not the same update" in differing.output


def test_stages_are_medians_of_steps_that_trained() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    records = [
        MetricRecord(at=at, phase=Phase.TRAIN, step=n, values={**STEP, "step_s": 10.0 * n})
        for n in (1, 2, 3)
    ]
    figures = step_figures(records)
    assert (figures.num_steps, figures.step_s, figures.trainer_s) == (3, 20.0, 2.9)
    assert figures.overhead_share == pytest.approx(1 - 8.4 / 20)
    with pytest.raises(BackendError, match="no group had a spread"):
        step_figures([])


def test_a_policy_that_is_there_is_taken(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()
    assert ready_policy(tmp_path) == tmp_path.absolute()
