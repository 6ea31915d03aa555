"""From tasks to training samples: groups of rollouts, their advantages, the rows to train on.

The left half of figure 1. Rollouts that broke, and groups that teach nothing, are kept as records
with the reason and never become samples.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rl_backend.advantages import GroupAdvantages, group_advantages
from rl_backend.config import RunConfig
from rl_backend.errors import BackendError
from rl_backend.group import run_group
from rl_backend.judges.base import Judge
from rl_backend.policies import Policy
from rl_backend.records import RolloutRecord, TokenRecord
from rl_backend.reward_shaping import OverlongPenalty, trained_reward
from rl_backend.rollout import RolloutRunner
from rl_backend.seeding import rollout_seed
from rl_backend.token_records import kept_tokens
from rl_backend.types import EngineUse, Rollout, RolloutGroup, TrainingSample
from world_builder.tasks import Split, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """A judged group with what it teaches."""

    group_id: str
    group: RolloutGroup
    advantages: GroupAdvantages
    """One per rollout of the group, by index."""
    penalties: tuple[float, ...] = ()
    """What was added to each rollout's reward for its length, 0 or less; empty when that is off."""

    @property
    def samples(self) -> tuple[TrainingSample, ...]:
        """Rows for the trainer; none when the group is dropped."""
        if self.advantages.drop is not None:
            return ()
        pairs = zip(self.group.rollouts, self.advantages.advantages, strict=True)
        return tuple(
            rollout_sample(rollout, advantage)
            for rollout, advantage in pairs
            if advantage is not None and rollout.tokens is not None
        )

    @property
    def tokens(self) -> tuple[TokenRecord, ...]:
        """The rows of its scored rollouts, for the run directory."""
        kept = (kept_tokens(rollout) for rollout in self.group.rollouts)
        return tuple(record for record in kept if record is not None)

    @property
    def use(self) -> EngineUse:
        """What its rollouts cost the engine."""
        used = (r.tokens.use for r in self.group.rollouts if r.tokens is not None)
        return sum(used, EngineUse())

    def records(self, step: int, split: Split) -> tuple[RolloutRecord, ...]:
        """Its rollouts for the run directory."""
        is_trained = self.advantages.drop is None
        pairs = zip(self.group.rollouts, self.advantages.advantages, strict=True)
        return tuple(
            rollout_record(
                rollout,
                step=step,
                split=split,
                group_id=self.group_id,
                advantage=advantage if is_trained else None,
            )
            for rollout, advantage in pairs
        )


async def harvest(
    tasks: Sequence[Task],
    policy: Policy,
    judge: Judge,
    runner: RolloutRunner,
    config: RunConfig,
    *,
    step: int,
    round_number: int = 0,
) -> tuple[Harvest, ...]:
    """The judged groups of some different tasks, made side by side."""

    async def one(task: Task) -> Harvest:
        group_id = f"s{step:06d}-{round_number}-{task.id}"
        group = await run_group(
            task,
            policy,
            judge,
            runner,
            group_id=group_id,
            seeds=[
                rollout_seed(config.seed, step=step, task_id=f"{round_number}/{task.id}", rollout=i)
                for i in range(config.rollout.group_size)
            ],
            min_group_size=config.rollout.min_group_size,
            straggler_timeout_s=config.rollout.straggler_timeout_s,
            max_replacements=config.rollout.max_replacements,
        )
        return judged_harvest(group_id, group, config)

    return tuple(await asyncio.gather(*(one(task) for task in tasks)))


def rollout_sample(rollout: Rollout, advantage: float) -> TrainingSample:
    """A rollout as the trainer sees it. Raises ValueError when no token was sampled."""
    tokens = rollout.tokens
    if tokens is None:
        raise ValueError(f"rollout {rollout.id} has no tokens to train on")
    num_prompt = len(tokens.prompt_ids)
    return TrainingSample(
        task_id=rollout.task_id,
        rollout_id=rollout.id,
        token_ids=tokens.token_ids,
        loss_mask=(False,) * num_prompt + tokens.loss_mask,
        engine_logprobs=(0.0,) * num_prompt + tokens.logprobs,
        policy_versions=(rollout.policy_version,) * num_prompt + tokens.policy_versions,
        advantage=advantage,
        reward=rollout.reward,
    )


def rollout_record(
    rollout: Rollout,
    *,
    step: int,
    split: Split,
    group_id: str,
    advantage: float | None = None,
) -> RolloutRecord:
    """A rollout for the run directory."""
    return RolloutRecord(
        step=step,
        split=split,
        task_id=rollout.task_id,
        group_id=group_id,
        rollout_id=rollout.id,
        index=rollout.index,
        policy_version=rollout.policy_version,
        seed=rollout.seed,
        trajectory=rollout.trajectory,
        judgement=rollout.judgement,
        advantage=advantage,
        excluded_reason="" if rollout.is_scored else rollout.excluded_reason,
    )


def require_scored(records: Iterable[RolloutRecord], what: str) -> None:
    """Raises BackendError when there are records and none of them is scored."""
    given = tuple(records)
    if not given or any(record.reward is not None for record in given):
        return
    (reason, count), *_ = Counter(record.excluded_reason for record in given).most_common(1)
    raise BackendError(
        f"None of the {len(given)} rollouts of {what} could be scored ({count} x {reason}).",
        hint="Mend that and resume the run.",
    )


def judged_harvest(group_id: str, group: RolloutGroup, config: RunConfig) -> Harvest:
    """The group with advantages from its shaped rewards."""
    penalties = tuple(_penalty(rollout, config) for rollout in group.rollouts)
    rewards = [trained_reward(r.judgement, config.advantage.reward) for r in group.rollouts]
    shaped = [
        None if reward is None else reward + penalty
        for reward, penalty in zip(rewards, penalties, strict=True)
    ]
    return Harvest(
        group_id=group_id,
        group=group,
        advantages=_advantages(shaped, config),
        penalties=() if config.advantage.overlong_max_tokens is None else penalties,
    )


def _penalty(rollout: Rollout, config: RunConfig) -> float:
    chosen = config.advantage
    if chosen.overlong_max_tokens is None or rollout.tokens is None:
        return 0.0
    penalty = OverlongPenalty(
        max_tokens=chosen.overlong_max_tokens, buffer_tokens=chosen.overlong_buffer_tokens
    )
    return penalty.of(rollout.tokens.num_sampled)


def _advantages(rewards: Sequence[float | None], config: RunConfig) -> GroupAdvantages:
    return group_advantages(
        rewards,
        norm=config.advantage.norm,
        std_floor=config.advantage.std_floor,
        min_scored=config.rollout.min_group_size,
    )
