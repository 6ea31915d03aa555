"""A reviewer at the keyboard: from the list through a pair, tags, a note and a blind vote."""

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from studio.app import create_app
from studio.settings import Settings
from tests.studio.accessibility import expect_active, serious_findings
from tests.studio.review_run import RUN_ID, write_run

RUN = f"/review/{RUN_ID}?trained=10"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a running studio with a finished run."""
    write_run(tmp_path)
    settings = Settings(data_dir=tmp_path, sample_worlds=("tutorial",))
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
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_page(viewport={"width": 1480, "height": 860}, reduced_motion="reduce")
        browser.close()


def press(page: Page, key: str) -> None:
    """A key, once the page's scripts listen: htmx starts in a timer that may outlast the load."""
    page.wait_for_load_state("load")
    page.evaluate("new Promise((done) => setTimeout(done))")
    page.keyboard.press(key)


def test_pairs_are_reviewed_by_keyboard(url: str, page: Page) -> None:
    page.goto(url + RUN)
    press(page, "j")
    expect(page.get_by_text("pair 1 of")).to_be_visible()
    press(page, "j")
    expect(page.get_by_text("pair 2 of")).to_be_visible()
    press(page, "2")
    expect(page.locator("#learned .badge")).to_have_text("tagged")
    expect_active(page, "tag-constraint_handling")
    page.get_by_text("Messages ·").last.click()
    expect(page.locator(".message--user").last).to_be_visible()

    press(page, "n")
    page.keyboard.type("drops the day")
    expect(page.locator("#save-status")).to_have_text(re.compile("^saved"))
    page.reload()
    expect(page.locator("#note")).to_have_value("drops the day")
    press(page, "b")
    expect(page.get_by_text("names hidden")).to_be_visible()
    expect(page.get_by_role("heading", name="Criteria")).to_have_count(0)
    press(page, "2")
    expect(page.get_by_text(re.compile("You preferred B, the"))).to_be_visible()
    expect(page.get_by_role("heading", name="Criteria")).to_be_visible()

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert serious_findings(page) == []
