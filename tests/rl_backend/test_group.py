"""Groups: judged rollouts of one task, dropped with the reason when too few count."""

import asyncio

from rl_backend.engines.scripted import Scripted, ScriptedPolicy, scripted_policy
from rl_backend.errors import EngineError
from rl_backend.group import run_group
from rl_backend.judges.base import UnavailableJudge
from rl_backend.judges.composite import CompositeJudge
from rl_backend.policies import AssistantTurn, Opening
from rl_backend.rollout import RolloutRunner
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.types import RolloutGroup
from world_builder.rubrics import Criterion, CriterionCategory
from world_builder.state import WorldBase
from world_builder.tasks import Task


def group_of(
    base: WorldBase, task: Task, policy: ScriptedPolicy, num: int, minimum: int = 2
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
