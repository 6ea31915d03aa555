"""Draws sequences of calls from a world's reference solutions, with mistakes planted in them.

The same seed draws the same sequences from the same world. Each tool of each surface has its turn:
a sequence follows a reference solution that uses it. Then calls are spoiled, repeated, tried again
and strewn in; some worlds start changed, some on another day or in another time zone.
"""

from collections.abc import Iterator
from datetime import timedelta, timezone
from itertools import cycle, islice
from random import Random
from typing import Any

from rl_backend.engines.random_calls import random_call, words_in
from rl_backend.runtimes.base import OfferedTool
from tests.conformance.mistakes import MISTAKES, Surroundings
from tests.conformance.types import Act, Sequence, Step
from world_builder.diff import Patch
from world_builder.entities import Field, FieldKind
from world_builder.frozen import Json, Record
from world_builder.ids import canonical_json
from world_builder.tasks import Start, Task
from world_builder.tools import ToolCall
from world_builder.world import World

SEED = 20250915
NUM_SEQUENCES = 500

_MAX_KEPT = 12
"""Calls of a reference that are followed; of longer ones reading calls are left out."""


def draw(world: World, seed: int = SEED, num: int = NUM_SEQUENCES) -> tuple[Sequence, ...]:
    """So many sequences."""
    drawer = _Drawer(world)
    turns = [(s.name, tool) for s in world.surfaces for tool in s.tools]
    return tuple(
        drawer.sequence(Random(f"{seed}:{number}"), surface, tool, number)
        for number, (surface, tool) in enumerate(islice(cycle(turns), num))
    )


class _Drawer:
    def __init__(self, world: World) -> None:
        self._world = world
        self._around = Surroundings.of(world)
        self._records = {
            str(record["id"]): (name, record)
            for name, records in world.entities.items()
            for record in records
        }
        self._fields = {t.name: t.fields for t in world.entity_types}
        self._users: dict[str, list[Task]] = {tool.name: [] for tool in world.tools}
        for task in world.tasks:
            for tool in {call.tool for call in _calls(task)}:
                self._users[tool].append(task)
        self._writes = [
            call
            for task in world.tasks
            for call in _calls(task)
            if not world.tool(call.tool).is_read_only
        ]

    def sequence(self, rng: Random, surface: str, tool: str, number: int) -> Sequence:
        """A sequence on a surface, whose core is a task that uses the tool."""
        users = self._users[tool]
        task = rng.choice([t for t in users if t.tool_surface == surface] or users)
        offered = {t.name for t in self._world.surface_tools(surface)}
        core = [c for c in _calls(task) if c.tool in offered or rng.random() < 0.1]
        calls = self._spoiled(rng, _shortened(rng, core, self._world))
        calls = self._strewn(rng, calls, surface, task)
        return Sequence(
            name=f"{number:03} {task.id}",
            start=self._start(rng, surface, calls),
            steps=tuple(self._steps(rng, calls)),
        )

    def _spoiled(self, rng: Random, calls: list[ToolCall]) -> list[ToolCall]:
        """Each third call or so gets a mistake; the right one follows it, or does not."""
        done: list[ToolCall] = []
        for call in calls:
            if rng.random() < 0.35:
                done.append(rng.choice(MISTAKES)(rng, self._around, call))
                if rng.random() < 0.4:
                    continue
            done.append(call)
        return done

    def _strewn(
        self, rng: Random, calls: list[ToolCall], surface: str, task: Task
    ) -> list[ToolCall]:
        """Random calls, and writing calls of other tasks, most of which do not fit here."""
        offered = [OfferedTool.of(tool) for tool in self._world.surface_tools(surface)]
        words = words_in([task.prompt, *(canonical_json(c.arguments) for c in calls)])
        more = [random_call(rng, offered, words) for _ in range(rng.randint(0, 2))]
        more += rng.choices(self._writes, k=rng.randint(0, 2))
        done = [*calls]
        for call in more:
            done.insert(rng.randint(0, len(done)), call)
        return done

    def _steps(self, rng: Random, calls: list[ToolCall]) -> Iterator[Step]:
        for call in calls:
            yield Step(call=call)
            chance = rng.random()
            if chance < 0.08:
                yield Step(call=call)
            elif chance < 0.16:
                yield Step(act=Act.RETRY, call=call)
            elif chance < 0.19 and call != (other := rng.choice(self._writes)):
                yield Step(act=Act.REUSE, call=other)

    def _start(self, rng: Random, surface: str, calls: list[ToolCall]) -> Start:
        named = sorted({i for call in calls for i in _texts(call.arguments) if i in self._records})
        patches: tuple[Patch, ...] = ()
        if named and rng.random() < 0.4:
            chosen = rng.sample(named, min(len(named), rng.randint(1, 3)))
            patches = tuple(self._patch(rng, *self._records[i]) for i in chosen)
        now = None
        if rng.random() < 0.3:
            zone = timezone(timedelta(minutes=rng.choice([-600, -240, 0, 345, 840])))
            moved = timedelta(days=rng.choice([-20, -1, 1, 15, 40]), minutes=rng.randint(0, 1439))
            now = (self._world.now + moved).astimezone(zone)
        return Start(tool_surface=surface, start_state=patches, now=now)

    def _patch(self, rng: Random, entity_type: str, record: Record) -> Patch:
        """The entity changed in one field, removed, or once more under another id."""
        entity_id = str(record["id"])
        chance = rng.random()
        if chance < 0.35:
            return Patch(entity_type=entity_type, id=entity_id, values=None)
        if chance < 0.5:
            values = {k: v for k, v in record.items() if k != "id"}
            return Patch(entity_type=entity_type, id=f"{entity_id}9", values=values)
        changed = dict(self._changed(rng, entity_type, record))
        return Patch(entity_type=entity_type, id=entity_id, values=changed)

    def _changed(self, rng: Random, entity_type: str, record: Record) -> Iterator[tuple[str, Json]]:
        choices = {
            f.name: other
            for f in self._fields[entity_type]
            if (other := _other(rng, f, record.get(f.name))) is not None
        }
        if choices:
            name = rng.choice(sorted(choices))
            yield name, choices[name]


def _other(rng: Random, field: Field, value: Json) -> Json:
    """Another value of a field; None where none is known."""
    match field.kind:
        case FieldKind.ENUM:
            return rng.choice([option for option in field.options if option != value] or [None])
        case FieldKind.BOOLEAN:
            return not value
        case FieldKind.INTEGER | FieldKind.MONEY if isinstance(value, int):
            return max(0, value + rng.choice([-1, 1, 100]))
    return None


def _calls(task: Task) -> tuple[ToolCall, ...]:
    return () if task.reference_solution is None else task.reference_solution.calls


def _shortened(rng: Random, calls: list[ToolCall], world: World) -> list[ToolCall]:
    reads = [i for i, call in enumerate(calls) if world.tool(call.tool).is_read_only]
    num_out = min(len(reads), max(0, len(calls) - _MAX_KEPT))
    out = set(rng.sample(reads, num_out))
    return [call for i, call in enumerate(calls) if i not in out]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
