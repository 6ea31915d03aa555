"""The training loop, in the order of the paper's figure 1.

Tasks -> rollouts in groups -> judge -> reward -> group advantages -> buffer -> batch -> update ->
new policy version -> weights to the engine; now and then an evaluation on held-out tasks and a
checkpoint. Every stage is a part that was made elsewhere (`run`); here they only meet. `prefetch`
makes the rollouts, ahead of their step where `max_policy_lag` lets them be older.

Source: paper figure 1, sections 4.2 to 4.4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from rl_backend.checkpoints import LoopState, save
from rl_backend.collect import require_scored
from rl_backend.held_out import evaluate_held_out
from rl_backend.parts import Parts
from rl_backend.prefetch import Collected, Prefetch
from rl_backend.records import EventKind, Phase, RunState
from rl_backend.skipped_updates import count_skipped
from rl_backend.step_metrics import Stopwatch, harvest_metrics, known, update_metrics
from rl_backend.stopping import Stopped, unless
from rl_backend.updating import Updated, objective, swap_weights, update_policy, weights_of


class TrainingLoop:
    """One run's reinforcement phase."""

    def __init__(self, parts: Parts, state: LoopState) -> None:
        self.parts = parts
        self.state = state
        self._prefetch = Prefetch(parts)
        self._is_kept = state.step in parts.run.checkpoint_steps()

    async def run(self) -> None:
        """Trains until every step is done or a stop was asked for, then keeps a checkpoint.

        Raises:
            BackendError: the engine, the trainer or the worlds failed.
        """
        self._set_reference()
        try:
            with suppress(Stopped):
                await self._steps()
            if not self._is_kept:
                await self.checkpoint()
        finally:
            await self._prefetch.close()

    async def _steps(self) -> None:
        parts = self.parts
        await self.sync_weights()
        while not parts.progress.is_stopping:
            if self._is_evaluation_due():
                await unless(parts.stopping, evaluate_held_out(parts, step=self.state.step))
            if self.state.step >= parts.config.num_steps or parts.progress.is_stopping:
                break
            parts.progress.enter(RunState.RUNNING)
            await self.one_step()

    async def one_step(self) -> None:
        """One turn of figure 1; a step that is interrupted leaves no trace in the policy."""
        parts, step, watch = self.parts, self.state.step + 1, Stopwatch()
        with watch.stage("wait"):
            collected = await self._prefetch.take(step)
        parts.run.write_rollouts(step, collected.records, collected.tokens)
        require_scored(collected.records, f"step {step}")
        parts.source.position = collected.position
        parts.buffer.add(sample for each in collected.harvests for sample in each.samples)
        updated = await self._trained(step, watch)
        self.state = self._after(step, updated)
        self._is_kept = False
        if step % parts.config.checkpoint_every_num_steps == 0:
            with watch.stage("checkpoint"):
                await self.checkpoint(_figures(collected, updated, watch))
        parts.run.append_metrics(Phase.TRAIN, step, _figures(collected, updated, watch))
        parts.progress.finished(step=step)

    async def _trained(self, step: int, watch: Stopwatch) -> Updated:
        """Trains on the buffer once it holds enough groups, and hands the weights over."""
        parts = self.parts
        num_groups, num_wanted = parts.buffer.num_groups, parts.config.min_groups_per_step
        if num_groups < num_wanted:
            why = f"{num_groups} of the {num_wanted} groups that it wants (min_groups_per_step)"
            self._warn(step, f"step {step} trained on nothing: the buffer has {why}")
            return Updated()
        with watch.stage("train"):
            updated = await self._update(step)
        if not updated.updates:
            why = f"all {updated.num_stale} samples were older than max_policy_lag"
            self._warn(step, f"step {step} trained on nothing: {why}")
        with watch.stage("sync"), suppress(Stopped):
            await self.sync_weights()
        return updated

    def _after(self, step: int, updated: Updated) -> LoopState:
        """Raises TrainerError when the last updates changed nothing."""
        num_skipped = count_skipped(
            self.parts.run, updated.updates, self.state.num_skipped,
            step=step, what=f"step {step}",
        )  # fmt: skip
        return self.state.after(step, num_skipped=num_skipped, clip_high=updated.clip_high)

    def _warn(self, step: int, problem: str) -> None:
        self.parts.run.append_event(EventKind.WARNING, step, problem)

    async def _update(self, step: int) -> Updated:
        """Trains on the buffer, in a thread: rollouts go on meanwhile where they may."""
        parts = self.parts
        with parts.progress.unbroken():
            return await asyncio.to_thread(
                update_policy, parts.buffer, parts.trainer, parts.config,
                step=step, clip_high=self.state.clip_high,
            )  # fmt: skip

    async def sync_weights(self) -> None:
        """Hands the trainer's weights to the engine, under the trainer's version.

        Raises:
            Stopped: a stop was asked for while the engine took them.
        """
        parts, folder = self.parts, self.parts.run.policy_dir
        version = parts.trainer.policy_version
        with parts.progress.unbroken():
            weights = await asyncio.to_thread(weights_of, parts.trainer, parts.config, folder)
        parts.progress.at_version(version)
        is_busy = self._prefetch.is_overlapping
        swap = swap_weights(parts.engine, weights, version, is_busy=is_busy)
        await unless(parts.stopping, swap)

    def _set_reference(self) -> None:
        """The policy that this phase began with, when the objective holds on to it."""
        parts = self.parts
        if not objective(parts.config).needs_reference:
            return
        if not parts.run.reference_dir.exists():
            parts.trainer.export_hf(parts.run.reference_dir)
        parts.trainer.set_reference(parts.run.reference_dir)

    async def checkpoint(self, figures: Mapping[str, float] | None = None) -> None:
        """Keeps all that a resumed run needs; `figures` of a step that were not told yet."""
        parts = self.parts
        with parts.progress.unbroken():
            if parts.config.engine.weight_sync != "disk":  # no hand-over wrote it
                await asyncio.to_thread(parts.trainer.export_hf, parts.run.policy_dir)
            await asyncio.to_thread(
                save, parts.run, parts.trainer, self.state, parts.source, parts.buffer, figures
            )
        parts.run.remove_checkpoints(keep_newest=parts.config.keep_num_checkpoints)
        self._is_kept = True

    def _is_evaluation_due(self) -> bool:
        config, step = self.parts.config, self.state.step
        every = config.evaluation.every_num_steps
        is_due = step in (0, config.num_steps) or (every is not None and step % every == 0)
        return is_due and step not in self.parts.run.eval_steps()


def _figures(collected: Collected, updated: Updated, watch: Stopwatch) -> dict[str, float]:
    """All figures of a step up to now."""
    seconds = {
        "rollout_s": collected.seconds,
        "engine_s": collected.engine_s,
        "judge_s": collected.judge_s,
        **({"trainer_s": updated.trainer_s} if updated.updates else {}),
    } | watch.total()
    values = (
        harvest_metrics(collected.harvests, collected.records, collected.seconds)
        | update_metrics(updated.updates, updated.num_row_tokens, seconds.get("train_s", 0.0))
        | {"policy_lag": updated.policy_lag, "num_stale_dropped": updated.num_stale}
        | known({"clip_bound": updated.clip_high})
    )
    return values | seconds
