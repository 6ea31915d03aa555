"""The state: nesting, removal, start patches, indexes that follow changes, hashes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from world_builder.diff import ChangeKind, Patch
from world_builder.errors import StateError, UnknownName
from world_builder.expressions import compile_expression, names_of
from world_builder.frozen import Json
from world_builder.state import WorldBase, WorldState, with_fixed_offset
from world_builder.tasks import Start

SODA: dict[str, Json] = {"id": "it-01", "name": "Pear soda", "price_cents": 250, "stock": 5}


def test_nested_transactions_merge_and_drop(state: WorldState) -> None:
    with state.transaction():
        state.put("item", {**SODA, "stock": 4})
        with pytest.raises(RuntimeError):
            _put_and_fail(state)
        assert state.get("item", "it-01") == {**SODA, "stock": 4}
    assert [c.changed_fields() for c in state.diff().changes] == [("stock",)]


def test_what_an_inner_transaction_kept_goes_with_the_outer_one(state: WorldState) -> None:
    before = state.state_hash
    with pytest.raises(RuntimeError):
        _put_inside_and_fail(state)
    assert state.get("item", "it-01") == SODA
    assert state.state_hash == before
    assert not state.changed("item")


def test_a_change_undone_is_no_change(state: WorldState) -> None:
    before = state.state_hash
    state.put("item", {**SODA, "stock": 1})
    assert state.state_hash != before
    state.put("item", SODA)
    assert state.state_hash == before
    assert not state.diff().changes


def test_a_copy_goes_its_own_way(base: WorldBase) -> None:
    patch = Patch(entity_type="item", id="it-01", values={"stock": 3})
    state = WorldState(base, Start(now=datetime(2025, 1, 1, tzinfo=UTC), start_state=(patch,)))
    state.put("item", {**SODA, "stock": 2})
    copy = state.copied()
    assert (copy.now, copy.state_hash, copy.diff()) == (state.now, state.state_hash, state.diff())
    before = state.state_hash
    copy.put("item", {**SODA, "stock": 1})
    copy.delete("sale", "sa-250914-01")
    assert state.state_hash == before != copy.state_hash
    assert state.get("sale", "sa-250914-01") is not None
    copy.reset()
    assert copy.get("item", "it-01") == {**SODA, "stock": 3}


def test_removed_entities_are_gone_everywhere(state: WorldState) -> None:
    state.delete("sale", "sa-250914-01")
    assert state.get("sale", "sa-250914-01") is None
    assert [r["id"] for r in state.find("sale", "item", "it-01")] == ["sa-250915-01"]
    assert state.diff().changes[0].kind is ChangeKind.DELETED
    with pytest.raises(StateError, match="no sale 'sa-250914-01' to remove"):
        state.delete("sale", "sa-250914-01")


def test_indexes_follow_changes(state: WorldState) -> None:
    sale = state.get("sale", "sa-250914-01")
    assert sale is not None
    state.put("sale", {**sale, "item": "it-03"})
    assert [r["id"] for r in state.find("sale", "item", "it-01")] == ["sa-250915-01"]
    assert [r["id"] for r in state.find("sale", "item", "it-03")] == ["sa-250914-01"]


def test_start_patches_are_not_part_of_the_diff(base: WorldBase) -> None:
    start = Start(
        start_state=(
            Patch(entity_type="item", id="it-01", values={"stock": 1}),
            Patch(entity_type="item", id="it-02", values=None),
        )
    )
    state = WorldState(base, start)
    assert state.get("item", "it-01") == {**SODA, "stock": 1}
    assert [r["id"] for r in state.records("item")] == ["it-01", "it-03"]
    assert not state.diff().changes
    assert state.state_hash != WorldState(base).state_hash
    state.put("item", SODA)
    state.reset()
    assert state.get("item", "it-01") == {**SODA, "stock": 1}


def test_a_patch_that_cannot_be_applied_says_so(base: WorldBase) -> None:
    with pytest.raises(StateError, match="no item 'it-77'"):
        WorldState(base, Start(start_state=(Patch(entity_type="item", id="it-77", values=None),)))


def test_states_share_the_base_and_nothing_else(base: WorldBase) -> None:
    one, other = WorldState(base), WorldState(base)
    one.put("item", {**SODA, "stock": 0})
    assert other.get("item", "it-01") == SODA


def test_strange_types_are_named(state: WorldState) -> None:
    with pytest.raises(UnknownName, match="there are: item, sale"):
        state.get("sales", "x")


def test_new_ids_skip_what_is_taken(state: WorldState) -> None:
    assert state.new_id("item") == "it-04"
    state.put("item", {**SODA, "id": "it-04"})
    assert state.new_id("item") == "it-05"


def _put_and_fail(state: WorldState) -> None:
    with state.transaction():
        state.put("item", {**SODA, "stock": 3})
        raise RuntimeError


def _put_inside_and_fail(state: WorldState) -> None:
    with state.transaction():
        with state.transaction():
            state.put("item", {**SODA, "stock": 4})
        raise RuntimeError


def test_a_clock_with_a_named_zone_is_as_good_as_one_with_an_offset() -> None:
    named = datetime(2025, 9, 15, 14, tzinfo=ZoneInfo("America/New_York"))
    fixed = with_fixed_offset(named)
    assert fixed == named
    assert fixed.isoformat() == named.isoformat()
    names = names_of({"now": fixed})
    assert compile_expression("add_hours(now, 2)").evaluate(names) == "2025-09-15T16:00:00-04:00"
