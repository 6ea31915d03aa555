"""Plants mistakes in a reference and runs what comes out.

Mistakes that change neither the response nor the final state are dropped. Calls that only read are
not made again before the mistake; what they answered cannot have changed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from world_builder.mutation import calls, responses
from world_builder.mutation.lexicon import Lexicon
from world_builder.mutation.site import Site
from world_builder.mutation.types import MIN_PLANTED, Mutant, Plan
from world_builder.state import WorldState
from world_builder.tasks import Task
from world_builder.tools import ToolCall
from world_builder.trajectory import CallRecord, Trajectory
from world_builder.workbench import Workbench

MUTATORS: tuple[Callable[[Site], Iterator[Plan]], ...] = (
    responses.drop_sentence,
    responses.change_value,
    responses.swap_entity,
    responses.greet_another,
    responses.flip_decision,
    responses.cut_short,
    responses.wrong_format,
    calls.skip_write,
    calls.alter_write,
    calls.extra_write,
    calls.repeat_write,
)
_MAX_PER_MUTATOR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A mistake and how its rollout goes."""

    mutant: Mutant
    trajectory: Trajectory
    """Without messages: checks do not read them."""


class Planter:
    """Plants mistakes in the references of one world."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self._lexicon = Lexicon(bench.world)

    def plant(self, task: Task, reference: Trajectory, seed: int = 0) -> tuple[Planted, ...]:
        """The mistakes of a task, the same for the same seed; `reference` is its rollout.

        Raises WorldError when the task has no reference solution.
        """
        site = Site(
            task=task,
            bench=self.bench,
            lexicon=self._lexicon,
            reference=reference,
            random=Random(f"{seed}:{task.id}"),
        )
        return tuple(_Planting(site).all())


class _Planting:
    """The mistakes of one task as they are gathered."""

    def __init__(self, site: Site) -> None:
        self._site = site
        reference = site.reference
        self._seen = {(reference.response, reference.state_hash)}
        self._spares: list[Mutant] = []

    def all(self) -> list[Planted]:
        planted: list[Planted] = []
        for mutator in MUTATORS:
            for plan in self._chosen(list(mutator(self._site))):
                planted.extend(self._first_of(plan))
        for spare in self._spares:
            if len(planted) >= MIN_PLANTED:
                break
            planted.extend(self._tried(spare))
        return planted

    def _chosen(self, plans: list[Plan]) -> list[Plan]:
        """At most so many of a mutator's plans, in their order; spares are kept for later."""
        self._spares += [choice for plan in plans if plan.is_spare for choice in plan.choices]
        main = [plan for plan in plans if not plan.is_spare]
        kept = self._site.random.sample(range(len(main)), min(len(main), _MAX_PER_MUTATOR))
        return [main[i] for i in sorted(kept)]

    def _first_of(self, plan: Plan) -> list[Planted]:
        for i, mutant in enumerate(plan.choices):
            if planted := self._tried(mutant):
                self._spares += plan.choices[i + 1 :]
                return planted
        return []

    def _tried(self, mutant: Mutant) -> list[Planted]:
        """The planted mistake, or nothing when it changes nothing or was planted before."""
        trajectory = _rollout(self._site, mutant)
        if trajectory is None:
            return []
        key = (trajectory.response, trajectory.state_hash)
        if key in self._seen:
            return []
        self._seen.add(key)
        return [Planted(mutant=mutant, trajectory=trajectory)]


def _rollout(site: Site, mutant: Mutant) -> Trajectory | None:
    """How the mutant goes; None when its wrong call is refused."""
    solution = mutant.solution
    if solution.calls is site.solution.calls or solution.calls == site.solution.calls:
        return site.reference.model_copy(update={"response": solution.response, "messages": ()})
    state = WorldState(site.bench.base, site.task.start)
    records = tuple(_records(site, solution.calls, state))
    if mutant.call_index is not None and records[mutant.call_index].is_error:
        return None
    update = {
        "response": solution.response,
        "messages": (),
        "calls": records,
        "diff": state.diff(),
        "state_hash": state.state_hash,
    }
    return site.reference.model_copy(update=update)


def _records(site: Site, made: tuple[ToolCall, ...], state: WorldState) -> Iterator[CallRecord]:
    engine = site.bench.engine(site.task.tool_surface)
    known = site.reference.calls
    is_same = True
    for i, call in enumerate(made):
        is_same = is_same and i < len(known) and known[i].call == call
        if is_same and not site.bench.writes(call):
            yield known[i]
            continue
        result = engine.apply(state, call)
        yield CallRecord(call=call, value=result.value, is_error=result.is_error)
