"""Statistics: every figure on a world small enough to count by hand, then on a large one."""

from typing import Any

import pytest

from tests.large_world import large_world
from tests.world_builder.conftest import make_task
from world_builder.checks import ContainsAny
from world_builder.diff import Patch
from world_builder.rubrics import Criterion, CriterionCategory, Scope
from world_builder.statistics import (
    Coverage,
    Spread,
    Thresholds,
    Toucher,
    count_world,
    tool_coverage,
    world_statistics,
)
from world_builder.tasks import Category, ReferenceSolution, Split, Task
from world_builder.tools import ToolCall
from world_builder.workbench import Workbench
from world_builder.world import World

PEAR = {"item": "it-01", "quantity": 1}
PLUM = {"item": "it-02", "quantity": 1}


def solved(*calls: tuple[str, dict[str, object]], **fields: Any) -> Task:
    made = tuple(ToolCall(tool=tool, arguments=given) for tool, given in calls)  # type: ignore[arg-type]
    return make_task(reference_solution=ReferenceSolution(calls=made, response=""), **fields)


def with_tasks(world: World, *tasks: Task) -> World:
    return world.model_copy(update={"tasks": tasks})


def totals(coverage: Coverage) -> dict[str, int]:
    return {row.name: row.total for row in coverage.rows}


@pytest.mark.parametrize(
    ("tool", "arguments", "types"),
    [
        ("price", PEAR, {"item"}),
        ("get_item", {"id": "it-01"}, {"item", "sale"}),
        ("get_item", {"id": "it-02"}, {"item"}),
        ("find_items", {"text": "pear"}, {"item"}),
        ("find_items", {"text": "what is it-01"}, set()),
        ("get_item", {"id": "it-99"}, set()),
        ("sell", PLUM, {"item"}),
        ("sell_from_stock", PEAR, {"item", "sale"}),
    ],
    ids="argument joined joined_none found inside_text unknown refused created".split(),
)
def test_a_type_is_touched_by_ids_and_changes(
    world: World, tool: str, arguments: dict[str, object], types: set[str]
) -> None:
    assert Toucher(Workbench(world)).touched(solved((tool, arguments))) == frozenset(types)


def test_an_entity_that_only_the_task_has_is_touched_too(world: World) -> None:
    cake = Patch(
        entity_type="item", id="it-50", values={"name": "Fig", "price_cents": 1, "stock": 1}
    )
    task = solved(("price", {"item": "it-50", "quantity": 1}), start_state=(cake,))
    assert Toucher(Workbench(world)).touched(task) == frozenset({"item"})


def test_what_cannot_be_run_is_left_out(world: World) -> None:
    gone = Patch(entity_type="item", id="it-99", values=None)
    tasks = (
        make_task(id="draft"),
        solved(("price", PEAR), id="strange", tool_surface="nowhere"),
        solved(("price", PEAR), id="broken", start_state=(gone,)),
        solved(("price", PEAR), id="fine"),
    )
    called: list[int] = []
    touched = Toucher(Workbench(world)).touched_by(tasks, lambda: called.append(1))
    assert touched == {"fine": {"item"}}
    assert len(called) == len(tasks)


def test_a_task_counts_once_for_a_tool_in_its_category(world: World) -> None:
    tasks = (
        solved(("price", PEAR), ("price", PLUM), id="a", category=Category.REASONING),
        solved(("price", PEAR), ("sell", PEAR), id="b", category=Category.COMMUNICATION),
        make_task(id="draft"),
    )
    coverage = tool_coverage(with_tasks(world, *tasks), wanted=2)
    rows = {row.name: row for row in coverage.rows}
    assert rows["price"].by_category == {
        "information_retrieval": 0, "communication": 1, "reasoning": 1, "multi_step_workflow": 0,
    }  # fmt: skip
    assert (rows["price"].total, rows["sell"].total, rows["get_item"].total) == (2, 1, 0)
    assert not rows["price"].is_thin
    assert "price" not in {row.name for row in coverage.thin}
    assert len(coverage.thin) == len(world.tools) - 1


def test_tools_of_a_group_stand_together(world: World) -> None:
    groups = ("b", "a", "b")
    tools = tuple(
        tool.model_copy(update={"group": group})
        for tool, group in zip(world.tools[:3], groups, strict=True)
    )
    coverage = tool_coverage(world.model_copy(update={"tools": tools}), wanted=1)
    assert [row.group for row in coverage.rows] == ["b", "b", "a"]


def test_tasks_criteria_and_calls_are_counted(world: World) -> None:
    checked = Criterion(
        id="c", text="Is so.", category=CriterionCategory.FORMAT, scope=Scope.STATE,
        check=ContainsAny(texts=("x",)),
    )  # fmt: skip
    judged = checked.model_copy(update={"id": "j", "check": None, "scope": Scope.RESPONSE})
    tasks = (
        solved(("price", PEAR), id="a", scenario="seen", rubric=(checked, judged)),
        solved(("price", PEAR), ("sell", PEAR), id="b", scenario="seen", split=Split.HELD_OUT),
        make_task(id="c", scenario="new", split=Split.HELD_OUT),
        make_task(id="d"),
    )
    counts = count_world(with_tasks(world, *tasks))
    assert counts.entities == {"item": 3, "sale": 2}
    assert counts.surfaces == {"default": len(world.tools)}
    assert counts.tasks.by_split == {"train": 2, "held_out": 2}
    assert counts.tasks.by_scenario == {"new": 1, "seen": 2}
    assert counts.tasks.unseen_scenarios == {"new": 1}
    assert counts.tasks.num_with_reference == 2
    assert counts.criteria.per_task.counts == {1: 3, 2: 1}
    assert counts.criteria.by_scope == {"response": 4, "trajectory": 0, "state": 1}
    assert (counts.criteria.num_with_check, counts.criteria.total) == (1, 5)
    assert counts.calls == Spread(counts={1: 1, 2: 1}, minimum=1, median=1.5, maximum=2)


def test_an_empty_world_has_no_spread(world: World) -> None:
    counts = count_world(with_tasks(world))
    assert counts.calls == Spread(counts={}, minimum=None, median=None, maximum=None)
    assert set(totals(world_statistics(with_tasks(world)).tools).values()) == {0}


def test_what_is_cheap_is_had_without_running_anything(world: World) -> None:
    told: list[int] = []
    found = world_statistics(
        with_tasks(world, solved(("price", PEAR))), runs_references=False,
        on_task=lambda: told.append(1),
    )  # fmt: skip
    assert found.entity_types is None
    assert totals(found.tools)["price"] == 1
    assert told == []


def test_a_large_world_is_counted_whole() -> None:
    told: list[int] = []
    found = world_statistics(large_world(), on_task=lambda: told.append(1))
    assert len(told) == 1_200
    assert found.entity_types is not None
    assert sum(found.counts.entities.values()) > 3_500
    assert {row.title.split()[0] for row in found.tools.thin} == {"Get"}
    assert len(found.tools.thin) == 7
    assert totals(found.entity_types)["book"] > totals(found.entity_types)["return_request"] > 0
    assert found.entity_types.wanted == Thresholds().entity_type
