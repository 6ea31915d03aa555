"""What a scenario's module hands over, and how it becomes tasks.

A scenario is one thing people ask for, in several cases. Each case is a `Draft`: prompt, calls,
response and criteria, all drawn from the shop of the seed. `Desk` runs calls in process, so that
references can name the ids that a call gave.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from world_builder.engine import Engine
from world_builder.frozen import Json
from world_builder.rubrics import Criterion, Rubric
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import (
    Category,
    Difficulty,
    ReferenceSolution,
    Split,
    Task,
    TaskStatus,
)
from world_builder.tools import ToolCall
from world_builder.world import World
from world_builder.worlds.tutorial.shop import Shop

_T = TypeVar("_T")
_AUTHOR = "Ottilie Brandt"
_HELD_OUT_EVERY = 4
_MAX_TURNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One case of a scenario."""

    title: str
    prompt: str
    calls: tuple[ToolCall, ...]
    response: str
    criteria: tuple[Criterion, ...]
    difficulty: Difficulty | None = None
    """None takes the scenario's."""


class Desk:
    """The shop of a seed and a place to try calls in it."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.shop = shop
        self._base = WorldBase(world)
        self._engine = Engine(world)

    def values(self, calls: Sequence[ToolCall]) -> tuple[dict[str, Json], ...]:
        """What the calls answer, made in order in a fresh state.

        Raises ValueError when one is refused: references make no mistakes.
        """
        state = WorldState(self._base)
        results = [self._engine.apply(state, call) for call in calls]
        for result in results:
            if result.is_error:
                raise ValueError(f"a reference call was refused: {result.text}")
        return tuple(result.value for result in results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing people ask for."""

    name: str
    category: Category
    difficulty: Difficulty
    system_prompt: str
    intent: str
    drafts: Callable[[Desk], list[Draft]]
    is_held_out: bool = False
    """True keeps all of its tasks out of training."""

    def tasks(self, desk: Desk) -> tuple[Task, ...]:
        """Its tasks; every fourth is held out, or all."""
        return tuple(self._task(i, draft) for i, draft in enumerate(self.drafts(desk), 1))

    def _task(self, number: int, draft: Draft) -> Task:
        held_out = self.is_held_out or number % _HELD_OUT_EVERY == 0
        return Task(
            id=f"{self.name}-{number:02}",
            title=draft.title,
            category=self.category,
            difficulty=draft.difficulty or self.difficulty,
            tags=(self.system_prompt,),
            scenario=self.name,
            split=Split.HELD_OUT if held_out else Split.TRAIN,
            prompt=draft.prompt,
            intent=self.intent,
            system_prompt=self.system_prompt,
            max_turns=_MAX_TURNS,
            rubric=Rubric(criteria=draft.criteria),
            reference_solution=ReferenceSolution(calls=draft.calls, response=draft.response),
            author=_AUTHOR,
            status=TaskStatus.APPROVED,
        )


def call(tool: str, **arguments: Json) -> ToolCall:
    return ToolCall(tool=tool, arguments=arguments)


def pick(variants: Sequence[_T], i: int) -> _T:
    """The variant of case `i`, going round."""
    return variants[i % len(variants)]
