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

    @property
    def solution(self) -> ReferenceSolution:
        return reference_of(self.task)

    @property
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
        named = {mention.entity.id for mention in self.mentions}
        others = [other for other in self.lexicon.others(entity) if other.id not in named]
        near = [other for other in others if other.id in self.near_ids]
        far = [other for other in others if other.id not in self.near_ids]
        self.random.shuffle(near)
        return [*near, *self.random.sample(far, min(num, len(far)))][:num]

    def answering(self, kind: MutantKind, description: str, response: str) -> Mutant:
        """The reference's calls with another response."""
        solution = self.solution.model_copy(update={"response": response})
        return Mutant(kind=kind, description=description, solution=solution)

    def calling(
        self,
        kind: MutantKind,
        description: str,
        calls: tuple[ToolCall, ...],
        call_index: int | None = None,
    ) -> Mutant:
        """The reference's response after other calls."""
        solution = self.solution.model_copy(update={"calls": calls})
        return Mutant(kind=kind, description=description, solution=solution, call_index=call_index)
