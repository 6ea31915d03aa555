"""Small tasks and rollout records with the one thing a test cares about set."""

from __future__ import annotations

from rl_backend.records import RolloutRecord
from world_builder.diff import StateDiff
from world_builder.rubrics import (
    Criterion,
    CriterionCategory,
    Judgement,
    Rubric,
    Verdict,
    VerdictValue,
    judgement,
)
from world_builder.tasks import Category, Split, Task
from world_builder.tools import ToolCall
from world_builder.trajectory import CallRecord, Message, Role, StopReason, Trajectory

CRITERIA = ("states-price", "updates-order")


def make_task(task_id: str = "refund", *, category: Category = Category.REASONING) -> Task:
    """A task with two primary criteria."""
    return Task(
        id=task_id,
        title=task_id.title(),
        category=category,
        prompt="What does it cost?",
        system_prompt="returns",
        rubric=Rubric(
            criteria=tuple(
                Criterion(id=name, text=name, category=CriterionCategory.CORRECTNESS)
                for name in CRITERIA
            )
        ),
    )


def make_record(
    task: Task,
    *,
    met: tuple[str, ...] | None = CRITERIA,
    index: int = 0,
    calls: tuple[tuple[str, int], ...] = (),
    diff: StateDiff | None = None,
) -> RolloutRecord:
    """A rollout that met the given criteria; None makes it end by no fault of the policy."""
    reason = StopReason.FINAL_RESPONSE if met is not None else StopReason.RUNTIME_ERROR
    return RolloutRecord(
        step=0,
        split=Split.HELD_OUT,
        task_id=task.id,
        group_id=task.id,
        rollout_id=f"{task.id}-{index}",
        index=index,
        policy_version=0,
        seed=1,
        trajectory=Trajectory(
            task_id=task.id,
            messages=(
                Message(role=Role.USER, content=task.prompt),
                Message(role=Role.ASSISTANT, content="Done."),
            ),
            calls=tuple(make_call(tool, number) for tool, number in calls),
            response="Done.",
            stop_reason=reason,
            diff=diff or StateDiff(),
            num_tokens=10,
        ),
        judgement=None if met is None else make_judgement(task, met),
        excluded_reason=reason.value if met is None else "",
    )


def make_call(tool: str, number: int) -> CallRecord:
    return CallRecord(call=ToolCall(tool=tool, arguments={"n": number}), value={})


def make_judgement(task: Task, met: tuple[str, ...]) -> Judgement:
    verdicts = [
        Verdict(
            criterion_id=criterion.id,
            value=VerdictValue.MET if criterion.id in met else VerdictValue.UNMET,
            reason="as the test says",
        )
        for criterion in task.rubric.criteria
    ]
    return judgement(task.rubric, verdicts)
