"""Groups: judged rollouts of one task, dropped with the reason when too few count."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from rl_backend.engines.scripted import Scripted, ScriptedPolicy, scripted_policy
from rl_backend.errors import EngineError
from rl_backend.group import run_group
from rl_backend.judges.base import Judge, UnavailableJudge
from rl_backend.judges.checks import ChecksJudge
from rl_backend.judges.composite import CompositeJudge
from rl_backend.policies import AssistantTurn, Opening, Policy
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.types import PolicyVersion, RolloutGroup
from world_builder.checking import CheckContext
from world_builder.rubrics import Criterion, CriterionCategory, Verdict
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import Message, StopReason


def group_of(
    base: WorldBase,
    task: Task,
    policy: ScriptedPolicy,
    num: int,
    minimum: int = 2,
    max_replacements: int = 0,
) -> RolloutGroup:
    runner = RolloutRunner(base, InProcessRuntime(base))
    judge = CompositeJudge(UnavailableJudge("set THE_KEY"))
    group = run_group(
        task,
        policy,
        judge,
        runner,
        group_id="step-000001-x",
        seeds=range(num),
        min_group_size=minimum,
        max_replacements=max_replacements,
    )
    return asyncio.run(group)


def test_careless_work_spreads_the_rewards_of_a_group(tutorial: WorldBase) -> None:
    task = max(tutorial.world.tasks, key=lambda t: len(t.rubric.criteria))
    policy = scripted_policy(Scripted.CARELESS, [task])
    group = group_of(tutorial, task, policy, 16)
    assert [r.index for r in group.rollouts] == list(range(16))
    assert group.rollouts[3].id == "step-000001-x-03"
    assert max(group.rewards) == 1.0
    assert min(group.rewards) < 1.0
    again = group_of(tutorial, task, policy, 16)
    assert again.rewards == group.rewards
    assert [r.trajectory for r in again.rollouts] == [r.trajectory for r in group.rollouts]


def sometimes(opening: Opening) -> tuple[AssistantTurn, ...]:
    if opening.seed % 2:
        raise EngineError("Gone.", hint="Restart.")
    return (AssistantTurn(content="Hello."),)


def test_failed_rollouts_are_counted_and_never_scored(tutorial: WorldBase) -> None:
    task, policy = tutorial.world.tasks[0], ScriptedPolicy("sometimes", sometimes)
    group = group_of(tutorial, task, policy, 8)
    assert (len(group.scored), group.num_excluded, group.is_dropped) == (4, 4, False)
    assert all(r.judgement is None for r in group.rollouts if r.seed % 2)
    dropped = group_of(tutorial, task, policy, 8, minimum=5)
    assert dropped.dropped_reason == (
        "4 of 8 rollouts were scored, 5 are needed (4 x policy: Gone. Restart.)"
    )


def test_lost_rollouts_are_replaced_and_stay_in_the_record(tutorial: WorldBase) -> None:
    task, policy = tutorial.world.tasks[0], ScriptedPolicy("sometimes", sometimes)
    group = group_of(tutorial, task, policy, 8, max_replacements=3)
    again = group_of(tutorial, task, policy, 8, max_replacements=3)
    assert [r.seed for r in again.rollouts] == [r.seed for r in group.rollouts]
    lost = [r for r in group.rollouts if r.is_lost]
    assert [r.index for r in group.rollouts][:8] == list(range(8))
    assert len(group.scored) + len(lost) == len(group.rollouts) > 8
    assert {r.index - 8 for r in group.rollouts if r.index >= 8} <= {r.index for r in lost}
    assert len({r.id for r in group.rollouts}) == len({r.seed for r in group.rollouts})
    assert all(r.judgement is None for r in lost)


def test_what_a_policy_ends_is_never_replaced(tutorial: WorldBase) -> None:
    task = tutorial.world.tasks[0]
    group = group_of(tutorial, task, scripted_policy(Scripted.EMPTY, [task]), 4, max_replacements=3)
    assert len(group.rollouts) == 4


def test_rollouts_that_cannot_be_judged_drop_the_group(tutorial: WorldBase) -> None:
    task = tutorial.world.tasks[0]
    open_criterion = Criterion(
        id="kind", text="The tone is kind.", category=CriterionCategory.FORMAT
    )
    rubric = task.rubric.model_copy(update={"criteria": (*task.rubric.criteria, open_criterion)})
    task = task.model_copy(update={"rubric": rubric})
    group = group_of(tutorial, task, scripted_policy(Scripted.REFERENCE, [task]), 3)
    assert group.scored == ()
    assert "3 x not assessed: kind" in group.dropped_reason


class Slow:
    """A policy that answers even seeds at once, and odd ones never."""

    name, version, tokens = "slow", PolicyVersion(0), None

    def actor(self, opening: Opening) -> "SlowActor":
        return SlowActor(is_stuck=opening.seed % 2 == 1)


class SlowActor:
    tokens = None

    def __init__(self, *, is_stuck: bool) -> None:
        self._is_stuck = is_stuck

    async def act(self, results: Sequence[Message]) -> AssistantTurn:
        if self._is_stuck:
            await asyncio.Event().wait()
        return AssistantTurn(content="Hello.")


class SilentAfter(ChecksJudge):
    """Gives the verdicts of so many rollouts, then none any more."""

    def __init__(self, num: int) -> None:
        super().__init__()
        self._num_left = num

    async def verdicts(
        self, context: CheckContext, criteria: Sequence[Criterion]
    ) -> AsyncGenerator[Verdict, None]:
        self._num_left -= 1
        if self._num_left < 0:
            await asyncio.Event().wait()
        async for verdict in super().verdicts(context, criteria):
            yield verdict


def hurried(
    base: WorldBase, policy: Policy, judge: Judge, *, minimum: int, max_worlds: int = 32
) -> RolloutGroup:
    runner = RolloutRunner(base, InProcessRuntime(base), max_worlds=max_worlds)
    group = run_group(
        base.world.tasks[0], policy, judge, runner, group_id="g", seeds=range(8),
        min_group_size=minimum, straggler_timeout_s=0.2,
    )  # fmt: skip
    return asyncio.run(asyncio.wait_for(group, 30))


@pytest.mark.parametrize("max_worlds", [32, 5])
def test_stragglers_are_cancelled_once_enough_are_scored(
    tutorial: WorldBase, max_worlds: int
) -> None:
    minimum = 4 if max_worlds == 32 else 3
    group = hurried(tutorial, Slow(), ChecksJudge(), minimum=minimum, max_worlds=max_worlds)
    late = [r for r in group.rollouts if not r.is_scored]
    assert [r.seed for r in group.scored] == [0, 2, 4, 6]
    assert {r.seed for r in late} == {1, 3, 5, 7}
    assert {r.trajectory.stop_reason for r in late} == {StopReason.CANCELLED}
    assert {r.excluded_reason for r in late} == {"cancelled: its group went on without it"}
    assert not group.is_dropped


def test_a_judgement_that_does_not_come_is_not_waited_for(tutorial: WorldBase) -> None:
    policy = scripted_policy(Scripted.REFERENCE, tutorial.world.tasks)
    group = hurried(tutorial, policy, SilentAfter(5), minimum=5)
    late = [r for r in group.rollouts if not r.is_scored]
    assert (len(group.scored), len(late)) == (5, 3)
    assert {r.excluded_reason for r in late} == {"cancelled: its group went on without it"}


def test_too_few_are_waited_for(tutorial: WorldBase) -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(
            asyncio.wait_for(
                run_group(
                    tutorial.world.tasks[0], Slow(), ChecksJudge(),
                    RolloutRunner(tutorial, InProcessRuntime(tutorial)),
                    group_id="g", seeds=range(8), min_group_size=5, straggler_timeout_s=0.01,
                ),
                1,
            )
        )  # fmt: skip
