"""What planted errors are, and what is reported of them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from world_builder.tasks import ReferenceSolution
from world_builder.tools import ToolCall

MIN_PLANTED = 8
"""Planted errors that a task should offer; fewer measure its rubric poorly."""


class MutantKind(StrEnum):
    """The mistakes that are planted."""

    DROP_SENTENCE = "drop_sentence"
    CHANGE_VALUE = "change_value"
    SWAP_ENTITY = "swap_entity"
    FLIP_DECISION = "flip_decision"
    SKIP_WRITE = "skip_write"
    ALTER_WRITE = "alter_write"
    EXTRA_WRITE = "extra_write"
    REPEAT_WRITE = "repeat_write"
    CUT_SHORT = "cut_short"
    WRONG_FORMAT = "wrong_format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A reference solution with one mistake planted in it."""

    kind: MutantKind
    description: str
    """One line, such as `changes $1,299.05 to $1,312.05`."""
    reference: ReferenceSolution
    response: str
    calls: tuple[ToolCall, ...]
    """The reference's own when the mistake is in the response."""
    call_index: int | None = None
    """The wrong call, which must succeed to be a mistake; None where no wrong call is made."""

    @property
    def solution(self) -> ReferenceSolution:
        """The reference with the mistake in it."""
        wrong = {"response": self.response, "calls": self.calls}
        return self.reference.model_copy(update=wrong)


Choice: TypeAlias = Callable[[], Mutant]
"""One way to plant a mistake: most are never asked for theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One mistake to plant, in several ways."""

    choices: tuple[Choice, ...]
    """The likeliest first; the first that changes anything is planted."""
    is_spare: bool = False
    """Planted only where other mistakes are too few, as are further choices."""


def only(mutant: Mutant) -> Plan:
    """A mistake that is planted in one way."""
    return Plan(choices=(lambda: mutant,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """A planted mistake that no criterion noticed."""

    mutant: Mutant
    unassessed: tuple[str, ...] = ()
    """Criteria whose check could not run on it: neither met nor unmet."""

    def __str__(self) -> str:
        told = f"{self.mutant.kind}: {self.mutant.description}"
        return f"{told} (not assessed: {', '.join(self.unassessed)})" if self.unassessed else told


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationReport:
    """How well a task's rubric notices mistakes."""

    task_id: str
    num_planted: int
    num_killed: int
    survivors: tuple[Survivor, ...] = ()
    undecided: tuple[str, ...] = ()
    """Criteria without a check: only a judge decides them, so they kill nothing here."""
    unmet: tuple[str, ...] = ()
    """Criteria with a check that the reference itself does not meet; they kill nothing either."""

    @property
    def score(self) -> float:
        """Killed by planted, in [0, 1]; 0 when nothing could be planted."""
        return self.num_killed / self.num_planted if self.num_planted else 0.0

    @property
    def has_enough(self) -> bool:
        """True when enough mistakes could be planted to trust the score."""
        return self.num_planted >= MIN_PLANTED
