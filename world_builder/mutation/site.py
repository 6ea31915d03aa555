"""What a mutator sees: a task's reference, how it went, and the world's names."""

from dataclasses import dataclass
from functools import cached_property
from random import Random

from world_builder.frozen import Json
from world_builder.mutation.lexicon import Lexicon, Mention, Named
from world_builder.mutation.passages import Span, sentences
from world_builder.mutation.types import Mutant, MutantKind
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import ToolCall
from world_builder.trajectory import Trajectory
from world_builder.workbench import Workbench, reference_of


@dataclass(frozen=True, kw_only=True)
class Site:
    """A task whose reference mistakes are planted in."""

    task: Task
    bench: Workbench
    lexicon: Lexicon
    reference: Trajectory
    """The reference solution, run."""
    random: Random

    @cached_property
    def solution(self) -> ReferenceSolution:
        return reference_of(self.task)

    @cached_property
    def response(self) -> str:
        return self.solution.response

    @cached_property
    def near_ids(self) -> frozenset[str]:
        """The entities that the reference read or wrote: what a policy would mix up."""
        seen: list[Json] = [record.value for record in self.reference.calls]
        given: list[Json] = [call.arguments for call in self.solution.calls]
        return frozenset(self.lexicon.ids_in(seen + given))

    @cached_property
    def sentences(self) -> list[Span]:
        """The sentences of the response, see `passages`."""
        return sentences(self.response)

    @cached_property
    def mentions(self) -> list[Mention]:
        """The entities that the response names, new ones included."""
        found = self.lexicon.mentions(self.response, self.near_ids)
        for new in self.lexicon.created_in(self.reference):
            start = self.response.find(new.id)
            while start >= 0:
                found.append(Mention(start, start + len(new.id), new, True))
                start = self.response.find(new.id, start + 1)
        return sorted(found, key=lambda mention: mention.start)

    def mistakable(self, entity: Named, num: int) -> list[Named]:
        """Up to `num` other entities of the type: first those the reference saw, then any."""
        everyone = self.lexicon.of_type(entity.entity_type)
        places = self.lexicon.places(entity.entity_type)
        named = self._named_ids | {entity.id}
        known = sorted(places[i] for i in self.near_ids | named if i in places)
        near = [other for i in known if (other := everyone[i]).id not in named]
        self.random.shuffle(near)
        num_far = len(everyone) - len(known)
        far = self.random.sample(range(num_far), min(num, num_far))
        return [*near, *(everyone[_place(i, known)] for i in far)][:num]

    @cached_property
    def _named_ids(self) -> frozenset[str]:
        """The entities that the response names."""
        return frozenset(mention.entity.id for mention in self.mentions)

    def answering(self, kind: MutantKind, description: str, response: str) -> Mutant:
        """The reference's calls with another response."""
        return Mutant(
            kind=kind,
            description=description,
            reference=self.solution,
            response=response,
            calls=self.solution.calls,
        )

    def calling(
        self,
        kind: MutantKind,
        description: str,
        calls: tuple[ToolCall, ...],
        call_index: int | None = None,
    ) -> Mutant:
        """The reference's response after other calls."""
        return Mutant(
            kind=kind,
            description=description,
            reference=self.solution,
            response=self.response,
            calls=calls,
            call_index=call_index,
        )


def _place(number: int, known: list[int]) -> int:
    """The place of the so-manieth of those that do not stand at the (sorted) known places.

    >>> [_place(i, [0, 2, 3]) for i in range(3)]
    [1, 4, 5]
    """
    for place in known:
        if place > number:
            break
        number += 1
    return number
