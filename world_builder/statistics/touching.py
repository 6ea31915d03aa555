"""Which entity types a reference solution touches, found by running its calls.

A type is touched when one of its ids is a value in the arguments or the result of a call, or when
an entity of it is created, changed or removed. An id inside a longer text does not count. Nothing
is scored, and no trajectory is recorded, which makes a run several times cheaper than `replay`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeAlias

from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.state import WorldState
from world_builder.tasks import Task
from world_builder.workbench import Workbench

OnTask: TypeAlias = Callable[[], None]
"""Called once a task has been run."""


class Toucher:
    """Runs the reference solutions of one world."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._types: defaultdict[str, set[str]] = defaultdict(set)
        for entity_type, records in bench.base.records.items():
            for entity_id in records:
                self._types[entity_id].add(entity_type)

    def touched_by(
        self, tasks: Iterable[Task], on_task: OnTask = lambda: None
    ) -> dict[str, frozenset[str]]:
        """The types that each task's reference solution touches, by task id.

        Tasks without a reference solution, and those that cannot be run, are left out.
        """
        found: dict[str, frozenset[str]] = {}
        for task in tasks:
            types = self.touched(task)
            if types is not None:
                found[task.id] = types
            on_task()
        return found

    def touched(self, task: Task) -> frozenset[str] | None:
        """The types that one reference solution touches; None when it cannot be run."""
        if task.reference_solution is None:
            return None
        try:
            engine = self._bench.engine(task.tool_surface)
            state = WorldState(self._bench.base, task.start)
        except WorldError:
            return None
        seen: set[str] = set()
        for call in task.reference_solution.calls:
            _collect(call.arguments, seen)
            _collect(engine.apply(state, call).value, seen)
        changed = {change.entity_type for change in state.diff().changes}
        patched = {patch.entity_type for patch in task.start_state if patch.id in seen}
        named = (self._types[text] for text in seen & self._types.keys())
        return frozenset(changed.union(patched, *named))


def _collect(value: Json, texts: set[str]) -> None:
    """Adds every text of a JSON value, keys aside."""
    if isinstance(value, str):
        texts.add(value)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, texts)
    elif isinstance(value, list):
        for item in value:
            _collect(item, texts)
