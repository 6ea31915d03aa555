"""Runs a policy on the tasks of a split and reports what came of it.

The same for scripted policies, models behind an engine and the policy in training. It changes no
policy and chooses no task.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rl_backend.collect import rollout_record
from rl_backend.evaluation.report import EvalReport, make_report
from rl_backend.group import judged
from rl_backend.judges.base import Judge
from rl_backend.policies import Policy
from rl_backend.records import RolloutRecord
from rl_backend.rollout import RolloutRunner
from rl_backend.seeding import derive_seed
from rl_backend.types import Rollout
from world_builder.tasks import Split, Task


class SplitChoice(StrEnum):
    """Which tasks of a bundle to evaluate."""

    TRAIN = "train"
    HELD_OUT = "held_out"
    ALL = "all"

    def of(self, tasks: Sequence[Task]) -> tuple[Task, ...]:
        """The tasks of the split, in the bundle's order."""
        if self is SplitChoice.ALL:
            return tuple(tasks)
        return tuple(task for task in tasks if task.split is Split(self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A report and the rollouts behind it."""

    report: EvalReport
    records: tuple[RolloutRecord, ...]


async def evaluate(
    policy: Policy,
    tasks: Sequence[Task],
    *,
    runner: RolloutRunner,
    judge: Judge,
    bundle: str,
    split: SplitChoice,
    rollouts_per_task: int = 1,
    seed: int = 0,
    step: int = 0,
    temperature: float | None = None,
    max_replacements: int = 0,
    on_rollout: Callable[[RolloutRecord], None] = lambda _record: None,
) -> Evaluation:
    """The evaluation of a policy on the given tasks; the same seed gives the same rollout seeds.

    Seeds do not depend on the step, so that a policy is compared with its earlier self on equal
    terms. One that engine or world failed is made again with its own seed, `max_replacements` times
    at most. `on_rollout` is told of each rollout as it ends.
    """
    started = time.monotonic()

    async def played(task: Task, index: int) -> Rollout:
        return await runner.run(
            task,
            policy,
            rollout_id=f"e{step:06d}-{task.id}-{index:02d}",
            seed=derive_seed(seed, "evaluation", task.id, index),
            index=index,
        )

    async def one(task: Task, index: int) -> RolloutRecord:
        rollout = await played(task, index)
        for _ in range(max_replacements):
            if rollout.is_lost:
                rollout = await played(task, index)
        rollout = await judged(rollout, task, judge, runner)
        record = rollout_record(
            rollout, step=step, split=task.split, group_id=f"e{step:06d}-{task.id}"
        )
        on_rollout(record)
        return record

    work = (one(task, index) for task in tasks for index in range(rollouts_per_task))
    records = tuple(await asyncio.gather(*work))
    report = make_report(
        records,
        tasks,
        policy=policy.name,
        policy_version=policy.version,
        bundle=bundle,
        split=split.value,
        step=step,
        temperature=temperature,
        seconds=time.monotonic() - started,
        unseen_scenarios=runner.base.world.unseen_scenarios,
    )
    return Evaluation(report=report, records=records)
