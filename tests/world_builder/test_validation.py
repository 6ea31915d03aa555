"""A broken world: every problem at once, each with its path and a hint."""

import copy
import json
from typing import Any

import pytest

from tests.world_builder.conftest import make_task
from world_builder.tasks import ReferenceSolution
from world_builder.tools import ToolCall
from world_builder.validation import parse_task, parse_tool, parse_world, validate_world
from world_builder.world import World


@pytest.fixture
def data(world: World) -> dict[str, Any]:
    solved = make_task(
        reference_solution=ReferenceSolution(
            calls=(ToolCall(tool="get_item", arguments={"id": "it-01"}),), response="$2.50"
        )
    )
    return json.loads(world.model_copy(update={"tasks": (solved,)}).model_dump_json())  # type: ignore[no-any-return]


def test_a_sound_world_has_only_the_warning_on_its_short_rubric(data: dict[str, Any]) -> None:
    world, problems = parse_world(data)
    assert world is not None
    assert [p.message for p in problems] == ["only 1 criterion"]
    assert validate_world(world) == problems


def test_every_problem_is_told_at_once(data: dict[str, Any]) -> None:
    broken = copy.deepcopy(data)
    broken["entities"]["sale"][0]["item"] = "it-11"
    broken["entities"]["sale"][1]["quantity"] = 0
    broken["entities"]["item"].append(broken["entities"]["item"][0])
    del broken["entities"]["item"][1]["stock"]
    broken["tools"][5]["operation"]["result"][0]["value"] = "item.price_cents *"
    broken["tools"][6]["operation"]["rules"][0]["when"] = "itm.stock < 1"
    broken["tools"][0]["operation"]["entity_type"] = "itme"
    broken["tasks"][0]["system_prompt"] = "kiosks"
    broken["tasks"][0]["reference_solution"]["calls"][0]["arguments"] = {"idd": "it-01"}
    broken["tasks"][0]["rubric"]["criteria"][0]["check"] = {"kind": "matches", "pattern": "("}
    _, problems = parse_world(broken)
    told = {p.path: p for p in problems}
    for path, message, hint in [
        ("entities.sale.sa-250914-01.item", "no item 'it-11'", "did you mean 'it-01'?"),
        ("entities.sale.sa-250915-01.quantity", "0 is less than the minimum of 1", ""),
        ("entities.item.it-01", "duplicate item id 'it-01'", "rename or remove"),
        ("entities.item.it-02", '"stock" is a required property', ""),
        ("tools.price.operation.result.total_cents", "CEL: ", ""),
        ("tools.check_sale.operation.rules.stock.when", "no name 'itm'", "did you mean 'item'?"),
        ("tools.get_item.operation.entity_type", "no entity type 'itme'", "did you mean 'item'?"),
        ("tasks.how-much.system_prompt", "no policy 'kiosks'", "did you mean 'kiosk'?"),
        ("tasks.how-much.reference_solution.calls[0].arguments", '"id" is a required', ""),
        ("tasks.how-much.rubric.criteria[0].check.pattern", "not a regular expression", ""),
    ]:
        assert path in told, (path, sorted(told))
        messages = [p.message for p in problems if p.path == path]
        assert any(message in m for m in messages), (path, messages)
        assert hint in told[path].hint


def test_shape_errors_do_not_hide_the_rest(data: dict[str, Any]) -> None:
    broken = copy.deepcopy(data)
    del broken["policies"][0]["text"]
    broken["tools"][0]["descripton"] = "x"
    broken["entities"]["sale"][0]["item"] = "it-11"
    broken["now"] = "2025-09-15T22:00:00"
    world, problems = parse_world(broken)
    assert world is None
    paths = {p.path: p.message for p in problems}
    assert paths["policies.kiosk.text"] == "is missing"
    assert paths["tools.get_item.descripton"] == "is not known here"
    assert "timezone" in paths["world.now"]


def test_cross_checks_go_on_beside_shape_errors(data: dict[str, Any]) -> None:
    broken = copy.deepcopy(data)
    del broken["policies"][0]["text"]
    broken["entities"]["sale"][0]["item"] = "it-11"
    _, problems = parse_world(broken)
    assert {p.path for p in problems} >= {
        "policies.kiosk.text",
        "entities.sale.sa-250914-01.item",
    }
    assert not any("no policy" in p.message for p in problems)


@pytest.mark.parametrize("data", [None, [], "x", {"name": 3}, {"entities": [], "tools": {}}])
def test_nonsense_is_told_not_raised(data: object) -> None:
    world, problems = parse_world(data)
    assert world is None
    assert problems


def test_a_part_is_judged_among_the_rest(world: World) -> None:
    tool, problems = parse_tool(world, {"name": "x"})
    assert tool is None
    assert {p.path for p in problems} == {
        f"tools.x.{f}" for f in ("title", "description", "operation")
    }
    data = json.loads(make_task(tool_surface="tiny").model_dump_json())
    task, problems = parse_task(world, data)
    assert task is not None
    assert "no tool surface 'tiny'" in [p.message for p in problems]


def test_a_read_only_tool_that_writes_is_found(data: dict[str, Any]) -> None:
    data["tools"][7]["is_read_only"] = True
    _, problems = parse_world(data)
    assert "a read-only tool cannot create" in [p.message for p in problems]
