"""The contract of a policy: a model at a version, acting in one rollout through an actor.

Works on messages; a policy that samples tokens keeps them itself and hands them over at the end.
`token_policy` samples from an engine, `engines.scripted` has those without a model. A policy is
told the dialogue and the tools, never a rubric or a solution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rl_backend.runtimes.base import OfferedTool
from rl_backend.tool_calls import CallRequest
from rl_backend.types import PolicyVersion, RolloutTokens
from world_builder.tools import ToolCall
from world_builder.trajectory import Message, Role, StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """All that a policy is told before its first turn."""

    task_id: str
    messages: tuple[Message, ...]
    """The system prompt and the request."""
    tools: tuple[OfferedTool, ...]
    seed: int
    """What its random choices follow from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantTurn:
    """What a policy did in one turn: asked for calls, or gave its final response."""

    content: str
    requests: tuple[CallRequest, ...] = ()
    """The calls in order; none makes the content the final response."""
    stop: StopReason | None = None
    """Why the turn was cut short (`max_tokens`, `context_full`); None when it is whole."""

    @property
    def message(self) -> Message:
        """The turn as a message. Calls that could not be read stay in the text."""
        calls = tuple(r for r in self.requests if isinstance(r, ToolCall))
        broken = (r.text for r in self.requests if not isinstance(r, ToolCall))
        content = "\n".join(part for part in (self.content, *broken) if part)
        return Message(role=Role.ASSISTANT, content=content, tool_calls=calls)


class Actor(Protocol):
    """A policy in one rollout: it remembers the dialogue so far."""

    async def act(self, results: Sequence[Message]) -> AssistantTurn:
        """The next turn, given the answers to its last calls (none on the first turn).

        Raises EngineError or PolicyError when there can be no turn.
        """

    @property
    def tokens(self) -> RolloutTokens | None:
        """All tokens so far; None when none were sampled."""


class Policy(Protocol):
    """A model at a version."""

    @property
    def name(self) -> str:
        """What people call it, such as `scripted:reference`; never shown to a judge."""

    @property
    def version(self) -> PolicyVersion:
        """The version now in force."""

    def actor(self, opening: Opening) -> Actor:
        """The policy in a fresh rollout."""
