"""Run directories as a training process leaves them, written through its own writer API."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from rl_backend.config import load_preset
from rl_backend.evaluation.report import make_report
from rl_backend.records import BundleLock, EventKind, Phase, RunState
from rl_backend.rundir import RunDir

LOCK = BundleLock(path="/nowhere/tutorial-1.0.0", name="tutorial", version="1.0.0", digest="d" * 64)


def make_run(
    runs_dir: Path,
    run_id: str = "run-1",
    *,
    state: RunState = RunState.DONE,
    num_steps: int = 12,
    reason: str = "",
    bundle: BundleLock = LOCK,
) -> RunDir:
    """A run that has come to `num_steps` of 20, with curves, evaluations, events and a log."""
    run = RunDir.create(runs_dir, load_preset("tiny", ("num_steps=20",)), bundle, run_id)
    now = datetime.now(UTC)
    for step in range(1, 61):
        run.append_metrics(Phase.WARM_START, step, {"loss": 3 / step, "step_s": 0.4})
    for step in range(num_steps + 1):
        if step:
            add_step(run, step)
        if step % 10 == 0:
            add_evaluation(run, step)
    run.append_event(EventKind.STATE, num_steps, state.value)
    run.log_path.write_text("".join(f"line {i}\n" for i in range(500)))
    changes = {
        "state": state, "step": num_steps, "warm_start_step": 60, "policy_version": num_steps,
        "reason": reason, "pid": 1, "started_at": now - timedelta(minutes=5), "updated_at": now,
    }  # fmt: skip
    run.write_status(run.stored_status().model_copy(update=changes))
    return run


def add_step(run: RunDir, step: int) -> None:
    values = {
        "reward_mean": 0.3 + step / 40, "pass_rate": step / 25, "clip_low": 0.01, "clip_high": 0.02,
        "kl": 0.001 * step, "engine_kl": 1e-6, "entropy": 2.0 - step / 20, "loss": -0.1 / step,
        "response_tokens": 60.0 - step, "policy_lag": 0.0, "rollout_s": 10.0, "train_s": 4.0,
        "sync_s": 0.5, "step_s": 14.5, "num_rollouts": 64.0,
    }  # fmt: skip
    run.append_metrics(Phase.TRAIN, step, values)


def add_evaluation(run: RunDir, step: int) -> None:
    report = make_report([], [], policy="policy", bundle="tutorial", split="held_out", step=step)
    rate = 0.2 + step / 50
    run.write_eval(
        report.model_copy(update={"pass_rate": rate, "mean_reward": rate, "tasks": 29}), []
    )
    values = {"eval_pass_rate": rate, "eval_reward_mean": rate}
    run.append_metrics(Phase.EVALUATION, step, values)
    run.append_event(EventKind.EVALUATION, step, f"held-out pass rate {rate:.3f}")
