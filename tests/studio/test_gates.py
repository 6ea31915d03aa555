"""The gates page: what keeps a world from being published, and where it is mended."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from studio.app import create_app
from studio.database import Database
from studio.repository import ENTITIES, TASKS
from studio.services import authoring
from studio.services.mending import mend_url, thing_of
from studio.settings import Settings
from tests.studio.conftest import ORIGIN, small_world
from tests.studio.published import draft
from world_builder.rubrics import Examples

GATES = "/worlds/tutorial/gates"
HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", sample_worlds=("tutorial",), is_checking_pages=True)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def database(client: TestClient) -> Database:
    app = client.app
    assert isinstance(app, FastAPI)
    database: Database = app.state.studio.database
    return database


def report(client: TestClient, query: str = "") -> dict[str, Any]:
    """What the page says once the gates have been run."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        data: dict[str, Any] = client.get(f"{GATES}{query}").json()
        if data["is_done"]:
            return data
    raise AssertionError("the gates were not run within a minute")


def blind(database: Database) -> tuple[str, str]:
    """Leaves the first task one criterion, without check and examples; both ids."""
    task = draft(database).tasks[0]
    first = task.rubric.criteria[0].model_copy(update={"check": None, "examples": Examples()})
    rubric = task.rubric.model_copy(update={"criteria": (first,)})
    with database.read() as session:
        version = TASKS.get(session, 1, task.id).version
    data = task.model_copy(update={"rubric": rubric}).model_dump(mode="json")
    authoring.save_task(database, "tutorial", data, version=version, who="expert")
    return task.id, first.id


def test_a_sound_world_has_nothing_to_mend(client: TestClient) -> None:
    data = report(client)
    assert data["overview"]["num_failures"] == 0
    page = client.get(GATES, headers=HTML).text
    assert "all gates are met" in page
    assert "10 of 10 gates met" in page
    assert "hx-trigger" not in page.split('id="gates-report"', 1)[1].split(">", 1)[0]


def test_failures_lead_to_the_place_where_they_are_mended(
    client: TestClient, database: Database
) -> None:
    report(client)
    task, criterion = blind(database)
    data = report(client)
    shut = [g for g in data["overview"]["groups"] if not g["gate"]["is_met"]]
    assert [g["gate"]["name"] for g in shut] == ["decidable_criteria"]
    (thing,) = shut[0]["things"]["items"]
    assert (thing["kind"], thing["label"]) == ("task", task)
    page = client.get(GATES, headers=HTML).text
    assert f'href="/worlds/tutorial/tasks/{task}#criterion-{criterion}"' in page
    assert "1 failure in 1 thing" in page
    assert "publish all the same with a reason" in page
    assert f'id="criterion-{criterion}"' in client.get(
        f"/worlds/tutorial/tasks/{task}", headers=HTML
    ).text  # fmt: skip


def test_errors_of_the_world_must_be_mended(client: TestClient, database: Database) -> None:
    request = draft(database).entities["return_request"][0]
    authoring.delete(
        database, "tutorial", ENTITIES, str(request["order_id"]), scope="order", who="expert"
    )
    data = report(client)
    assert data["overview"]["view"]["must_mend"]
    page = client.get(GATES, headers=HTML).text
    assert "no reason overrides errors of the world itself" in page
    assert "publish all the same" not in page
    assert "Mend the world&#39;s errors first." in page


def test_filters_choose_a_gate_and_a_thing(client: TestClient, database: Database) -> None:
    task, _ = blind(database)
    alone = report(client, "?gate=decidable_criteria")["overview"]["groups"]
    assert [g["gate"]["name"] for g in alone] == ["decidable_criteria"]
    found = report(client, f"?q={task}")["overview"]["groups"]
    assert sum(g["things"]["total"] for g in found) == 1
    fragment = client.get(f"{GATES}?q=nothing-such", headers=HTMX).text
    assert "Nothing matches the search." in fragment
    assert "<html" not in fragment


def test_what_was_said_before_stands_while_the_gates_run(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(client)
    blind(database)
    from studio.services.world_work import WorldWork

    monkeypatch.setattr(WorldWork, "wait", lambda self, timeout_s=None: None)
    page = client.get(GATES, headers=HTML).text
    assert "Running the gates" in page
    assert "what they said before the last change" in page
    assert 'hx-trigger="every 1s"' in page


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("tasks", "/w/tasks"),
        ("tasks.a", "/w/tasks/a"),
        ("tasks.a.split", "/w/tasks/a#field-split"),
        ("tasks.a.rubric", "/w/tasks/a#criteria"),
        ("tasks.a.rubric.criteria[9].check", "/w/tasks/a#criteria"),
        (
            "tasks.total-of-order.rubric.criteria[0].check",
            "/w/tasks/total-of-order#criterion-total",
        ),
        ("tasks.a.reference_solution", "/w/tasks/a#field-response"),
        ("tasks.a.reference_solution.calls[2].tool", "/w/tasks/a#calls"),
        ("tools.get.operation.filters[0]", "/w/tools/get#field-operation"),
        ("tools.get", "/w/tools/get"),
        ("entity_types.order.fields.total", "/w/entity-types/order"),
        ("entities.order.o 1.lines[0].book", "/w/entities/order/o%201#field-lines-0-book"),
        ("entities.order", "/w/entities/order"),
        ("policies.desk", "/w/policies/desk"),
        ("surfaces.desk", None),
    ],
)
def test_every_path_leads_somewhere(path: str, url: str | None) -> None:
    assert mend_url("/w", path, small_world()) == url


def test_a_thing_is_named_without_the_place_inside() -> None:
    assert thing_of("entities.order.ord-001.lines[0]") == "entities.order.ord-001"
    assert thing_of("tasks") == "tasks"
