"""A run's page in a real browser: curves, state and log move by themselves, stop and resume."""

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Route, expect, sync_playwright

from rl_backend import run_lock
from rl_backend.records import RunState
from studio.app import create_app
from studio.database import Database
from studio.settings import Settings
from tests.studio.accessibility import serious_findings
from tests.studio.published import draft, record_version
from tests.studio.run_dirs import add_evaluation, add_step, make_run
from tests.studio.test_bundles import break_task


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", sample_worlds=("tutorial",))


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    """The address of a running studio."""
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def test_a_run_is_watched_and_stopped(browser: Browser, url: str, settings: Settings) -> None:
    run = make_run(settings.runs, state=RunState.RUNNING, num_steps=9)
    lock = run_lock.acquire(run.path)
    page = browser.new_page()
    try:
        page.goto(f"{url}/runs/run-1")
        expect(page.locator("#run-progress")).to_contain_text("step 9 of 20")
        expect(page.locator("#reward canvas")).to_be_visible()
        add_step(run, 10)
        add_evaluation(run, 10)
        run.write_status(run.stored_status().model_copy(update={"step": 10}))
        with run.log_path.open("a") as log:
            log.write("step 10 is done\n")
        expect(page.locator("#run-progress")).to_contain_text("step 10 of 20")
        expect(page.locator("#run-log")).to_contain_text("step 10 is done")
        expect(page.locator("#reward [data-chart-last='1']")).to_have_text("0.55")
        expect(page.locator("#pass-rate [data-chart-last='2']")).to_have_text("40.0 %")
        page.keyboard.press("Control+.")
        expect(page.locator("#run-badge")).to_have_text("stopping")
        assert run.is_stop_requested()
        run.write_status(run.stored_status().model_copy(update={"state": RunState.STOPPED}))
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
    finally:
        os.close(lock)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#notices")).to_contain_text("Deleted run-1")
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, url: str, settings: Settings, theme: str
) -> None:
    make_run(settings.runs)
    make_run(settings.runs, "bad-run", state=RunState.FAILED, reason="SGLang ended")
    context = browser.new_context(color_scheme="dark" if theme == "dark" else "light")
    page = context.new_page()
    for path in (
        "/runs",
        "/runs/run-1",
        "/runs/bad-run",
        "/runs/new",
        "/worlds/tutorial/bundles",
        "/worlds/tutorial/gates",
        "/worlds/tutorial/bundles/compare",
    ):
        page.goto(url + path)
        assert (path, serious_findings(page)) == (path, [])
    context.close()


def test_a_preset_chosen_before_the_scripts_ran_is_heard(
    browser: Browser, url: str, settings: Settings
) -> None:
    page = browser.new_page()
    page.goto(f"{url}/runs")  # by then the tutorial is there
    database = Database(settings.url)
    record_version(database, settings, draft(database), "1.0.0")
    database.close()
    held: list[Route] = []
    page.route("**/htmx.min.js", lambda route: held.append(route))
    page.goto(f"{url}/runs/new", wait_until="commit")
    page.get_by_label("Preset", exact=True).select_option("smoke")
    assert len(held) == 1
    page.evaluate("window.isSamePage = true")
    held[0].continue_()
    expect(page.get_by_text("What the preset smoke sets")).to_be_visible()
    expect(page.get_by_label("Preset", exact=True)).to_have_value("smoke")
    expect(page).to_have_url(re.compile("preset=smoke"))
    assert page.evaluate("window.isSamePage")
    page.close()


def test_a_form_that_was_left_alone_asks_nothing(
    browser: Browser, url: str, settings: Settings
) -> None:
    page = browser.new_page()
    page.goto(f"{url}/runs")  # by then the tutorial is there
    database = Database(settings.url)
    record_version(database, settings, draft(database), "1.0.0")
    database.close()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/runs/new?preset=smoke", wait_until="networkidle")
    expect(page.get_by_text("What the preset smoke sets")).to_be_visible()
    assert [address for address in asked if "/runs/new" in address] == [
        f"{url}/runs/new?preset=smoke"
    ]
    page.close()


def test_publishing_needs_met_gates_or_a_reason(
    browser: Browser, url: str, settings: Settings
) -> None:
    page = browser.new_page()
    page.goto(f"{url}/worlds/tutorial/bundles")
    expect(page.locator("#gates")).to_contain_text("10 of 10 gates met", timeout=60_000)
    page.get_by_role("button", name="Publish 1.0.0").click()
    expect(page).to_have_url(f"{url}/worlds/tutorial/bundles/1.0.0", timeout=60_000)
    expect(page.locator("#notices")).to_contain_text("Published 1.0.0")
    page.get_by_role("link", name="Verify now").click()
    expect(page.locator("#verification")).to_contain_text("Intact")
    database = Database(settings.url)
    break_task(database)
    database.close()
    page.goto(f"{url}/worlds/tutorial/bundles")
    publish = page.get_by_role("button", name="Publish 1.1.0")
    expect(page.locator("#gates")).to_contain_text("9 of 10 gates met", timeout=60_000)
    expect(publish).to_be_disabled()
    page.get_by_label("Publish all the same, because").fill("A demonstration.")
    expect(publish).to_be_enabled()
    page.close()
