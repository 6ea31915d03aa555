"""The bundles page: gates of the draft, publishing, and what a published version shows."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from exporter.bundle import Bundle
from studio.app import create_app
from studio.database import Database
from studio.repository import POLICIES, TASKS
from studio.repository.loading import load_world
from studio.services import authoring
from studio.settings import Settings
from tests.studio.conftest import ORIGIN

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


def await_gates(client: TestClient) -> None:
    """Until the gates of the draft have been run (each request waits a moment for them)."""
    for _ in range(60):
        if client.get(f"{BUNDLES}/gates").json()["gates"]["is_done"]:
            return
    raise AssertionError("the gates were not run within a minute")


def publish(client: TestClient, version: str, **fields: str) -> dict[str, object]:
    """The published version, as an API client gets it."""
    await_gates(client)
    answer = client.post(BUNDLES, data={"version": version, **fields})
    assert answer.status_code in {200, 202}, answer.text
    return await_publication(client)


def await_publication(client: TestClient) -> dict[str, object]:
    """The version that the publication under way becomes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        data: dict[str, object] = client.get(f"{BUNDLES}/publication").json()
        if "digest" in data:
            return data
    raise AssertionError("nothing was published within a minute")


def reword_policy(database: Database) -> None:
    with database.read() as session:
        policy = load_world(session, "tutorial").policies[0]
        stored = POLICIES.get(session, 1, policy.name)
    authoring.save_policy(
        database, "tutorial", policy.model_copy(update={"text": policy.text + "\nBe brief."}),
        version=stored.version, who="test",
    )  # fmt: skip


def break_task(database: Database) -> str:
    """Takes a reference solution away; the id of its task."""
    with database.read() as session:
        task = load_world(session, "tutorial").tasks[0]
        stored = TASKS.get(session, 1, task.id)
    data = dict(stored.payload) | {"reference_solution": None}
    authoring.save_task(database, "tutorial", data, version=stored.version, who="test")
    return task.id


def test_first_version_is_proposed_published_and_listed(
    client: TestClient, settings: Settings
) -> None:
    page = client.get(BUNDLES, headers=HTML).text
    assert "No version published yet" in page
    assert 'value="1.0.0"' in page
    published = publish(client, "1.0.0", notes="The first one.")
    bundle = Bundle.open(settings.bundles / "tutorial-1.0.0")
    assert published["digest"] == bundle.digest
    assert bundle.manifest.gates.is_met
    listed = client.get(BUNDLES, headers=HTML).text
    assert bundle.digest in listed
    assert "The first one." in listed
    assert "there is nothing to publish" in listed


def test_browser_and_htmx_are_led_to_the_new_version(client: TestClient) -> None:
    await_gates(client)
    started = client.post(BUNDLES, data={"version": "1.0.0"}, headers=HTML)
    assert started.status_code == 303
    assert await_publication(client)["version"] == "1.0.0"
    polled = client.get(f"{BUNDLES}/publication", headers=HTMX)
    assert polled.headers["HX-Redirect"] == f"{BUNDLES}/1.0.0"


def test_wording_calls_for_a_patch_and_a_version_is_never_published_twice(
    client: TestClient, database: Database
) -> None:
    publish(client, "1.0.0")
    reword_policy(database)
    proposal = client.get(BUNDLES).json()["next"]
    assert (proposal["version"], proposal["since"], proposal["bump"]) == ("1.0.1", "1.0.0", "patch")
    again = client.post(BUNDLES, data={"version": "1.0.0", "notes": "kept"}, headers=HTML)
    assert again.status_code == 422
    assert "1.0.0 was published already" in again.text
    assert 'aria-invalid="true"' in again.text
    assert "kept" in again.text
    publish(client, "1.0.1")
    changes = client.get(f"{BUNDLES}/1.0.1?view=changes", headers=HTML).text
    assert "compare?from=1.0.0&amp;to=1.0.1" in changes
    assert f"{BUNDLES}/1.0.0" in changes


def test_an_unmet_gate_links_to_its_task_and_needs_a_reason(
    client: TestClient, database: Database, settings: Settings
) -> None:
    task = break_task(database)
    await_gates(client)
    page = client.get(BUNDLES, headers=HTML).text
    assert f'href="/worlds/tutorial/tasks/{task}#field-response"' in page
    refused = client.post(BUNDLES, data={"version": "1.0.0"}, headers=HTMX)
    assert refused.status_code == 422
    assert "not met: reference solutions" in refused.text
    assert not settings.bundles.exists()
    publish(client, "1.0.0", override_reason="A demonstration.")
    manifest = Bundle.open(settings.bundles / "tutorial-1.0.0").manifest
    assert manifest.gates.override_reason == "A demonstration."
    assert "A demonstration." in client.get(f"{BUNDLES}/1.0.0", headers=HTML).text


@pytest.mark.parametrize("version", ["", "one", "1.0", "../1.0.0"])
def test_a_bad_version_is_refused_beside_its_field(client: TestClient, version: str) -> None:
    answer = client.post(BUNDLES, data={"version": version}, headers=HTML)
    assert answer.status_code == 422
    assert "Write one like 1.0.0." in answer.text


def test_verification_names_a_changed_file(client: TestClient, settings: Settings) -> None:
    publish(client, "1.0.0")
    url = f"{BUNDLES}/1.0.0/verification"
    assert "Intact: " in client.get(url, headers=HTMX).text
    path = settings.bundles / "tutorial-1.0.0" / "entities" / "book.json"
    path.write_text(path.read_text().replace("a", "b", 1))
    told = client.get(url, headers=HTML).text
    assert "changed file: entities/book.json" in told
    (settings.bundles / "tutorial-1.0.0" / "bundle.json").write_text("{}")
    assert "cannot be read" in client.get(f"{BUNDLES}/1.0.0", headers=HTML).text


def test_every_view_of_a_version_is_a_page(client: TestClient) -> None:
    digest = str(publish(client, "1.0.0")["digest"])
    for view, shown in (
        ("overview", digest),
        ("changes", "everything is new"),
        ("files", "entities/book.json"),
        ("manifest", "world_digest"),
    ):
        answer = client.get(f"{BUNDLES}/1.0.0?view={view}", headers=HTML)
        assert answer.status_code == 200
        assert shown in answer.text


def test_what_is_not_there_is_said(client: TestClient) -> None:
    assert client.get(f"{BUNDLES}/9.9.9").status_code == 404
    assert client.get(f"{BUNDLES}/publication").status_code == 404
    assert client.get("/worlds/none/bundles").status_code == 404
