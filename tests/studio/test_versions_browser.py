"""Versions in a real browser: compare, deprecate, restore and undo, mend at a gate, import."""

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from exporter.bundle import Bundle
from exporter.manifest import GateReport
from exporter.writer import pack, write_bundle
from studio.app import create_app
from studio.database import Database
from studio.settings import Settings
from tests.exporter.small_world import library
from tests.studio.published import draft, record_version
from tests.studio.test_comparisons import edit
from tests.studio.test_gates import blind

WORLD = "/worlds/tutorial"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", sample_worlds=("tutorial",))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.url)
    yield database
    database.close()


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(
            create_app(settings), log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=30)


@pytest.fixture
def page(url: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1480, "height": 860}, reduced_motion="reduce")
        page.goto(f"{url}/worlds")
        yield page
        browser.close()


def assert_accessible(page: Page) -> None:
    """No serious finding in either theme; the page is loaded anew in each."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.reload()
        found = Axe().run(page).response["violations"]
        assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []


def test_a_version_is_compared_deprecated_restored_and_put_back(
    page: Page, url: str, settings: Settings, database: Database
) -> None:
    first = draft(database)
    record_version(database, settings, first, "1.0.0")
    task = edit(database)
    page.goto(f"{url}{WORLD}/bundles")
    page.get_by_role("link", name="See every change").click()
    expect(page.locator("#differences")).to_contain_text("From 1.0.0 to the draft")
    expect(page.locator("#differences ins").first).to_contain_text("Thank you.")
    page.wait_for_load_state()  # a choice that is made before the scripts ran goes unnoticed
    page.get_by_label("Kind", exact=True).select_option("removed")
    expect(page.locator("#differences")).to_contain_text("Nothing matches")
    assert "how=removed" in page.url
    assert_accessible(page)

    page.goto(f"{url}{WORLD}/bundles/1.0.0")
    page.get_by_role("button", name="Deprecate").first.click()
    page.get_by_label("Reason").fill("Prompts were curt.")
    page.get_by_role("dialog").get_by_role("button", name="Deprecate").click()
    expect(page.locator("main")).to_contain_text("Deprecated by author")
    page.get_by_role("link", name="Restore as draft").click()
    expect(page.locator("main")).to_contain_text("Make 1.0.0 the draft again?")
    assert_accessible(page)
    page.get_by_role("button", name="Restore 1.0.0").click()
    expect(page.locator("#notices")).to_contain_text("The draft is 1.0.0 again")
    assert draft(database).task(task).prompt == first.task(task).prompt
    page.locator("#notices").get_by_role("button", name="Undo").click()
    expect(page.locator("#notices")).to_contain_text("as it was before 1.0.0 was restored")
    assert draft(database).task(task).prompt == f"{first.task(task).prompt} Thank you."
    assert_accessible(page)


def test_a_smaller_bump_asks_for_its_reason(
    page: Page, url: str, settings: Settings, database: Database
) -> None:
    record_version(database, settings, draft(database), "1.0.0")
    edit(database)
    page.goto(f"{url}{WORLD}/bundles")
    version = page.get_by_label("Version", exact=True)
    expect(version).to_have_value("1.1.0")
    version.fill("1.0.1")
    version.press("Tab")
    expect(page.get_by_label("Why it goes up by less than minor")).to_be_visible()
    version.fill("2.0.0")
    version.press("Tab")
    expect(page.get_by_label("Why it goes up by less than minor")).to_have_count(0)


def test_a_gate_leads_to_the_criterion_that_is_to_be_mended(
    page: Page, url: str, database: Database
) -> None:
    _, criterion = blind(database)
    page.goto(f"{url}{WORLD}/gates")
    report = page.locator("#report")
    expect(report).to_contain_text("9 of 10 gates met", timeout=60_000)
    assert_accessible(page)
    report.locator("#gate-decidable_criteria code").first.click()
    expect(page.locator(f"#criterion-{criterion}")).to_be_in_viewport()
    assert page.url.endswith(f"#criterion-{criterion}")


def test_a_bundle_is_imported_from_its_tar_and_from_its_folder(
    page: Page, url: str, tmp_path: Path
) -> None:
    bundle = Bundle.open(
        write_bundle(library(), "1.0.0", tmp_path / "dist", gates=GateReport(gates=()))
    )
    page.goto(f"{url}/worlds")
    page.get_by_role("link", name="Import a bundle").click()
    assert_accessible(page)
    page.get_by_label("Its tar").set_input_files(pack(bundle, tmp_path / "library.tgz"))
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("main")).to_contain_text(bundle.digest[:12])
    assert_accessible(page)
    page.get_by_role("button", name="Import", exact=False).last.click()
    expect(page).to_have_url(f"{url}/worlds/library")
    page.goto(f"{url}/worlds/import")
    page.get_by_label("Or its folder").set_input_files(bundle.path)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("main")).to_contain_text("there is a world 'library' already")
    page.get_by_label("Name of the world").fill("reading-room")
    page.get_by_role("button", name="Import", exact=False).last.click()
    expect(page).to_have_url(f"{url}/worlds/reading-room")
