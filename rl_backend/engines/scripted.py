"""Policies without a model: they follow a script that is fixed before the first turn.

The same ones serve the demo, previews, tests and the two ends of every scale: `reference` is what a
bundle must reward in full, `empty` what it must never pass. They sample no tokens.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from rl_backend.engines.random_calls import random_call, random_words, words_in
from rl_backend.errors import PolicyError
from rl_backend.policies import AssistantTurn, Opening
from rl_backend.types import PolicyVersion
from world_builder.tasks import ReferenceSolution, Task
from world_builder.trajectory import Message

Script: TypeAlias = tuple[AssistantTurn, ...]
"""The turns of one rollout; the last one is the final response."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


class Scripted(StrEnum):
    """The scripted policies that every bundle can be run with."""

    REFERENCE = "reference"
    """Makes the calls of the reference solution, one a turn, and gives its response."""
    EMPTY = "empty"
    """Answers at once with nothing."""
    RANDOM = "random"
    """Makes up to four random calls and answers with words of the request."""
    CARELESS = "careless"
    """The reference, five times of six with a call skipped, a sentence dropped, or both."""


@dataclass(frozen=True)
class ScriptedPolicy:
    """A policy that plays the script a function writes for each rollout."""

    name: str
    write: Callable[[Opening], Script]
    """The script of a rollout; raises PolicyError when it has none."""
    version: PolicyVersion = PolicyVersion(0)  # noqa: RUF009 (an int)

    def actor(self, opening: Opening) -> "ScriptedActor":
        return ScriptedActor(opening, self.write)


class ScriptedActor:
    """Plays the turns of a script, whatever the tools answer."""

    tokens = None

    def __init__(self, opening: Opening, write: Callable[[Opening], Script]) -> None:
        self._opening = opening
        self._write = write
        self._script: list[AssistantTurn] | None = None

    async def act(self, results: Sequence[Message]) -> AssistantTurn:
        """The next turn. Raises PolicyError when the script has none."""
        if self._script is None:
            self._script = list(self._write(self._opening))
        if not self._script:
            raise PolicyError(
                f"The script for task {self._opening.task_id} is at its end.",
                hint="Scripts end with a final response; allow the task more turns.",
            )
        return self._script.pop(0)


def scripted_policy(kind: Scripted, tasks: Iterable[Task]) -> ScriptedPolicy:
    """The scripted policy of that kind for the tasks of a bundle, named `scripted:<kind>`."""
    solutions = {task.id: task.reference_solution for task in tasks}

    def solution(opening: Opening) -> ReferenceSolution:
        found = solutions.get(opening.task_id)
        if found is None:
            raise PolicyError(
                f"Task {opening.task_id} has no reference solution to follow.",
                hint="Record one, or open a bundle with its solutions.",
            )
        return found

    writers: dict[Scripted, Callable[[Opening], Script]] = {
        Scripted.REFERENCE: lambda opening: script_of(solution(opening)),
        Scripted.EMPTY: lambda opening: (AssistantTurn(content=""),),
        Scripted.RANDOM: _random_script,
        Scripted.CARELESS: lambda opening: script_of(
            careless(solution(opening), random.Random(opening.seed))
        ),
    }
    return ScriptedPolicy(f"scripted:{kind}", writers[kind])


def script_of(solution: ReferenceSolution) -> Script:
    """The turns that make a solution's calls one by one and give its response."""
    calls = tuple(AssistantTurn(content="", requests=(call,)) for call in solution.calls)
    return (*calls, AssistantTurn(content=solution.response))


def careless(solution: ReferenceSolution, rng: random.Random) -> ReferenceSolution:
    """The solution of somebody in a hurry: right, or without a call, a sentence, or both."""
    calls, sentences = list(solution.calls), _SENTENCE.split(solution.response)
    slip = rng.choice(["none", "call", "sentence", "both", "call", "sentence"])
    if slip in {"call", "both"} and calls:
        del calls[rng.randrange(len(calls))]
    if slip in {"sentence", "both"} and sentences:
        del sentences[rng.randrange(len(sentences))]
    response = solution.response if slip in {"none", "call"} else " ".join(sentences)
    return ReferenceSolution(calls=tuple(calls), response=response)


def _random_script(opening: Opening) -> Script:
    rng = random.Random(opening.seed)
    words = words_in([message.content for message in opening.messages])
    num_calls = rng.randint(0, 4) if opening.tools else 0
    turns = (
        AssistantTurn(content="", requests=(random_call(rng, opening.tools, words),))
        for _ in range(num_calls)
    )
    return (*turns, AssistantTurn(content=random_words(rng, words, rng.randint(1, 30))))
