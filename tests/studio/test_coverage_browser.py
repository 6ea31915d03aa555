"""The overview and the coverage matrix in a real browser, in both themes and on a narrow screen."""

import shutil
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, expect, sync_playwright
from starlette.testclient import TestClient

from studio.database import Database
from studio.repository.worlds import import_world
from tests.studio.accessibility import serious_findings
from world_builder.worlds import build_world

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser_app() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )


@pytest.fixture
def url(api: TestClient, app: FastAPI, db: Database) -> Iterator[str]:
    """The address of the bookshop, most of whose tools no task needs, in a running studio."""
    world = build_world("tutorial")
    few = tuple(t for t in world.tasks if t.scenario in {"stock-check", "place-order"})
    with db.write() as session:
        import_world(session, world.model_copy(update={"tasks": few}))
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
    with server.config.bind_socket() as socket:
        thread = threading.Thread(target=server.run, args=([socket],))
        thread.start()
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/worlds/tutorial"
        server.should_exit = True
        thread.join()


def test_the_matrix_comes_by_itself_and_leads_to_its_tasks(browser_app: Browser, url: str) -> None:
    page = browser_app.new_page(viewport={"width": 1480, "height": 820})
    page.goto(url)
    coverage = page.get_by_role("region", name="Coverage")
    expect(coverage).to_contain_text("of 11 tools in at least 1 task", timeout=PATIENCE_MS)
    coverage.get_by_role("link", name="Open the matrix").click()
    row = page.get_by_role("row", name="Place an order")
    expect(row).to_contain_text("6", timeout=PATIENCE_MS)
    expect(page.get_by_role("row", name="Create a return")).to_contain_text("none")
    row.get_by_role("link", name="6").first.click()
    expect(page.get_by_role("link", name="Remove filter tool: place_order")).to_be_visible()
    expect(page.locator("#task-rows tbody tr")).to_have_count(6)
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1480, 390])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(
    browser_app: Browser, url: str, theme: str, width: int
) -> None:
    context = browser_app.new_context(
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 820},
    )
    page = context.new_page()
    for path, landmark in (("", "#figures .bars"), ("/coverage", ".heat")):
        page.goto(url + path)
        expect(page.locator(landmark).first).to_be_visible(timeout=PATIENCE_MS)
        assert (path, serious_findings(page)) == (path, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
