"""One rollout's environment: the opening messages, then a step for every assistant turn.

Single-use: it runs the calls of a turn in the world, answers them, says when the rollout is over
and at the end gives the trajectory. Knows no tokens, no policy and no rubric.
"""

from dataclasses import dataclass

from rl_backend.errors import ToolFailure
from rl_backend.policies import AssistantTurn
from rl_backend.runtimes.base import FinalState, RunningWorld
from rl_backend.tool_calls import CallRequest, MalformedCall, final_response
from world_builder.replay import opening
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.tools import ToolErrorCode, ToolResult
from world_builder.trajectory import CallRecord, Message, Role, StopReason, Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a turn led to."""

    results: tuple[Message, ...] = ()
    """The answers to its calls, in order."""
    stop: StopReason | None = None
    """Why the rollout is over; None while it goes on."""


class Environment:
    """The dialogue of one rollout with its world."""

    def __init__(self, task: Task, base: WorldBase, world: RunningWorld) -> None:
        """`base` gives the system prompt; calls go to `world`."""
        self.task = task
        self.opening: tuple[Message, ...] = opening(base, task)
        self._world = world
        self._messages = list(self.opening)
        self._calls: list[CallRecord] = []
        self._response = ""
        self._num_turns = 0
        self._is_over = False

    async def step(self, turn: AssistantTurn) -> Step:
        """Answers a turn. Calls run one after another in the order they were asked for.

        Raises:
            ToolFailure: a tool is broken.
            WorldRuntimeError: the world cannot be reached.
        """
        if self._is_over:
            raise RuntimeError("the rollout is over; an environment serves one rollout")
        step = await self._take(turn)
        self._is_over = step.stop is not None
        return step

    def trajectory(
        self, stop: StopReason, final: FinalState | None, *, detail: str = "", num_tokens: int = 0
    ) -> Trajectory:
        """The record of the rollout; `final` is None when the world could not be read."""
        return Trajectory(
            task_id=self.task.id,
            messages=tuple(self._messages),
            calls=tuple(self._calls),
            response=self._response,
            stop_reason=stop,
            stop_detail=detail,
            num_tokens=num_tokens,
            **({} if final is None else {"diff": final.diff, "state_hash": final.state_hash}),
        )

    async def _take(self, turn: AssistantTurn) -> Step:
        self._num_turns += 1
        self._messages.append(turn.message)
        if turn.stop is not None:
            return Step(stop=turn.stop)
        if not turn.requests:
            self._response = final_response(turn.content)
            return Step(stop=StopReason.FINAL_RESPONSE)
        results = tuple([await self._answer(request) for request in turn.requests])
        is_last = self._num_turns >= self.task.max_turns
        return Step(results=results, stop=StopReason.MAX_TURNS if is_last else None)

    async def _answer(self, request: CallRequest) -> Message:
        if isinstance(request, MalformedCall):
            call, result = request.as_call(), request.answer()
        else:
            call, result = request, await self._world.call(request)
        self._calls.append(CallRecord(call=call, value=result.value, is_error=result.is_error))
        message = Message(
            role=Role.TOOL, content=result.text, tool=call.tool, is_error=result.is_error
        )
        self._messages.append(message)
        if _is_broken(result):
            raise ToolFailure(
                f"{result.value.get('message')}.", hint="Mend the tool's declaration."
            )
        return message


def _is_broken(result: ToolResult) -> bool:
    return result.is_error and result.value.get("error") == ToolErrorCode.TOOL_BROKEN.value
