"""The figures of a step: their names, units and meaning, in one table.

The loop writes values under these names, charts and documents take titles from here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What one figure of `metrics.jsonl` means."""

    name: str
    title: str
    unit: str
    """Empty for shares and plain numbers."""
    meaning: str


def _metric(name: str, title: str, meaning: str, unit: str = "") -> Metric:
    return Metric(name=name, title=title, unit=unit, meaning=meaning)


METRICS: tuple[Metric, ...] = (
    _metric("reward_mean", "Reward", "Mean reward of the step's scored rollouts, before filters."),
    _metric("reward_std", "Reward spread", "Mean standard deviation within groups."),
    _metric("pass_rate", "Pass rate", "Share of the step's scored rollouts that passed."),
    _metric("num_rollouts", "Rollouts", "Rollouts made in the step."),
    _metric("num_unscored", "Unscored", "Rollouts left out: not the policy's fault, or unjudged."),
    _metric("num_cancelled", "Cancelled", "Rollouts that their group did not wait for."),
    _metric("num_aborted", "Aborted", "Rollouts whose request the engine gave up."),
    _metric("num_retractions", "Retracted", "Times that the engine put a running request back."),
    _metric("cached_share", "Prompt cached", "Share of prompt tokens in the engine's cache."),
    _metric("num_groups_trained", "Groups trained", "Groups whose rewards differ."),
    _metric("num_groups_no_spread", "No spread", "Groups dropped: all rewards are the same."),
    _metric("num_groups_too_few_scored", "Too few scored", "Groups dropped: too few were scored."),
    _metric("num_stale_dropped", "Stale", "Samples dropped: older than max_policy_lag."),
    _metric("policy_lag", "Policy lag", "Largest age of a trained token.", "updates"),
    _metric("response_tokens", "Response length", "Sampled tokens per rollout.", "tokens"),
    _metric("num_turns", "Turns", "Assistant messages per rollout."),
    _metric("num_calls", "Calls", "Tool calls per rollout."),
    _metric("malformed_calls", "Malformed calls", "Calls per rollout that could not be read."),
    _metric("tool_errors", "Tool errors", "Calls per rollout that a tool refused."),
    _metric("final_response_rate", "Answered", "Share of rollouts that ended with an answer."),
    _metric("loss", "Loss", "The objective, mean over trained tokens."),
    _metric("grad_norm", "Gradient norm", "Before clipping."),
    _metric("clip_low", "Clipped low", "Share of tokens held at 1 - clip_low."),
    _metric("clip_high", "Clipped high", "Share of tokens held at 1 + clip_high."),
    _metric("clip_bound", "Clip bound", "Where an adaptive clip_high stands after the step."),
    _metric("ratio", "Ratio", "Mean of new over old probability."),
    _metric("kl", "KL old-new", "k3 estimate between the sampling and the updated policy.", "nats"),
    _metric("reference_kl", "KL reference", "k3 estimate to the policy of step 0.", "nats"),
    _metric("engine_kl", "KL engine-trainer", "k3 estimate; numerical disagreement.", "nats"),
    _metric("engine_capped", "Engine ratio capped", "Share of tokens above the cap."),
    _metric("engine_masked", "Engine ratio masked", "Share of tokens that taught nothing for it."),
    _metric("overlong_penalty", "Overlong penalty", "Mean taken off rewards for their length."),
    _metric("entropy", "Entropy", "Mean entropy of the policy on trained tokens.", "nats"),
    _metric("learning_rate", "Learning rate", "Step size of this update."),
    _metric("num_tokens", "Tokens", "Tokens with loss in the update.", "tokens"),
    _metric("num_excluded_tokens", "Tokens left out", "No finite log-probability.", "tokens"),
    _metric("num_updates_skipped", "Updates skipped", "Updates that changed nothing."),
    _metric("rollout_s", "Rollouts took", "Seconds for rollouts and judging.", "s"),
    _metric("engine_s", "Engine busy", "Of these, seconds with a request in the engine.", "s"),
    _metric("judge_s", "Judge busy", "Of these, seconds in which a rollout was judged.", "s"),
    _metric("wait_s", "Waited", "Seconds that the step waited for its rollouts.", "s"),
    _metric("train_s", "Update took", "Seconds for the update.", "s"),
    _metric("trainer_s", "Trainer busy", "Of these, seconds in the trainer.", "s"),
    _metric("sync_s", "Weights took", "Seconds to bring new weights to the engine.", "s"),
    _metric("checkpoint_s", "Checkpoint took", "Seconds to write a checkpoint.", "s"),
    _metric("step_s", "Step took", "Seconds of the whole step.", "s"),
    _metric("rollout_tokens_per_s", "Sampling speed", "Sampled tokens per second.", "tokens/s"),
    _metric("train_tokens_per_s", "Training speed", "Row tokens per second of update.", "tokens/s"),
    _metric("eval_pass_rate", "Held-out pass rate", "Share of held-out tasks passed."),
    _metric("eval_reward_mean", "Held-out reward", "Mean reward on held-out tasks."),
)
"""In the order in which people want to read them."""


def metric(name: str) -> Metric:
    """The meaning of a name; for one that the table lacks, the name itself."""
    return next((m for m in METRICS if m.name == name), _metric(name, name, ""))
