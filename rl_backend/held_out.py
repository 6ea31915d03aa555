"""The evaluation inside a run: the policy on the held-out tasks, kept in the run directory."""

from __future__ import annotations

from rl_backend.collect import require_scored
from rl_backend.evaluation.evaluate import SplitChoice, evaluate
from rl_backend.parts import Parts
from rl_backend.records import EventKind, Phase, RunState
from rl_backend.step_metrics import known


async def evaluate_held_out(parts: Parts, *, step: int) -> None:
    """Measures the policy after a step; an evaluation that a stop interrupted is not kept.

    Raises:
        BackendError: not one rollout could be scored.
    """
    tasks = SplitChoice.HELD_OUT.of(parts.tasks)
    if not tasks:
        return
    parts.progress.enter(RunState.EVALUATING)
    result = await evaluate(
        parts.eval_policy,
        tasks,
        runner=parts.runner,
        judge=parts.judge,
        bundle=parts.bundle,
        split=SplitChoice.HELD_OUT,
        rollouts_per_task=parts.config.evaluation.rollouts_per_task,
        seed=parts.config.seed,
        step=step,
        temperature=parts.config.evaluation.temperature,
        max_replacements=parts.config.rollout.max_replacements,
    )
    if parts.progress.is_stopping:
        return
    require_scored(result.records, f"the evaluation after step {step}")
    report = result.report
    values = {"eval_pass_rate": report.pass_rate, "eval_reward_mean": report.mean_reward}
    parts.run.append_metrics(Phase.EVALUATION, step, known(values))
    # The report comes last: an evaluation that has one is not made again by a resumed run.
    parts.run.write_eval(report, result.records)
    text = f"held-out pass rate {report.pass_rate:.3f}, reward {report.mean_reward:.3f}"
    parts.run.append_event(EventKind.EVALUATION, step, f"{text} on {report.tasks} tasks")
