"""The tutorial bookshop: deterministic, consistent, solvable, and scored fairly."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from world_builder.checking import CheckContext, check_criterion, judge_by_checks
from world_builder.diff import ChangeKind
from world_builder.engine import Engine, flattened
from world_builder.errors import UnknownName
from world_builder.ids import content_hash
from world_builder.operations import OPERATION_KINDS
from world_builder.replay import replay
from world_builder.rubrics import Judgement, VerdictValue
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Category, Difficulty, ReferenceSolution, Split, Task, TaskStatus
from world_builder.tools import ToolCall
from world_builder.trajectory import Trajectory
from world_builder.validation import validate_world
from world_builder.world import World
from world_builder.worlds import WORLD_NAMES, build_world
from world_builder.worlds.tutorial.consistency import violations
from world_builder.worlds.tutorial.stock_room import build_shop

ROOT = Path(__file__).parents[3]
SEEDS = (None, *range(6))
HASH_PROGRAM = (
    "from world_builder.ids import content_hash; from world_builder.worlds import build_world; "
    "print(content_hash(build_world('tutorial').model_dump(mode='json')))"
)


@cache
def world_of(seed: int | None = None) -> World:
    return build_world("tutorial", seed)


@cache
def bench(seed: int | None = None) -> tuple[WorldBase, Engine]:
    return WorldBase(world_of(seed)), Engine(world_of(seed))


def played(task: Task, solution: ReferenceSolution | None, seed: int | None = None) -> Trajectory:
    base, engine = bench(seed)
    assert solution is not None
    return replay(base, task, solution, engine)


def judged(task: Task, solution: ReferenceSolution | None, seed: int | None = None) -> Judgement:
    trajectory = played(task, solution, seed)
    return judge_by_checks(CheckContext(task=task, trajectory=trajectory, base=bench(seed)[0]))


def answered(task: Task, response: str) -> Judgement:
    """The judgement of the reference's calls with another response."""
    assert task.reference_solution is not None
    return judged(task, task.reference_solution.model_copy(update={"response": response}))


def reference_of(task: Task) -> ReferenceSolution:
    assert task.reference_solution is not None
    return task.reference_solution


TASKS = world_of().tasks


def test_the_registry_names_the_world_and_refuses_others() -> None:
    assert "tutorial" in WORLD_NAMES
    assert all(build_world(name).name == name for name in WORLD_NAMES)
    with pytest.raises(UnknownName, match="tutorial"):
        build_world("bakery")


def test_the_same_seed_gives_the_same_world_in_any_process() -> None:
    here = content_hash(build_world("tutorial").model_dump(mode="json"))
    again = content_hash(build_world("tutorial").model_dump(mode="json"))
    elsewhere = subprocess.run(
        [sys.executable, "-c", HASH_PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert here == again == elsewhere.stdout.strip()


def test_siblings_share_tools_and_scenarios_but_not_people_or_books() -> None:
    first, second = world_of(0), world_of(1)
    assert (first.tools, first.entity_types, first.policies) == (
        second.tools,
        second.entity_types,
        second.policies,
    )
    assert [t.id for t in first.tasks] == [t.id for t in second.tasks]
    for kind, name in (("book", "title"), ("customer", "name"), ("order", "id")):
        values = [{r[name] for r in w.entities[kind]} for w in (first, second)]
        assert not set.intersection(*map(set, values))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_seed_is_valid_consistent_and_solvable(seed: int | None) -> None:
    world = world_of(seed)
    assert validate_world(world) == ()
    assert violations(world) == ()
    failed = {t.id: judged(t, t.reference_solution, seed) for t in world.tasks}
    assert {i: j for i, j in failed.items() if j.reward != 1.0 or not j.is_pass} == {}


def test_counts() -> None:
    world = world_of()
    assert 60 <= world.num_entities <= 80
    assert [len(world.entities[t.name]) for t in world.entity_types] == [24, 14, 36, 4]
    assert len(TASKS) == 94
    assert {t.category for t in TASKS} == set(Category)
    assert {t.difficulty for t in TASKS} >= {Difficulty.EASY, Difficulty.MEDIUM, Difficulty.HARD}
    assert {t.status for t in TASKS} == {TaskStatus.APPROVED}
    assert all(3 <= len(t.rubric.criteria) <= 7 for t in TASKS)
    assert {c.category for t in TASKS for c in t.rubric.criteria} == {
        "completeness",
        "correctness",
        "constraint",
        "format",
    }


def test_each_scenario_is_trained_and_held_out_but_one_that_is_never_trained() -> None:
    splits: dict[str, set[Split]] = {}
    for task in TASKS:
        splits.setdefault(task.scenario, set()).add(task.split)
    unseen = {name for name, seen in splits.items() if seen == {Split.HELD_OUT}}
    assert unseen == {"return-email"}
    assert all(seen == set(Split) for name, seen in splits.items() if name not in unseen)


def test_prompts_are_all_different_and_each_scenario_is_phrased_four_ways() -> None:
    assert len({t.prompt for t in TASKS}) == len(TASKS)
    openings: dict[str, set[str]] = {}
    for task in TASKS:
        shape = " ".join(w for w in task.prompt.lower().split() if w.isascii() and w.isalpha())
        openings.setdefault(task.scenario, set()).add(shape)
    assert min(len(shapes) for shapes in openings.values()) >= 4


def test_tools_read_write_and_use_every_declared_kind_of_operation() -> None:
    tools = world_of().tools
    assert sum(not tool.is_read_only for tool in tools) == 4
    used = {operation.kind for tool in tools for operation in flattened(tool.operation)}
    assert used == set(OPERATION_KINDS) - {"python"}


def test_every_tool_is_used_by_a_training_task() -> None:
    called = {c.tool for t in TASKS if t.split is Split.TRAIN for c in reference_of(t).calls}
    assert called == {tool.name for tool in world_of().tools}


def test_references_make_one_to_four_calls_and_no_mistake() -> None:
    for task in TASKS:
        calls = played(task, task.reference_solution).calls
        assert 1 <= len(calls) <= 4
        assert not any(record.is_error for record in calls), task.id


def test_the_empty_answer_passes_nothing_and_earns_nothing() -> None:
    empty = [judged(task, ReferenceSolution(response="")) for task in TASKS]
    assert {j.is_pass for j in empty} == {False}
    assert sum(j.reward or 0.0 for j in empty) / len(empty) < 0.2


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_what_is_not_an_answer_does_not_pass(task: Task) -> None:
    others = [t for t in TASKS if t.scenario == task.scenario and t.id != task.id]
    assert judged(task, ReferenceSolution(response=task.prompt)).is_pass is False
    criteria = " ".join(c.text for c in task.rubric.criteria)
    if any(not world_of().tool(c.tool).is_read_only for c in reference_of(task).calls):
        assert judged(task, ReferenceSolution(response=criteria)).is_pass is False
    replies = {reference_of(t).response for t in others} - {reference_of(task).response}
    assert not any(answered(task, reply).is_pass for reply in replies)


def test_a_claimed_write_that_was_never_made_fails() -> None:
    writers = [t for t in TASKS if played(t, t.reference_solution).diff.changes]
    assert len(writers) >= 15
    for task in writers:
        silent = ReferenceSolution(response=reference_of(task).response)
        assert judged(task, silent).is_pass is False, task.id


def test_a_change_beside_the_asked_one_fails() -> None:
    order = next(r for r in world_of().entities["order"] if r["status"] == "packing")
    stray = ToolCall(tool="change_address", arguments={"id": order["id"], "ship_to": "1 A, B"})
    for task in TASKS:
        known = reference_of(task)
        if any(c.arguments.get("id") == order["id"] for c in known.calls):
            continue
        careless = known.model_copy(update={"calls": (*known.calls, stray)})
        guarded = any(c.id in {"no-change", "nothing-else"} for c in task.rubric.criteria)
        assert judged(task, careless).is_pass is not guarded, task.id


def test_references_leave_the_shop_consistent_and_change_only_what_was_asked() -> None:
    base, _ = bench()
    for task in TASKS:
        trajectory = played(task, task.reference_solution)
        state = WorldState.restore(base, task.start, trajectory.diff)
        after: dict[str, Any] = {
            t.name: tuple(dict(r) for r in state.records(t.name)) for t in world_of().entity_types
        }
        assert violations(world_of().model_copy(update={"entities": after})) == (), task.id
        kinds = [change.kind for change in trajectory.diff.changes]
        assert ChangeKind.DELETED not in kinds
        assert len(kinds) <= 2


def test_examples_of_criteria_hold() -> None:
    with_examples = [(t, c) for t in TASKS for c in t.rubric.criteria if c.examples.met]
    assert with_examples
    for task, criterion in with_examples:
        for text, value in (
            *((text, VerdictValue.MET) for text in criterion.examples.met),
            *((text, VerdictValue.UNMET) for text in criterion.examples.unmet),
        ):
            trajectory = played(task, ReferenceSolution(response=text))
            context = CheckContext(task=task, trajectory=trajectory, base=bench()[0])
            verdict = check_criterion(criterion, context)
            assert verdict is not None
            assert verdict.value is value, (task.id, text)


def edited(kind: str, edit: Callable[[dict[str, Any]], None], index: int = 0) -> World:
    """The shipped world with one entity edited."""
    world = world_of()
    records = [dict(record) for record in world.entities[kind]]
    edit(records[index])
    entities = {**world.entities, kind: tuple(records)}
    return World.model_validate({**world.model_dump(), "entities": entities})


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        ("order", {"total_cents": 1}, "total is 1 cents"),
        ("order", {"shipping_cents": 399}, "shipping is 399 cents"),
        ("order", {"delivered_on": "2020-01-01"}, "before it was placed"),
        ("order", {"status": "packing"}, "is packing but"),
        ("order", {"delivered_on": "2099-01-01"}, "in the future"),
        ("return_request", {"refund_cents": 5}, "refund is 5 cents"),
        ("return_request", {"qty": 9}, "of 1 copies|of 2 copies|of 3 copies"),
        ("return_request", {"created_on": "2020-01-01"}, "outside the window"),
    ],
)
def test_a_planted_violation_is_found(kind: str, values: dict[str, Any], told: str) -> None:
    found = violations(edited(kind, lambda record: record.update(values)))
    assert any(re.search(told, line) for line in found), found


def test_the_script_holds_its_traps() -> None:
    shop = build_shop(3)
    ages = Counter(
        order.days_since_delivery(shop.today) for order in shop.orders if order.delivered_on
    )
    assert ages[30] == ages[31] == ages[61] == 1
    first, second = (c.name.split() for c in shop.customers[:2])
    assert first[1] == second[1]
    assert first[0][-1] == second[0][-1]
    days = Counter((order.customer_id, order.placed_on) for order in shop.orders)
    assert max(days.values()) >= 2
    lines = [(order.id, line) for order in shop.orders for line in order.lines]
    assert any(0 < shop.num_returned(i, line.book_id) < line.qty for i, line in lines)


def test_the_page_tells_the_figures_of_the_shipped_world() -> None:
    page = (ROOT / "docs" / "worlds" / "tutorial.md").read_text()
    splits = Counter(task.split for task in TASKS)
    num_criteria = sum(len(task.rubric.criteria) for task in TASKS)
    assert f"{len(TASKS)} tasks, {splits[Split.TRAIN]} for training" in page
    assert f"and {splits[Split.HELD_OUT]} held out" in page
    assert f"All {num_criteria} criteria" in page
    for task in TASKS:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{task.scenario}` |"))
        assert task.category.replace("_", " ") in row.replace("-", " ")
        assert f"| {task.difficulty} |" in row
    assert all(f"`{tool.name}`" in page for tool in world_of().tools)
