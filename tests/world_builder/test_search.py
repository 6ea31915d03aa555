"""A search by index finds what a scan of all records finds, in the same order."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world_builder.engine import Engine
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.errors import ExpressionError
from world_builder.expressions import names_of
from world_builder.frozen import Json
from world_builder.ids import Written, canonical_json
from world_builder.operations import Comparison, Filter, Search
from world_builder.scan import BadArgument, scan
from world_builder.search import Finder
from world_builder.state import WorldBase, WorldState
from world_builder.workbench import Workbench
from world_builder.world import World
from world_builder.worlds import build_world

_WORDS = ("art", "part", "party", "Über", "café", "e-mail", "a_b", "x@y.example", "7")
_TIMES = ("2025-01-01", "2025-03-01T10:00:00", "2025-03-01T10:00:00-04:00", "2025-06-30T23:00:00Z")


_MIXED: tuple[Json, ...] = (1, "1", None, ["1"], "not a date")


def _record(number: int, dice: random.Random) -> dict[str, Json]:
    return {
        "id": f"thing-{number:03}",
        "kind": dice.choice(("a", "b", None)),
        "tags": [*dice.sample(["red", "green", "blue"], dice.randint(0, 3))],
        "size": dice.choice((None, 0, 1, 2.5, 7, True)),
        "made_at": dice.choice((None, *_TIMES)),
        "text": " ".join(dice.sample(_WORDS, dice.randint(0, 4))),
        "mixed": dice.choice(_MIXED),
    }


def _world() -> World:
    dice = random.Random(3)
    kinds = {"tags": FieldKind.LIST, "size": FieldKind.NUMBER, "made_at": FieldKind.DATETIME}
    fields = ("kind", "tags", "size", "made_at", "text", "mixed")
    thing = EntityType(
        name="thing",
        title="Thing",
        plural="things",
        id_format="thing-{n:3}",
        fields=tuple(Field(name=n, kind=kinds.get(n, FieldKind.TEXT)) for n in fields),
    )
    return World.model_validate(
        {
            "name": "things",
            "title": "Things",
            "now": "2025-09-15T14:00:00-04:00",
            "entity_types": (thing,),
            "entities": {"thing": tuple(_record(n, dice) for n in range(60))},
            "tools": (),
        }
    )


_BASE = WorldBase(_world())
_FIELDS: dict[Comparison, tuple[str, ...]] = {
    Comparison.EQUALS: ("id", "kind", "size", "tags", "mixed"),
    Comparison.IN: ("id", "kind", "size", "mixed"),
    Comparison.HAS: ("tags", "mixed", "kind"),
    Comparison.AT_LEAST: ("size", "kind"),
    Comparison.AT_MOST: ("size", "mixed"),
    Comparison.AFTER: ("made_at", "mixed"),
    Comparison.BEFORE: ("made_at", "mixed"),
    Comparison.TEXT: ("text", "tags", "kind"),
}
_TEXTS = ("a", "red", "thing-007", "1", "", "art", "ART par", "über", "x@y.example", "!", "zz")
_ARGUMENTS: st.SearchStrategy[Json] = st.sampled_from(
    (*_TEXTS, *_TIMES, 1, 0, True, 2.5, ["a", "b"], [1, "1"], ["thing-001", "zz"], [])
)


@st.composite
def _searches(draw: st.DrawFn) -> tuple[Search, dict[str, Json]]:
    chosen = draw(st.lists(st.sampled_from(list(_FIELDS)), max_size=3))
    filters: list[Filter] = []
    arguments: dict[str, Json] = {}
    for number, comparison in enumerate(chosen):
        fields = (draw(st.sampled_from(_FIELDS[comparison])),)
        filters.append(Filter(argument=f"a{number}", fields=fields, comparison=comparison))
        arguments[f"a{number}"] = draw(_ARGUMENTS)
    sort = draw(st.sampled_from(("id", "-id", "size", "-size", "-made_at", "mixed")))
    where = draw(st.sampled_from((None, None, "it.size != null", "it.size > 1", "it.kind == 'a'")))
    limit = draw(st.sampled_from((1, 3, 100)))
    return Search(
        entity_type="thing", filters=tuple(filters), sort=sort, where=where, limit=limit
    ), arguments


def _changed_state(seed: int) -> WorldState:
    state, dice = WorldState(_BASE), random.Random(seed)
    for number in dice.sample(range(66), seed % 8):
        state.put("thing", _record(number, dice))
    if seed % 3 == 1:
        state.delete("thing", "thing-007")
    return state


def _outcome(find: Any) -> object:
    try:
        return find()
    except (BadArgument, ExpressionError, TypeError) as error:
        return type(error), str(error)


@given(_searches(), st.integers(0, 30))
@settings(max_examples=400, deadline=None)
def test_index_and_scan_agree(asked: tuple[Search, dict[str, Json]], seed: int) -> None:
    operation, arguments = asked
    state = _changed_state(seed)
    names = names_of({"args": arguments, "now": state.now}, state)

    def by_scan() -> tuple[int, list[Any]]:
        found = scan(operation, state, names)
        return len(found), found[: operation.limit]

    assert _outcome(lambda: Finder(operation).find(state, names)) == _outcome(by_scan)


@pytest.mark.parametrize("name", ["tutorial", "clinic"])
def test_remembered_texts_are_canonical(name: str) -> None:
    bench = Workbench(build_world(name))
    num_written = 0
    for task in bench.world.tasks:
        engine, state = bench.engine(task.tool_surface), WorldState(bench.base, task.start)
        for call in task.reference_solution.calls if task.reference_solution else ():
            result = engine.apply(state, call)
            num_written += isinstance(result.value, Written)
            assert result.text == canonical_json(json.loads(json.dumps(result.value)))
    assert num_written


def test_a_changed_result_does_not_change_what_others_see() -> None:
    bench = Workbench(build_world("tutorial"))
    task = next(t for t in bench.world.tasks if t.reference_solution and t.reference_solution.calls)
    engine: Engine = bench.engine(task.tool_surface)
    assert task.reference_solution is not None
    call = task.reference_solution.calls[0]
    first = engine.apply(WorldState(bench.base), call)
    before = first.text
    for value in first.value.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                item["id"] = "spoilt"
    first.value["id"] = "spoilt"
    again = engine.apply(WorldState(bench.base), call)
    assert again.text == before
    assert canonical_json(dict(again.value)) == before
