"""The rollouts of a step, and with `max_policy_lag` those of the next steps while it trains.

Between the tasks and the buffer of the loop. Tasks are drawn ahead of the run's own source, which
moves when a step is taken: what a stop or a crash interrupts is drawn again by the resumed run.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from rl_backend.collect import Harvest, harvest
from rl_backend.parts import Parts
from rl_backend.records import RolloutRecord, TokenRecord
from rl_backend.stopping import Stopped, cancel, unless
from world_builder.tasks import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The judged groups of one step."""

    harvests: tuple[Harvest, ...]
    records: tuple[RolloutRecord, ...]
    tokens: tuple[TokenRecord, ...]
    """Of the rollouts that were scored."""
    position: int
    """Of the task source, once the step's tasks were drawn."""
    seconds: float
    """From the first rollout to the last judgement."""
    engine_s: float = 0.0
    """Of these, how many a request was in the engine, whosoever it was."""
    judge_s: float = 0.0
    """Of these, how many a rollout was being judged."""


class Prefetch:
    """Makes the rollouts of steps in their order, as many steps ahead as their age allows."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._by_id = {task.id: task for task in parts.tasks}
        self._source = parts.source.copy()
        self._depth = parts.config.max_policy_lag // parts.config.trainer.num_minibatches
        self._work: dict[int, asyncio.Task[Collected]] = {}

    @property
    def is_overlapping(self) -> bool:
        """Whether rollouts are in flight while a step trains and hands over its weights."""
        return self._depth > 0

    async def take(self, step: int) -> Collected:
        """What a step trains on, once every earlier step was trained and its weights are in force.

        A step makes at most `num_minibatches` updates, so rollouts that begin `depth` steps early
        are never older than `max_policy_lag` updates when their turn comes.

        Raises:
            Stopped: a stop was asked for; the step's rollouts count nowhere.
        """
        for number in range(step, min(step + self._depth, self._parts.config.num_steps) + 1):
            if number not in self._work:
                before = self._work.get(number - 1)
                self._work[number] = asyncio.create_task(self._after(before, number))
        collected = await unless(self._parts.stopping, self._work.pop(step))
        if self._parts.progress.is_stopping:
            raise Stopped
        return collected

    async def close(self) -> None:
        """Ends the rollouts that nobody took."""
        await cancel(*self._work.values())

    async def _after(self, before: asyncio.Task[Collected] | None, step: int) -> Collected:
        """The step's groups, begun when those of the step before are complete."""
        if before is not None:
            await asyncio.wait({before})
            before.result()
        return await self._collect(step)

    async def _collect(self, step: int) -> Collected:
        """Judged groups, until enough of them teach something or the rounds are used up."""
        parts, config, started = self._parts, self._parts.config, time.monotonic()
        engine_s, judge_s = parts.engine_busy.seconds, parts.runner.judging.seconds
        harvests: list[Harvest] = []
        for number in range(config.max_rounds_per_step):
            ids = self._source.next(config.rollout.tasks_per_step)
            harvests += await harvest(
                [self._by_id[i] for i in ids], parts.policy, parts.judge, parts.runner, config,
                step=step, round_number=number,
            )  # fmt: skip
            num_useful = sum(bool(each.samples) for each in harvests)
            if num_useful >= config.min_groups_per_step or parts.progress.is_stopping:
                break
        keep = config.rollout.keep_tokens
        return Collected(
            harvests=tuple(harvests),
            records=tuple(r for each in harvests for r in each.records(step, Split.TRAIN)),
            tokens=tuple(r for each in harvests for r in each.tokens) if keep else (),
            position=self._source.position,
            seconds=time.monotonic() - started,
            engine_s=parts.engine_busy.seconds - engine_s,
            judge_s=parts.runner.judging.seconds - judge_s,
        )
