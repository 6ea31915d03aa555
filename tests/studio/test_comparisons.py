"""The compare page: any two of the draft and the published versions, counts first, then things."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from studio.app import create_app
from studio.database import Database
from studio.repository import ENTITIES, TASKS
from studio.services import authoring
from studio.settings import Settings
from tests.studio.conftest import ORIGIN
from tests.studio.published import draft, record_version

COMPARE = "/worlds/tutorial/bundles/compare"
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


def edit(database: Database) -> str:
    """Rewords a task's prompt and takes its first criterion away; the id of the task."""
    task = draft(database).tasks[0]
    rubric = task.rubric.model_copy(update={"criteria": task.rubric.criteria[1:]})
    changed = task.model_copy(update={"prompt": f"{task.prompt} Thank you.", "rubric": rubric})
    with database.read() as session:
        version = TASKS.get(session, 1, task.id).version
    authoring.save_task(
        database, "tutorial", changed.model_dump(mode="json"), version=version, who="test"
    )
    return task.id


def test_without_a_version_there_is_nothing_to_compare(client: TestClient) -> None:
    assert "Nothing differs" in client.get(COMPARE, headers=HTML).text


def test_the_draft_is_compared_with_the_last_version(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    task = edit(database)
    page = client.get(COMPARE, headers=HTML).text
    assert "From 1.0.0 to the draft" in page
    assert f'href="/worlds/tutorial/tasks/{task}"' in page
    assert "<ins> Thank you.</ins>" in page
    data = client.get(COMPARE).json()
    (group,) = data["groups"]
    (item,) = group["rows"]["items"]
    assert (data["bump"], item["bump"], item["how"]) == ("minor", "minor", "changed")
    assert [c["how"] for c in item["criteria"]] == ["removed"]


def test_what_is_gone_leads_to_its_history_and_comes_back_the_other_way(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    gone = draft(database).entities["book"][0]["id"]
    authoring.delete(database, "tutorial", ENTITIES, str(gone), scope="book", who="test")
    record_version(database, settings, draft(database), "1.1.0")
    page = client.get(f"{COMPARE}?from=1.0.0&to=1.1.0", headers=HTML).text
    assert f"/history?kind=entity&amp;scope=book&amp;key={gone}" in page
    back = client.get(f"{COMPARE}?from=1.1.0&to=1.0.0&part=entities&how=added").json()
    assert [i["path"] for i in back["groups"][0]["rows"]["items"]] == [f"entities.book.{gone}"]


def test_filters_narrow_and_pages_turn(
    client: TestClient, database: Database, settings: Settings
) -> None:
    world = draft(database)
    record_version(database, settings, world.model_copy(update={"tasks": world.tasks[:3]}), "1.0.0")
    few = client.get(f"{COMPARE}?from=1.0.0", headers=HTML).text
    assert f"All {len(world.tasks) - 3}" in few
    alone = client.get(f"{COMPARE}?from=1.0.0&part=tasks&page=2", headers=HTMX).text
    assert f"21–{min(40, len(world.tasks) - 3)} of {len(world.tasks) - 3}" in alone
    named = client.get(f"{COMPARE}?from=1.0.0&q={world.tasks[-1].id}").json()
    assert [i["name"] for g in named["groups"] for i in g["rows"]["items"]] == [world.tasks[-1].id]
    assert "Nothing matches" in client.get(f"{COMPARE}?from=1.0.0&how=removed", headers=HTML).text


def test_a_damaged_bundle_is_said_and_a_strange_version_is_not_found(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    (settings.bundles / "tutorial-1.0.0" / "README.md").write_text("changed")
    from studio.services import published

    published._published.clear()
    assert "changed file: README.md" in client.get(COMPARE, headers=HTML).text
    assert client.get(f"{COMPARE}?from=9.9.9").status_code == 404
