"""What an author hands over: a scenario, and the drafts that its program makes of its cases."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates.desk import Desk, ModelT
from world_builder.templates.voices import VOICES, Requester, Voice
from world_builder.tools import ToolCall
from world_builder.world import DEFAULT_SURFACE

MIN_PHRASINGS = 8


class TemplateError(ValueError):
    """A scenario is written wrongly; the message says what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One case of a scenario: who asks for what, the right way to do it, and how it is scored."""

    title: str
    keys: tuple[str, ...]
    """Ids of the entities that the case is about: cases that share one never lie in two splits."""
    slots: dict[str, str]
    """What the phrasings' `{slots}` become; these facts are never misspelt."""
    calls: tuple[ToolCall, ...]
    response: str
    criteria: tuple[Criterion, ...]
    requester: Requester | None = None
    """None: a note without a person behind it."""
    difficulty: Difficulty | None = None
    """None takes the scenario's."""
    intent: str = ""
    """Empty takes the scenario's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Generic[ModelT]):
    """One thing people ask for, written by an expert once."""

    name: str
    category: Category
    difficulty: Difficulty
    system_prompt: str
    intent: str
    """What the requester wants and why; may use the slots."""
    phrasings: tuple[str, ...]
    """At least eight ways to say it, each complete in itself, with the same `{slots}`."""
    details: tuple[str, ...] = ()
    """Sentences that people add: context that changes nothing. May use the slots."""
    drafts: Callable[[Desk[ModelT]], Iterable[Draft]]
    """Makes the cases, best first; only as many as wanted are taken."""
    num_tasks: int = 20
    names_requester: bool = True
    """Whether the prompt says who asks, as a scenario that writes needs it."""
    voices: tuple[Voice, ...] = VOICES
    """How the people who ask write; a world may bring voices of its own."""
    is_unseen: bool = False
    """True keeps all of its tasks out of training, reported apart."""
    max_turns: int = 24
    tool_surface: str = DEFAULT_SURFACE
    tags: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(set(self.phrasings)) < MIN_PHRASINGS:
            raise TemplateError(
                f"{self.name}: {len(set(self.phrasings))} different phrasings; "
                f"write at least {MIN_PHRASINGS}"
            )

    def check_slots(self, draft: Draft) -> None:
        """Raises TemplateError when a phrasing or detail names a slot that the draft lacks."""
        for text in (*self.phrasings, *self.details, self.intent):
            missing = slots_of(text) - draft.slots.keys()
            if missing:
                raise TemplateError(
                    f"{self.name}: {text!r} uses {', '.join(sorted(missing))}, which the draft "
                    f"{draft.title!r} does not give"
                )


def slots_of(text: str) -> set[str]:
    """The names in braces.

    >>> sorted(slots_of("Where is {order}, {name}?"))
    ['name', 'order']
    """
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
