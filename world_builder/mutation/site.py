"""What a mutator sees: a task's reference, how it went, and the world's names."""

from dataclasses import dataclass
from functools import cached_property
from random import Random

from world_builder.mutation.lexicon import Lexicon, Mention, Named
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
        seen = (self.lexicon.ids_in(record.value) for record in self.reference.calls)
        given = (self.lexicon.ids_in(dict(call.arguments)) for call in self.solution.calls)
        return frozenset(i for ids in (*seen, *given) for i in ids)

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
        near, far = (
            [o for o in group if o.id != entity.id] for group in self._unnamed(entity.entity_type)
        )
        self.random.shuffle(near)
        return [*near, *self.random.sample(far, min(num, len(far)))][:num]

    @cached_property
    def _unnamed_by_type(self) -> dict[str, tuple[list[Named], list[Named]]]:
        return {}

    def _unnamed(self, entity_type: str) -> tuple[list[Named], list[Named]]:
        """The entities of a type that the response does not name: near ones, and all others."""
        known = self._unnamed_by_type
        if entity_type not in known:
            named = {mention.entity.id for mention in self.mentions}
            everyone = self.lexicon.of_type(entity_type)
            known[entity_type] = (
                [n for n in everyone if n.id in self.near_ids and n.id not in named],
                [n for n in everyone if n.id not in self.near_ids and n.id not in named],
            )
        return known[entity_type]

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
