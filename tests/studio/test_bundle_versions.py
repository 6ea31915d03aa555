"""A published version: lineage, release notes, deprecation, and making it the draft again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlmodel import select
from starlette.testclient import TestClient

from exporter.bundle import Bundle
from exporter.differences import compare
from studio.app import create_app
from studio.database import Database
from studio.history import changes_of, newest_id, revisions
from studio.repository import ENTITIES, TASKS
from studio.services import authoring
from studio.settings import Settings
from studio.tables import RevisionRow
from tests.studio.conftest import ORIGIN
from tests.studio.published import draft, record_version
from tests.studio.test_bundles import await_gates, await_publication, publish, reword_policy

BUNDLES = "/worlds/tutorial/bundles"
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


def change_much(database: Database) -> None:
    """Deletes a task and a return request, rewords another task, adds a book."""
    world = draft(database)
    gone, changed = world.tasks[0], world.tasks[1]
    authoring.delete(database, "tutorial", TASKS, gone.id, who="expert")
    book, request = world.entities["book"][0], world.entities["return_request"][0]
    authoring.delete(
        database, "tutorial", ENTITIES, str(request["id"]), scope="return_request", who="expert"
    )
    with database.read() as session:
        version = TASKS.get(session, 1, changed.id).version
    data = changed.model_copy(update={"prompt": "Something else?"}).model_dump(mode="json")
    authoring.save_task(database, "tutorial", data, version=version, who="expert")
    new = {**book, "id": "bk-999", "title": "New"}
    authoring.save_entity(database, "tutorial", "book", new, version=None, who="expert")


def num_revisions(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(RevisionRow.id)).all())


def test_a_publication_keeps_where_it_comes_from(
    client: TestClient, database: Database, settings: Settings
) -> None:
    publish(client, "1.0.0", notes="First.\r\nOf all.")
    reword_policy(database)
    page = client.get(BUNDLES, headers=HTML).text
    assert "* 1 policy changed in wording alone. Changed:" in page
    assert "1.0.1</option>" not in page
    assert '<option value="1.0.1">patch, as proposed</option>' in page
    second = publish(client, "1.0.1", notes="Rules **reworded**.")
    with database.read() as session:
        newest = newest_id(session, 1)
    assert second["lineage"] == {
        "parent": "1.0.0", "parent_digest": Bundle.open(settings.bundles / "tutorial-1.0.0").digest,
        "bump": "patch", "bump_reason": "", "first_revision": 1, "last_revision": newest,
    }  # fmt: skip
    manifest = Bundle.open(settings.bundles / "tutorial-1.0.1").manifest
    assert manifest.release is not None
    assert manifest.release.parent is not None
    assert manifest.release.parent.version == "1.0.0"
    shown = client.get(f"{BUNDLES}/1.0.1", headers=HTML).text
    assert "<strong>reworded</strong>" in shown
    assert f"/worlds/tutorial/history?first=1&amp;last={newest}" in shown
    first = Bundle.open(settings.bundles / "tutorial-1.0.0").manifest
    assert first.release is not None
    assert first.release.notes == "First.\nOf all."


def test_the_changes_of_a_version_are_listed(client: TestClient, database: Database) -> None:
    for _ in range(3):
        reword_policy(database)
    listed = client.get("/worlds/tutorial/history?first=2&last=3").json()["changes"]
    assert [item["revision"]["id"] for item in listed["items"]] == [3, 2]
    assert client.get("/worlds/tutorial/history?first=&last=x").json()["changes"]["total"] == 3


def test_a_smaller_version_than_proposed_needs_a_reason(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    change_much(database)
    await_gates(client)
    assert "Why it goes up by less than minor" in client.get(
        f"{BUNDLES}/bump?version=1.0.1", headers=HTMX
    ).text  # fmt: skip
    assert "Why it goes up" not in client.get(f"{BUNDLES}/bump?version=1.1.0", headers=HTMX).text
    wanted = {"version": "1.0.1", "override_reason": "A test."}
    refused = client.post(BUNDLES, data=wanted, headers=HTML)
    assert refused.status_code == 422
    assert "the changes are minor, and 1.0.1 goes up by less" in refused.text
    client.post(BUNDLES, data=wanted | {"bump_reason": "Nobody trains on those tasks."})
    assert await_publication(client)["lineage"]["bump"] == "patch"  # type: ignore[index]
    release = Bundle.open(settings.bundles / "tutorial-1.0.1").manifest.release
    assert release is not None
    assert release.bump_reason == "Nobody trains on those tasks."


def test_a_deprecated_version_is_shown_as_such_wherever_it_is_chosen(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    url = f"{BUNDLES}/1.0.0"
    assert client.post(f"{url}/deprecate", data={"reason": " "}, headers=HTMX).status_code == 422
    before = Bundle.open(settings.bundles / "tutorial-1.0.0").files()
    told = client.post(f"{url}/deprecate", data={"reason": "Wrong prices; use 1.1.0."}).json()
    assert told["deprecation"]["reason"] == "Wrong prices; use 1.1.0."
    for page in (BUNDLES, url, f"{BUNDLES}/compare", "/runs/new?bundle=tutorial/1.0.0"):
        shown = client.get(page, headers=HTML).text
        assert "deprecated" in shown, page
    assert "1.0.0 is deprecated: Wrong prices" in client.get(
        "/runs/new?bundle=tutorial/1.0.0", headers=HTML
    ).text  # fmt: skip
    assert Bundle.open(settings.bundles / "tutorial-1.0.0").files() == before
    assert client.post(f"{url}/deprecate", data={"reason": "again"}).status_code == 409
    back = client.post(f"{url}/undeprecate", data={"reason": "Right after all."}, headers=HTML)
    assert back.status_code == 303
    shown = client.get(url, headers=HTML).text
    assert "Undeprecated by author" in shown
    assert "Wrong prices" in shown
    assert client.post(f"{url}/undeprecate", data={"reason": "x"}).status_code == 409


def test_a_version_becomes_the_draft_through_the_history_and_back(
    client: TestClient, database: Database, settings: Settings
) -> None:
    first = draft(database)
    record_version(database, settings, first, "1.0.0")
    change_much(database)
    edited = draft(database)
    asked = client.get(f"{BUNDLES}/1.0.0/restore", headers=HTML).text
    assert "Make 1.0.0 the draft again?" in asked
    assert num_revisions(database) == 4

    answer = client.post(f"{BUNDLES}/1.0.0/restore").json()
    assert answer["num_changes"] == 4
    restored = draft(database)
    assert compare(first, restored).items == ()
    assert [t.id for t in restored.tasks] == [t.id for t in first.tasks]
    assert client.get(BUNDLES).json()["next"]["bump"] == "none"
    with database.read() as session:
        assert {r.note for r in revisions(session, 1, limit=4)} == {"restored 1.0.0"}

    undo = f"{BUNDLES}/1.0.0/restorations/{answer['event']['id']}/undo"
    assert f'action="{undo}"' in client.get(f"{BUNDLES}/1.0.0", headers=HTML).text
    assert client.post(undo, headers=HTML).status_code == 303
    assert compare(edited, draft(database)).items == ()
    assert num_revisions(database) == 12
    assert client.post(undo).status_code == 409
    assert f'action="{undo}"' not in client.get(f"{BUNDLES}/1.0.0", headers=HTML).text


def test_what_was_changed_since_keeps_a_restoration_from_being_undone(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    change_much(database)
    event = client.post(f"{BUNDLES}/1.0.0/restore").json()["event"]
    task = draft(database).tasks[0]
    authoring.delete(database, "tutorial", TASKS, task.id, who="expert")
    before = num_revisions(database)
    refused = client.post(f"{BUNDLES}/1.0.0/restorations/{event['id']}/undo")
    assert refused.status_code == 409
    assert task.id in refused.json()["message"]
    assert num_revisions(database) == before


def test_restoring_the_draft_itself_changes_nothing(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    assert "the same as 1.0.0 already" in client.get(f"{BUNDLES}/1.0.0/restore", headers=HTML).text
    answer = client.post(f"{BUNDLES}/1.0.0/restore").json()
    assert (answer["num_changes"], answer["event"]) == (0, None)
    with database.read() as session:
        assert changes_of(session, 1, 0, 99, "restored 1.0.0") == ()


def test_an_order_of_its_own_comes_back(
    client: TestClient, database: Database, settings: Settings
) -> None:
    world = draft(database)
    backwards = world.model_copy(update={"tasks": tuple(reversed(world.tasks))})
    record_version(database, settings, backwards, "1.0.0")
    event = client.post(f"{BUNDLES}/1.0.0/restore").json()["event"]
    assert [t.id for t in draft(database).tasks] == [t.id for t in backwards.tasks]
    client.post(f"{BUNDLES}/1.0.0/restorations/{event['id']}/undo")
    assert [t.id for t in draft(database).tasks] == [t.id for t in world.tasks]


def test_a_damaged_version_is_not_restored(
    client: TestClient, database: Database, settings: Settings
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    change_much(database)
    (settings.bundles / "tutorial-1.0.0" / "README.md").write_text("changed")
    assert "cannot be restored" in client.get(f"{BUNDLES}/1.0.0/restore", headers=HTML).text
    assert client.post(f"{BUNDLES}/1.0.0/restore").status_code == 409
    assert num_revisions(database) == 4
