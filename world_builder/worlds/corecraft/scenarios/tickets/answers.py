"""What the records say to a customer's question: an answer with its facts.

Patterns have no look-around, so that state checks (CEL) take them too.
"""

from dataclasses import dataclass

from world_builder.frozen import Json
from world_builder.worlds.corecraft.company import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that the answer must say."""

    key: str
    told: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the records say to a customer's question."""

    ticket: Ticket
    kind: str
    question: str
    """What the customer wants to know, as half a sentence."""
    calls: tuple[tuple[str, dict[str, Json]], ...]
    """Where it stands."""
    text: str
    """For the customer."""
    facts: tuple[Fact, ...]
    """The first one is the heart of it."""
    next_step: str
    next_pattern: str
    is_final: bool = True
    """Whether nothing is left to decide."""
