"""Plants mistakes in a reference and runs what comes out.

Mistakes that change neither the response nor the final state are dropped. What the reference did
before the mistake is not done again: the mutant goes on from a copy of the state it had led to.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from world_builder.mutation import calls, responses
from world_builder.mutation.lexicon import Lexicon
from world_builder.mutation.site import Site
from world_builder.mutation.types import MIN_PLANTED, Choice, Mutant, Plan
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
        self._spares: list[Choice] = []
        self._before = _Before(site)

    def all(self) -> list[Planted]:
        planted: list[Planted] = []
        for mutator in MUTATORS:
            for plan in self._chosen(list(mutator(self._site))):
                planted.extend(self._first_of(plan))
        for spare in self._spares:
            if len(planted) >= MIN_PLANTED:
                break
            planted.extend(self._tried(spare()))
        return planted

    def _chosen(self, plans: list[Plan]) -> list[Plan]:
        """At most so many of a mutator's plans, in their order; spares are kept for later."""
        self._spares += [choice for plan in plans if plan.is_spare for choice in plan.choices]
        main = [plan for plan in plans if not plan.is_spare]
        kept = self._site.random.sample(range(len(main)), min(len(main), _MAX_PER_MUTATOR))
        return [main[i] for i in sorted(kept)]

    def _first_of(self, plan: Plan) -> list[Planted]:
        for i, choice in enumerate(plan.choices):
            if planted := self._tried(choice()):
                self._spares += plan.choices[i + 1 :]
                return planted
        return []

    def _tried(self, mutant: Mutant) -> list[Planted]:
        """The planted mistake, or nothing when it changes nothing or was planted before."""
        trajectory = _rollout(self._site, self._before, mutant)
        if trajectory is None:
            return []
        key = (trajectory.response, trajectory.state_hash)
        if key in self._seen:
            return []
        self._seen.add(key)
        return [Planted(mutant=mutant, trajectory=trajectory)]


class _Before:
    """The states that the reference's calls lead to, one after the other."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._states = [WorldState(site.bench.base, site.task.start)]

    def state(self, num_calls: int) -> WorldState:
        """A copy of the state after so many calls. Those that only read are not made again."""
        bench, calls = self._site.bench, self._site.solution.calls
        engine = bench.engine(self._site.task.tool_surface)
        for call in calls[len(self._states) - 1 : num_calls]:
            state = self._states[-1]
            if bench.writes(call):
                state = state.copied()
                engine.apply(state, call)
            self._states.append(state)
        return self._states[num_calls].copied()


def _rollout(site: Site, before: _Before, mutant: Mutant) -> Trajectory | None:
    """How the mutant goes; None when its wrong call is refused."""
    num_same = _num_same(mutant.calls, site.solution.calls)
    if num_same == len(mutant.calls) == len(site.solution.calls):
        return site.reference.model_copy(update={"response": mutant.response, "messages": ()})
    state = before.state(num_same)
    made = _records(site, mutant.calls[num_same:], state)
    records = (*site.reference.calls[:num_same], *made)
    if mutant.call_index is not None and records[mutant.call_index].is_error:
        return None
    update = {
        "response": mutant.response,
        "messages": (),
        "calls": records,
        "diff": state.diff(),
        "state_hash": state.state_hash,
    }
    return site.reference.model_copy(update=update)


def _num_same(made: tuple[ToolCall, ...], known: tuple[ToolCall, ...]) -> int:
    """With how many equal calls the two begin."""
    if made is known:
        return len(known)
    pairs = zip(made, known, strict=False)
    differing = (i for i, (one, other) in enumerate(pairs) if one is not other and one != other)
    return next(differing, min(len(made), len(known)))


def _records(site: Site, made: tuple[ToolCall, ...], state: WorldState) -> Iterator[CallRecord]:
    engine = site.bench.engine(site.task.tool_surface)
    for call in made:
        result = engine.apply(state, call)
        yield CallRecord.model_construct(call=call, value=result.value, is_error=result.is_error)
