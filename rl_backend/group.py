"""The rollouts of one task, made side by side and judged as they end.

Source: paper section 4.2 (16 rollouts per prompt). A group with too few scored rollouts is dropped
with the reason; advantages are made of what is kept, elsewhere.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from rl_backend.judges.base import Judge
from rl_backend.judging import judge_trajectory
from rl_backend.policies import Policy
from rl_backend.rollout import GIVEN_UP, RolloutRunner
from rl_backend.seeding import derive_seed
from rl_backend.stopping import Stopped, unless
from rl_backend.types import Rollout, RolloutGroup
from world_builder.tasks import Task


async def run_group(
    task: Task,
    policy: Policy,
    judge: Judge,
    runner: RolloutRunner,
    *,
    group_id: str,
    seeds: Sequence[int],
    min_group_size: int = 2,
    straggler_timeout_s: float | None = None,
    max_replacements: int = 0,
) -> RolloutGroup:
    """One judged rollout per seed; dropped when fewer than `min_group_size` have a reward.

    Once so many have one, the others get `straggler_timeout_s` and then end as `cancelled`; None
    waits for all of them. In the place of one that was lost come up to `max_replacements` others,
    whose indices follow those of the seeds.
    """
    patience = _Patience(min_group_size, straggler_timeout_s)

    async def one(index: int, seed: int) -> Rollout:
        rollout = await runner.run(
            task, policy, rollout_id=f"{group_id}-{index:02d}", seed=seed, index=index,
            given_up=patience.is_over,
        )  # fmt: skip
        try:
            rollout = await unless(patience.is_over, judged(rollout, task, judge, runner))
        except Stopped:
            return rollout.cancelled(GIVEN_UP)
        patience.count(rollout)
        return rollout

    async def place(index: int, seed: int) -> list[Rollout]:
        made = [await one(index, seed)]
        while made[-1].is_lost and len(made) <= max_replacements:
            again = derive_seed(seed, "replacement", len(made))
            made.append(await one(index + len(made) * len(seeds), again))
        return made

    try:
        places = await asyncio.gather(*(place(i, seed) for i, seed in enumerate(seeds)))
    finally:
        patience.close()
    rollouts = sorted(chain.from_iterable(places), key=lambda rollout: rollout.index)
    group = RolloutGroup(task_id=task.id, rollouts=tuple(rollouts))
    if len(group.scored) >= min_group_size:
        return group
    return RolloutGroup(
        task_id=task.id,
        rollouts=group.rollouts,
        dropped_reason=_why_dropped(group, min_group_size),
    )


async def judged(rollout: Rollout, task: Task, judge: Judge, runner: RolloutRunner) -> Rollout:
    """The rollout with its judgement; one that its policy did not end stays unjudged."""
    if not rollout.is_judgeable:
        return rollout
    with runner.judging.running():
        judgement = await judge_trajectory(task, rollout.trajectory, runner.base, judge)
    return rollout.judged(judgement)


class _Patience:
    """How long a group waits for its last rollouts."""

    def __init__(self, num_enough: int, timeout_s: float | None) -> None:
        self.is_over = asyncio.Event()
        self._num_missing = num_enough
        self._timeout_s = timeout_s
        self._timer: asyncio.TimerHandle | None = None

    def count(self, rollout: Rollout) -> None:
        """The time runs from the moment that enough rollouts are scored."""
        self._num_missing -= rollout.is_scored
        if self._num_missing > 0 or self._timer is not None or self._timeout_s is None:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._timeout_s, self.is_over.set)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _why_dropped(group: RolloutGroup, min_group_size: int) -> str:
    reasons = Counter(r.excluded_reason for r in group.rollouts if not r.is_scored)
    told = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(3))
    return (
        f"{len(group.scored)} of {len(group.rollouts)} rollouts were scored, "
        f"{min_group_size} are needed ({told})"
    )
