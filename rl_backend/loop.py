"""The training loop, in the order of the paper's figure 1.

Tasks -> rollouts in groups -> judge -> reward -> group advantages -> buffer -> batch -> update ->
new policy version -> weights to the engine; now and then an evaluation on held-out tasks and a
checkpoint. Every stage is a part that was made elsewhere (`run`); here they only meet.

Source: paper figure 1, sections 4.2 to 4.4.
"""

from __future__ import annotations

from rl_backend.checkpoints import LoopState, save
from rl_backend.collect import Harvest, harvest, require_scored
from rl_backend.held_out import evaluate_held_out
from rl_backend.parts import Parts
from rl_backend.records import Phase, RolloutRecord, RunState
from rl_backend.step_metrics import Stopwatch, harvest_metrics, known, update_metrics
from rl_backend.updating import Updated, objective, update_policy
from world_builder.tasks import Split


class TrainingLoop:
    """One run's reinforcement phase."""

    def __init__(self, parts: Parts, state: LoopState) -> None:
        self.parts = parts
        self.state = state
        self._is_kept = False

    async def run(self) -> None:
        """Trains until every step is done or a stop was asked for, then keeps a checkpoint.

        Raises:
            BackendError: the engine, the trainer or the worlds failed.
        """
        parts = self.parts
        self._set_reference()
        await self.sync_weights()
        while not parts.progress.is_stopping:
            if self._is_evaluation_due():
                await evaluate_held_out(parts, step=self.state.step)
            if self.state.step >= parts.config.num_steps or parts.progress.is_stopping:
                break
            parts.progress.enter(RunState.RUNNING)
            await self.one_step()
        if not self._is_kept:
            self.checkpoint()

    async def one_step(self) -> None:
        """One turn of figure 1; a step that is interrupted leaves no trace in the policy."""
        parts, step, watch = self.parts, self.state.step + 1, Stopwatch()
        start = parts.source.position
        with watch.stage("rollout"):
            harvests, records = await self._collect(step)
        if parts.progress.is_stopping:
            parts.source.position = start
            return
        parts.run.write_rollouts(step, records)
        require_scored(records, f"step {step}")
        parts.buffer.add(sample for each in harvests for sample in each.samples)
        updated = Updated()
        if parts.buffer.num_groups >= parts.config.min_groups_per_step:
            with watch.stage("train"):
                updated = update_policy(
                    parts.buffer, parts.trainer, parts.config, step=step,
                    clip_high=self.state.clip_high,
                )  # fmt: skip
            with watch.stage("sync"):
                await self.sync_weights()
        self.state, self._is_kept = self.state.after(step, updated.clip_high), False
        if step % parts.config.checkpoint_every_num_steps == 0:
            with watch.stage("checkpoint"):
                self.checkpoint()
        self._report(harvests, records, updated, watch)

    async def _collect(self, step: int) -> tuple[list[Harvest], list[RolloutRecord]]:
        """Judged groups, until enough of them teach something or the rounds are used up."""
        parts, config = self.parts, self.parts.config
        by_id = {task.id: task for task in parts.tasks}
        harvests: list[Harvest] = []
        for number in range(config.max_rounds_per_step):
            tasks = [by_id[i] for i in parts.source.next(config.rollout.tasks_per_step)]
            harvests += await harvest(
                tasks, parts.policy, parts.judge, parts.runner, config, step=step,
                round_number=number,
            )  # fmt: skip
            num_useful = sum(bool(each.samples) for each in harvests)
            if num_useful >= config.min_groups_per_step or parts.progress.is_stopping:
                break
        return harvests, [r for each in harvests for r in each.records(step, Split.TRAIN)]

    async def sync_weights(self) -> None:
        """Hands the trainer's weights to the engine, under the trainer's version."""
        parts = self.parts
        version = parts.trainer.policy_version
        parts.trainer.export_hf(parts.run.policy_dir)
        await parts.engine.update_weights(parts.run.policy_dir, version)
        parts.progress.at_version(version)

    def _set_reference(self) -> None:
        """The policy that this phase began with, when the objective holds on to it."""
        parts = self.parts
        if not objective(parts.config).needs_reference:
            return
        if not parts.run.reference_dir.exists():
            parts.trainer.export_hf(parts.run.reference_dir)
        parts.trainer.set_reference(parts.run.reference_dir)

    def checkpoint(self) -> None:
        """Keeps all that a resumed run needs."""
        parts = self.parts
        save(parts.run, parts.trainer, self.state, parts.source, parts.buffer)
        parts.run.remove_checkpoints(keep_newest=parts.config.keep_num_checkpoints)
        self._is_kept = True

    def _is_evaluation_due(self) -> bool:
        config, step = self.parts.config, self.state.step
        every = config.evaluation.every_num_steps
        is_due = step in (0, config.num_steps) or (every is not None and step % every == 0)
        return is_due and step not in self.parts.run.eval_steps()

    def _report(
        self,
        harvests: list[Harvest],
        records: list[RolloutRecord],
        updated: Updated,
        watch: Stopwatch,
    ) -> None:
        seconds = watch.seconds
        values = (
            harvest_metrics(harvests, records, seconds["rollout_s"])
            | update_metrics(updated.updates, updated.num_row_tokens, seconds.get("train_s", 0.0))
            | {"policy_lag": updated.policy_lag, "num_stale_dropped": updated.num_stale}
            | known({"clip_bound": updated.clip_high})
        )
        step = self.state.step
        self.parts.run.append_metrics(Phase.TRAIN, step, values | watch.total())
        self.parts.progress.finished(step=step)
