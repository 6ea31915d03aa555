"""Judgements of trajectories: fresh or stored, scored or not, never guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_backend.judges.base import UnavailableJudge
from rl_backend.judges.checks import ChecksJudge
from rl_backend.judges.composite import CompositeJudge
from rl_backend.judges.evidence import unverified
from rl_backend.judges.model import ModelJudge, Reply
from rl_backend.judges.prompts import Prompt
from rl_backend.judges.scripted import ScriptedJudge
from rl_backend.judging import judge_trajectory, rescore
from world_builder.checking import CheckContext, judge_by_checks
from world_builder.replay import replay
from world_builder.rubrics import Criterion, CriterionCategory, VerdictValue
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import StopReason, Trajectory

KIND = Criterion(
    id="kind", text="Answers with kind words.", category=CriterionCategory.COMPLETENESS
)


def solved(base: WorldBase, task: Task) -> Trajectory:
    assert task.reference_solution is not None
    return replay(base, task, task.reference_solution)


def with_open_criterion(task: Task) -> Task:
    rubric = task.rubric.model_copy(update={"criteria": (KIND, *task.rubric.criteria)})
    return task.model_copy(update={"rubric": rubric})


async def test_checks_alone_agree_with_world_builder(tutorial: WorldBase) -> None:
    for task in tutorial.world.tasks[::9]:
        trajectory = solved(tutorial, task)
        judgement = await judge_trajectory(task, trajectory, tutorial, ChecksJudge())
        assert judgement == judge_by_checks(CheckContext(task, trajectory, tutorial))


@pytest.mark.parametrize(
    "stop",
    [
        StopReason.POLICY_ERROR,
        StopReason.TOOL_ERROR,
        StopReason.RUNTIME_ERROR,
        StopReason.CANCELLED,
    ],
)
async def test_what_the_policy_did_not_end_is_unscored(
    tutorial: WorldBase, stop: StopReason
) -> None:
    task = tutorial.world.tasks[0]
    trajectory = solved(tutorial, task).model_copy(
        update={"stop_reason": stop, "stop_detail": "gone"}
    )
    judgement = await judge_trajectory(task, trajectory, tutorial, ChecksJudge())
    assert (judgement.reward, judgement.verdicts) == (None, ())
    assert judgement.unscored_reason == f"the rollout ended by {stop.value}: gone"


async def test_stored_trajectories_are_judged_anew(tutorial: WorldBase) -> None:
    tasks = [with_open_criterion(task) for task in tutorial.world.tasks[:6]]
    stored = [solved(tutorial, task).model_dump_json() for task in tasks]
    pairs = [
        (task, Trajectory.model_validate_json(text))
        for task, text in zip(tasks, stored, strict=True)
    ]
    judge = CompositeJudge(UnavailableJudge("set THE_KEY"))
    unscored = await rescore(pairs, tutorial, judge)
    assert all(j.reward is None for j in unscored)
    assert [j.verdicts[0].criterion_id for j in unscored] == ["kind"] * 6
    assert unscored[0].verdicts[0].reason == "set THE_KEY"
    kind = CompositeJudge(ScriptedJudge(lambda context, criterion: (VerdictValue.MET, "as told")))
    assert [j.reward for j in await rescore(pairs, tutorial, kind)] == [1.0] * 6
    words = CompositeJudge(ScriptedJudge())
    rewards = [j.reward for j in await rescore(pairs, tutorial, words)]
    assert all(reward is not None and reward < 1.0 for reward in rewards)


def test_an_even_number_of_votes_is_refused() -> None:
    class Mute:
        id = "mute"

        async def ask(self, prompt: Prompt) -> Reply:
            return Reply(failure="mute")

        async def close(self) -> None: ...

    with pytest.raises(ValueError, match="odd"):
        ModelJudge(Mute(), max_votes=2)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=60), st.data())
def test_every_true_quote_is_verified(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    if quote.strip() and quote.isascii() and text.isascii():
        assert unverified([quote.replace(" ", "\n ")], text) == ()


@pytest.mark.parametrize("quote", ["", "  ", "costs $31", "It Costs", "costs  30"])
def test_what_was_not_said_is_found_out(quote: str) -> None:
    assert unverified([quote, "it costs"], "So it  costs\u00a0$30.") == (quote,)
