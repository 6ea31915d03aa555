"""The record of a rollout: messages, tool calls and what became of the world.

Written by `rl_backend`, read by judges, evaluation and the review pages. It runs nothing.
"""

from enum import StrEnum

from world_builder.diff import StateDiff
from world_builder.frozen import Frozen, Json
from world_builder.tools import ToolCall


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class StopReason(StrEnum):
    """Why a rollout ended. Only endings caused by the policy are scored (`is_scored`)."""

    FINAL_RESPONSE = "final_response"
    MAX_TURNS = "max_turns"
    MAX_TOKENS = "max_tokens"
    CONTEXT_FULL = "context_full"
    POLICY_ERROR = "policy_error"
    TOOL_ERROR = "tool_error"
    RUNTIME_ERROR = "runtime_error"
    CANCELLED = "cancelled"

    @property
    def is_scored(self) -> bool:
        """True when the policy itself ended the rollout."""
        return self in {
            StopReason.FINAL_RESPONSE,
            StopReason.MAX_TURNS,
            StopReason.MAX_TOKENS,
            StopReason.CONTEXT_FULL,
        }


class Message(Frozen):
    """One message of the dialogue with a policy."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """What an assistant message asks for, in order."""
    tool: str | None = None
    """For a tool message: the tool that answered."""
    is_error: bool = False
    """For a tool message: whether the call was refused."""


class CallRecord(Frozen):
    """One tool call and its answer."""

    call: ToolCall
    value: dict[str, Json]
    is_error: bool = False


class Trajectory(Frozen):
    """Everything that happened in one rollout."""

    task_id: str
    messages: tuple[Message, ...]
    calls: tuple[CallRecord, ...] = ()
    """Every call in order, malformed ones included."""
    response: str = ""
    """The final response; empty when there was none."""
    stop_reason: StopReason
    stop_detail: str = ""
    """What went wrong, for endings that are not the policy's."""
    diff: StateDiff = StateDiff()
    """What the rollout changed, from the task's start state."""
    state_hash: str = ""
    num_tokens: int = 0
    """Sampled tokens; 0 when no tokens were sampled (scripted policies)."""
