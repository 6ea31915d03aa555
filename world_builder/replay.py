"""Runs a given list of calls and a response as a rollout, in process.

Used to run reference solutions (gates, previews, scripted policies) and pasted answers. No policy
acts here.
"""

from world_builder.engine import Engine
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import ReferenceSolution, Task
from world_builder.trajectory import CallRecord, Message, Role, StopReason, Trajectory


def opening(base: WorldBase, task: Task) -> tuple[Message, Message]:
    """The messages a rollout begins with: the system prompt and the request."""
    policy = base.world.policy(task.system_prompt)
    return (
        Message(role=Role.SYSTEM, content=policy.text),
        Message(role=Role.USER, content=task.prompt),
    )


def replay(
    base: WorldBase, task: Task, solution: ReferenceSolution, engine: Engine | None = None
) -> Trajectory:
    """The trajectory of making the solution's calls in order and giving its response.

    `engine` must be of the task's tool surface; None compiles one.
    """
    engine = engine or Engine(base.world, task.tool_surface)
    state = WorldState(base, task.start)
    messages: list[Message] = [*opening(base, task)]
    records: list[CallRecord] = []
    for call in solution.calls:
        result = engine.apply(state, call)
        records.append(
            CallRecord.model_construct(call=call, value=result.value, is_error=result.is_error)
        )
        messages.append(Message(role=Role.ASSISTANT, content="", tool_calls=(call,)))
        messages.append(
            Message(role=Role.TOOL, content=result.text, tool=call.tool, is_error=result.is_error)
        )
    messages.append(Message(role=Role.ASSISTANT, content=solution.response))
    return Trajectory(
        task_id=task.id,
        messages=tuple(messages),
        calls=tuple(records),
        response=solution.response,
        stop_reason=StopReason.FINAL_RESPONSE,
        diff=state.diff(),
        state_hash=state.state_hash,
    )
