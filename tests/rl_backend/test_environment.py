"""The environment of one rollout: what it says first, and when it is over."""

import pytest

from rl_backend.environment import Environment
from rl_backend.policies import AssistantTurn
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.tool_calls import MalformedCall
from world_builder.state import WorldBase
from world_builder.tools import ToolCall
from world_builder.trajectory import Role, StopReason

BAD_CALL = MalformedCall(text="{", problem="it is no JSON", example="")


async def environment_of(base: WorldBase, max_turns: int = 5) -> Environment:
    task = base.world.tasks[0].model_copy(update={"max_turns": max_turns})
    return Environment(task, base, await InProcessRuntime(base).start(task.start))


async def test_it_opens_with_the_rules_and_the_request(tutorial: WorldBase) -> None:
    environment = await environment_of(tutorial)
    system, user = environment.opening
    task = environment.task
    assert (system.role, system.content) == (
        Role.SYSTEM,
        tutorial.world.policy(task.system_prompt).text,
    )
    assert (user.role, user.content) == (Role.USER, task.prompt)


async def test_reasoning_is_kept_in_the_messages_and_out_of_the_response(
    tutorial: WorldBase,
) -> None:
    environment = await environment_of(tutorial)
    step = await environment.step(AssistantTurn(content="<think>Easy.</think>\nTwo."))
    assert step.stop is StopReason.FINAL_RESPONSE
    trajectory = environment.trajectory(step.stop, None)
    assert trajectory.response == "Two."
    assert trajectory.messages[-1].content == "<think>Easy.</think>\nTwo."


@pytest.mark.parametrize("request_", [BAD_CALL, ToolCall(tool="no_such_tool")])
async def test_a_refused_call_takes_a_turn_and_is_answered(
    tutorial: WorldBase, request_: MalformedCall | ToolCall
) -> None:
    environment = await environment_of(tutorial, max_turns=2)
    turn = AssistantTurn(content="", requests=(request_,))
    first, second = await environment.step(turn), await environment.step(turn)
    assert (first.stop, second.stop) == (None, StopReason.MAX_TURNS)
    assert [m.is_error for m in (*first.results, *second.results)] == [True, True]
    assert "tool" in first.results[0].content


async def test_it_serves_one_rollout(tutorial: WorldBase) -> None:
    environment = await environment_of(tutorial)
    await environment.step(AssistantTurn(content="Done."))
    with pytest.raises(RuntimeError, match="one rollout"):
        await environment.step(AssistantTurn(content="Once more."))
