"""Entities and tools in a real browser: conflicts, the state of a save, the console by keyboard."""

import re
import shutil
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.testclient import TestClient

from studio.database import Database
from studio.services import authoring
from tests.studio.accessibility import serious_findings

FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run".split()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        yield playwright.chromium.launch(executable_path=found, args=FLAGS)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    made = chromium.new_page(viewport={"width": 1480, "height": 820})
    yield made
    made.close()


@pytest.fixture
def url(api: TestClient, app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
    with server.config.bind_socket() as socket:
        thread = threading.Thread(target=server.run, args=([socket],))
        thread.start()
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/worlds/shop"
        server.should_exit = True
        thread.join()


def test_a_conflict_shows_both_and_keeps_what_was_typed(url: str, page: Page, db: Database) -> None:
    page.goto(f"{url}/entities/customer/cus-001")
    record = {"id": "cus-001", "name": "Eda"}
    authoring.save_entity(db, "shop", "customer", record, version=1, who="mo")
    page.get_by_label("Name").fill("Ida")
    expect(page.locator("#save-status")).to_have_text("unsaved changes")
    page.keyboard.press("Control+s")
    conflict = page.get_by_role("region", name="Not saved")
    expect(conflict).to_be_focused()
    expect(conflict).to_contain_text("Eda")
    expect(page.get_by_label("Name")).to_have_value("Ida")
    assert serious_findings(page) == []
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ida")
    expect(page.locator("#save-status")).not_to_contain_text("not saved")


def test_a_tool_is_edited_checked_and_tried_by_keyboard(url: str, page: Page) -> None:
    page.goto(f"{url}/tools/get_order")
    page.get_by_label("What it does").fill('{"kind": "get", "entity_type": "ordr"}')
    expect(page.locator("#check")).to_contain_text("did you mean 'order'?")
    expect(page.locator("#save-status")).to_have_text("unsaved changes")
    page.get_by_label("What it does").fill('{"kind": "get", "entity_type": "order"}')
    expect(page.locator("#check")).to_contain_text("are right")
    page.keyboard.press("Control+s")
    expect(page.locator("#save-status")).to_have_text(re.compile("^saved"))
    page.get_by_label("id", exact=True).fill("ord-001")
    page.keyboard.press("Control+Enter")
    result = page.get_by_role("region", name="Result")
    expect(result).to_be_focused()
    expect(result).to_contain_text("cus-001")
    assert serious_findings(page) == []
