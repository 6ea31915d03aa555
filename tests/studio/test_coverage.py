"""The coverage matrix, the counted figures of the overview, and the lists that they lead to."""

import time
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from studio import routes
from studio.database import Database
from studio.repository import TOOLS
from studio.repository.loading import load_world
from studio.repository.worlds import import_world
from studio.services import authoring, tasks
from studio.services.coverage_views import SHADES, FiguresView
from studio.services.tallies import tally
from tests.studio.conftest import small_world
from world_builder.statistics import Toucher
from world_builder.workbench import Workbench
from world_builder.worlds import build_world

COVERAGE = "/worlds/shop/coverage"


@pytest.fixture
def tutorial(api: TestClient, db: Database) -> str:
    """The bookshop beside the small world; its address."""
    with db.write() as session:
        import_world(session, build_world("tutorial"))
    return "/worlds/tutorial"


def counted(api: TestClient, url: str) -> dict[str, Any]:
    """The figures, once they are counted."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        view: dict[str, Any] = api.get(url).json()["view"]
        if view["is_done"]:
            figures: dict[str, Any] = view["figures"]
            return figures
        time.sleep(0.02)
    raise AssertionError("nothing was counted within a minute")


def row(heat_map: dict[str, Any], name: str) -> dict[str, Any]:
    rows = [row for group in heat_map["groups"] for row in group["rows"]]
    found: dict[str, Any] = next(row for row in rows if row["name"] == name)
    return found


def test_cells_count_tasks_and_lead_to_them(api: TestClient, tutorial: str) -> None:
    figures = counted(api, f"{tutorial}/coverage")
    tool = row(figures["tools"], "get_order")
    assert [cell["value"] for cell in tool["cells"]] == [8, 16, 8, 8]
    assert (tool["total"]["value"], tool["mark"]) == (40, "")
    kind = row(figures["entity_types"], "return_request")
    assert [cell["value"] for cell in kind["cells"]] == [0, 0, 0, 5]
    for cell in (*tool["cells"], tool["total"], *kind["cells"], kind["total"]):
        if cell["value"]:
            assert api.get(cell["url"]).json()["total"] == cell["value"]


def test_shades_rise_with_the_number(api: TestClient, tutorial: str) -> None:
    figures = counted(api, f"{tutorial}/coverage")
    rows = [row for group in figures["entity_types"]["groups"] for row in group["rows"]]
    cells = sorted((cell["value"], cell["shade"]) for row in rows for cell in row["cells"])
    shades = [shade for _, shade in cells]
    assert shades == sorted(shades)
    assert cells[-1][1] == SHADES
    assert all((shade == 0) == (value == 0) for value, shade in cells)


COUNTING = FiguresView(figures=None, is_done=False, num_done=3, num_tasks=94)


@pytest.mark.parametrize(
    ("route", "path"), [(routes.coverage, "/coverage"), (routes.worlds, "/figures")]
)
def test_the_page_asks_again_while_it_is_counted(
    htmx: TestClient, monkeypatch: pytest.MonkeyPatch, route: ModuleType, path: str
) -> None:
    monkeypatch.setattr(route, "figures_view", lambda *_: COUNTING)
    text = htmx.get(f"/worlds/shop{path}").text
    assert "<html" not in text
    assert f'hx-get="/worlds/shop{path}" hx-trigger="every 1s"' in text
    assert "3 of 94 tasks" in text


def test_the_page_asks_no_more_when_it_is_counted(
    api: TestClient, htmx: TestClient, tutorial: str
) -> None:
    counted(api, f"{tutorial}/coverage")
    text = htmx.get(f"{tutorial}/coverage").text
    assert "hx-trigger" not in text
    assert 'href="/worlds/tutorial/tasks?tool=place_order&amp;category=multi_step_workflow"' in text


def test_older_figures_stay_while_a_saved_task_is_counted(
    api: TestClient, db: Database, browser: TestClient
) -> None:
    counted(api, COVERAGE)
    data = small_world().tasks[0].model_dump(mode="json") | {"reference_solution": None}
    authoring.save_task(db, "shop", data, version=1, who="mo")
    view = api.get(COVERAGE).json()["view"]
    assert view["figures"] is not None
    assert row(view["figures"]["tools"], "get_order")["total"]["value"] == (
        0 if view["is_done"] else 1
    )
    figures = counted(api, COVERAGE)
    assert row(figures["tools"], "get_order")["mark"] == "none"
    page = browser.get("/worlds/shop").text
    assert "0 of 1 tool in at least 1 task" in page
    assert 'href="/worlds/shop/tools/get_order"' in page


def test_types_are_not_counted_while_nothing_can_be_run(
    api: TestClient, db: Database, browser: TestClient
) -> None:
    with db.read() as session:
        tool = TOOLS.get(session, 1, "get_order")
    broken = dict(tool.payload) | {"operation": {"kind": "get", "entity_type": "parcel"}}
    authoring.save_tool(db, "shop", broken, version=tool.version, who="mo")
    assert counted(api, COVERAGE)["entity_types"] is None
    assert "no reference solution can be run" in browser.get(COVERAGE).text
    assert "types or tools have errors" in browser.get("/worlds/shop").text


def test_an_empty_world_says_what_to_do(db: Database, browser: TestClient) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("entity_types", "tools", "policies", "tasks"), ())
    empty = small_world().model_copy(update={"name": "empty", "entities": {}, **nothing})
    with db.write() as session:
        import_world(session, empty)
    for url in ("/worlds/empty", "/worlds/empty/coverage"):
        page = browser.get(url).text
        assert "No task yet" in page
        assert 'href="/worlds/empty/tasks/new"' in page


def test_the_overview_shows_the_figures(
    api: TestClient, browser: TestClient, htmx: TestClient, tutorial: str
) -> None:
    figures = counted(api, tutorial)
    assert figures["criteria"]["detail"] == "3 to 7, median 5"
    assert sum(bar["value"] for bar in figures["calls"]["bars"]) == 94
    page = browser.get(tutorial).text
    assert "never seen in training: 1" in page
    assert 'href="/worlds/tutorial/tasks?scenario=return-email"' in page
    assert "468 criteria; a check decides all of them" in page
    fragment = htmx.get(f"{tutorial}/figures").text
    assert 'id="figures"' in fragment
    assert "hx-trigger" not in fragment


def test_the_list_asks_again_while_it_is_counted(
    htmx: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "tasks_touching", lambda *_: None)
    text = htmx.get("/worlds/shop/tasks?touches=order&category=reasoning").text
    assert "total-of-order" not in text
    assert (
        'hx-get="/worlds/shop/tasks?category=reasoning&amp;touches=order&amp;page=1"'
        ' hx-trigger="every 1s" hx-target="#task-rows"'
    ) in text


def test_the_list_shows_what_touches_a_type(htmx: TestClient, api: TestClient) -> None:
    counted(api, COVERAGE)
    for entity_type, is_shown in (("order", True), ("customer", True), ("nothing", False)):
        text = htmx.get(f"/worlds/shop/tasks?touches={entity_type}").text
        assert f"touches: {entity_type}" in text
        assert ("total-of-order" in text) is is_shown
        assert ("No task passes these filters" in text) is not is_shown


def test_a_tool_filter_stays_when_another_filter_changes(browser: TestClient) -> None:
    page = browser.get("/worlds/shop/tasks?tool=get_order&category=reasoning").text
    assert '<input type="hidden" name="tool" value="get_order">' in page
    assert "tool: get_order" in page


def test_one_saved_task_costs_one_run(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    touched = Toucher.touched

    def spied(self: Toucher, task: Any) -> Any:
        runs.append(task.id)
        return touched(self, task)

    monkeypatch.setattr(Toucher, "touched", spied)
    first = build_world("tutorial")
    held = first.tasks
    tally(first, lambda: None)
    assert len(runs) == len(held)
    reworded = held[3].model_copy(update={"title": "Other"})
    runs.clear()
    tally(first.model_copy(update={"tasks": (*held[:3], reworded, *held[4:])}), lambda: None)
    assert runs == [reworded.id]
    fresh = Toucher(Workbench(first)).touched_by(held)
    again = tally(first, lambda: None).touched_by
    assert again["book"] == {task for task, types in fresh.items() if "book" in types}


def test_a_small_edit_in_the_studio_is_counted(api: TestClient, db: Database) -> None:
    counted(api, COVERAGE)
    record = {"id": "cus-003", "name": "Cy"}
    authoring.save_entity(db, "shop", "customer", record, version=None, who="mo")
    with db.read() as session:
        assert len(load_world(session, "shop").entities["customer"]) == 3
    assert row(counted(api, COVERAGE)["entity_types"], "customer")["total"]["value"] == 1
