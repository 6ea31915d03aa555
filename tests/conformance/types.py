"""What is recorded: sequences of calls, and what was seen of them."""

from dataclasses import dataclass
from enum import StrEnum

from world_builder.frozen import Frozen
from world_builder.tasks import Start
from world_builder.tools import ToolCall


class Act(StrEnum):
    """How a call is made."""

    CALL = "call"
    RETRY = "retry"
    """Once more under the key of the call before, as after a lost answer: it applies once."""
    REUSE = "reuse"
    """Another call under the key of the call before: it is refused as malformed."""


class Step(Frozen):
    """One call and how it is made."""

    act: Act = Act.CALL
    call: ToolCall


class Sequence(Frozen):
    """The calls of one rollout."""

    name: str
    start: Start
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an agent got for a step."""

    text: str
    is_error: bool
    error: str = ""
    """The code of a refusal; empty for a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that can be seen of a sequence."""

    tools: str
    """The tools that were offered, as JSON."""
    answers: tuple[Answer, ...]
    """One for each step."""
    diff: str
    """The changes since the start, as JSON."""
    state_hash: str
