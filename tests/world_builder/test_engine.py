"""Every operation, every kind of refusal, and that a refusal changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world_builder.conftest import ENTITIES, TOOLS
from world_builder.engine import Engine
from world_builder.frozen import Json
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Start
from world_builder.tools import ToolCall, ToolResult
from world_builder.world import World

Call = Callable[..., Any]
"""Calls a tool by name; the result is loosely typed, since tests reach deep into its JSON."""


@pytest.fixture
def call(engine: Engine, state: WorldState) -> Call:
    def apply(tool: str, **arguments: Json) -> ToolResult:
        return engine.apply(state, ToolCall(tool=tool, arguments=arguments))

    return apply


def test_get_joins_what_points_at_the_entity(call: Call) -> None:
    value = call("get_item", id="it-01").value
    assert value["name"] == "Pear soda"
    assert [sale["id"] for sale in value["sales"]] == ["sa-250914-01", "sa-250915-01"]


def test_search_filters_sorts_and_counts_beyond_the_limit(call: Call) -> None:
    assert call("find_items").value == {
        "count": 3,
        "results": [
            {"id": "it-03", "name": "Pear cake", "price_cents": 450},
            {"id": "it-02", "name": "Plum cake", "price_cents": 399},
        ],
    }
    assert [r["id"] for r in call("find_items", text="PEAR cake").value["results"]] == ["it-03"]
    assert call("find_items", max_cents=260).value["count"] == 1


def test_search_by_reference_and_time(call: Call) -> None:
    assert call("find_sales", item="it-01").value["count"] == 2
    assert call("find_sales", item="it-02").value["count"] == 0
    assert call("find_sales", after="2025-09-15").value["count"] == 1
    assert call("find_sales", after="2025-09-15T13:30:00+00:00").value["count"] == 0


def test_create_gives_the_next_id_and_the_fixed_time(call: Call, state: WorldState) -> None:
    value = call("sell", item="it-01", quantity=2).value
    assert value["id"] == "sa-250915-02"
    assert value["sold_at"] == "2025-09-15T22:00:00-04:00"
    assert state.get("sale", "sa-250915-02") == value


def test_update_obeys_transitions(call: Call) -> None:
    assert call("set_status", id="sa-250914-01", status="paid").value["status"] == "paid"
    refused = call("set_status", id="sa-250915-01", status="void")
    assert refused.is_error
    assert "from 'paid' it can become: nothing" in refused.text


def test_compute_and_rules(call: Call) -> None:
    assert call("price", item="it-02", quantity=3).value == {
        "total_cents": 1197,
        "total": "$11.97",
    }
    assert call("check_sale", item="it-03", quantity=1).value == {"ok": True, "problems": []}
    last = call("check_sale", item="it-03", quantity=2).value
    assert last["ok"]
    assert last["problems"][0]["message"] == "takes the last Pear cake"
    assert not call("check_sale", item="it-03", quantity=3).value["ok"]


def test_an_integer_may_be_written_as_a_float(call: Call) -> None:
    assert call("price", item="it-02", quantity=3.0) == call("price", item="it-02", quantity=3)
    assert type(call("sell", item="it-01", quantity=2.0).value["quantity"]) is int
    assert call("find_items", limit=1.0).value == call("find_items", limit=1).value
    assert call("price", item="it-02", quantity=3.5).value["error"] == "invalid_arguments"


def test_sequence_keeps_all_steps_or_none(call: Call, state: WorldState) -> None:
    assert call("sell_from_stock", item="it-01", quantity=2).value == {
        "sale_id": "sa-250915-02",
        "stock": 3,
    }
    before = state.state_hash
    state.put("item", {**state.get("item", "it-01"), "stock": 9})  # type: ignore[dict-item]
    changed = state.state_hash
    assert call("sell_from_stock", item="it-01", quantity=5).value["message"] == "five is too many"
    assert state.state_hash == changed != before
    assert len(state.records("sale")) == 3


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "told"),
    [
        ("get_itm", {}, "unknown_tool", "did you mean get_item?"),
        ("get_item", {}, "invalid_arguments", '"id" is a required property'),
        ("get_item", {"id": "it-01", "x": 1}, "invalid_arguments", "Its arguments are: id"),
        ("get_item", {"id": "it-99"}, "not_found", "look it up with find_items"),
        ("sell", {"item": "it-02", "quantity": 1}, "precondition_failed", "only 0 of Plum cake"),
        (
            "set_status",
            {"id": "sa-250914-01", "status": "lost"},
            "precondition_failed",
            "paid, void",
        ),
        ("find_sales", {"after": "yesterday"}, "invalid_arguments", "'yesterday' is no date"),
    ],
)
def test_a_refused_call_says_what_to_mend(
    engine: Engine,
    state: WorldState,
    tool: str,
    arguments: dict[str, Json],
    code: str,
    told: str,
) -> None:
    result = engine.apply(state, ToolCall(tool=tool, arguments=arguments))
    assert result.is_error
    assert result.value["error"] == code
    assert told in str(result.value["message"])


_IDS = st.sampled_from(["it-01", "it-02", "it-03", "it-99", "sa-250914-01", "", "x"])
_ARGUMENTS = st.dictionaries(
    st.sampled_from(["id", "item", "quantity", "status", "text", "after", "bogus"]),
    _IDS | st.integers(-2, 6) | st.sampled_from(["paid", "void", "2025-09-01", None, True]),
)


@settings(max_examples=300, deadline=None)
@given(calls=st.lists(st.tuples(st.sampled_from([t.name for t in TOOLS]), _ARGUMENTS), max_size=8))
def test_refusals_change_nothing_and_replays_agree(
    world: World, base: WorldBase, engine: Engine, calls: list[tuple[str, dict[str, Json]]]
) -> None:
    state, twin = WorldState(base), WorldState(WorldBase(world))
    for tool, arguments in calls:
        before = state.state_hash
        result = engine.apply(state, ToolCall(tool=tool, arguments=arguments))
        again = engine.apply(twin, ToolCall(tool=tool, arguments=arguments))
        assert result.text == again.text
        if result.is_error or world.tool(tool).is_read_only:
            assert state.state_hash == before
    assert state.state_hash == twin.state_hash
    assert WorldState.restore(base, Start(), state.diff()).state_hash == state.state_hash
    state.reset()
    assert state.state_hash == WorldState(base).state_hash
    assert len(state.records("sale")) == len(ENTITIES["sale"])


@pytest.mark.parametrize("arguments", [{"text": "\ud800"}, {"text": ["\ud800"]}, {"\ud800": 1}])
def test_half_a_character_is_a_bad_argument(
    engine: Engine, state: WorldState, arguments: dict[str, Json]
) -> None:
    before = state.state_hash
    for tool in engine.tools:
        result = engine.apply(state, ToolCall(tool=tool.name, arguments=arguments))
        assert result.value["error"] == "invalid_arguments"
        assert state.state_hash == before
