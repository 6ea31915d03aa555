"""From a trajectory to its judgement: ask the judge for every criterion, add up what it says.

Rollouts that their policy did not end are unscored without asking anyone. Stored trajectories are
judged anew by the same function; nothing is inferred or replayed here.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from rl_backend.judges.base import Judge
from world_builder.checking import CheckContext
from world_builder.rubrics import Judgement, Verdict, judgement
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import Trajectory


async def judge_trajectory(
    task: Task, trajectory: Trajectory, base: WorldBase, judge: Judge
) -> Judgement:
    """The judgement of a trajectory; verdicts stand in the rubric's order."""
    if not trajectory.stop_reason.is_scored:
        why = f"the rollout ended by {trajectory.stop_reason.value}"
        return unscored(f"{why}: {trajectory.stop_detail}" if trajectory.stop_detail else why)
    verdicts = [v async for v in stream_verdicts(task, trajectory, base, judge)]
    order = {criterion.id: i for i, criterion in enumerate(task.rubric.criteria)}
    return judgement(task.rubric, sorted(verdicts, key=lambda v: order[v.criterion_id]))


async def stream_verdicts(
    task: Task, trajectory: Trajectory, base: WorldBase, judge: Judge
) -> AsyncGenerator[Verdict, None]:
    """The verdicts as they come: checks at once, a model's one by one."""
    context = CheckContext(task, trajectory, base)
    async with aclosing(judge.verdicts(context, task.rubric.criteria)) as verdicts:
        async for verdict in verdicts:
            yield verdict


async def rescore(
    judged: Iterable[tuple[Task, Trajectory]],
    base: WorldBase,
    judge: Judge,
    *,
    max_trajectories: int = 8,
) -> list[Judgement]:
    """The judgements of stored trajectories, in their order, so many judged at once."""
    slots = asyncio.Semaphore(max_trajectories)

    async def one(task: Task, trajectory: Trajectory) -> Judgement:
        async with slots:
            return await judge_trajectory(task, trajectory, base, judge)

    return list(await asyncio.gather(*(one(*pair) for pair in judged)))


def unscored(reason: str) -> Judgement:
    """A judgement without verdicts, reward or pass."""
    return Judgement(verdicts=(), reward=None, is_pass=None, unscored_reason=reason)
