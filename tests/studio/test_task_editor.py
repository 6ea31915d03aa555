"""The task editor in a real browser: typing is saved, the rubric by keyboard, a live preview."""

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from studio.app import create_app
from studio.settings import Settings

TASK = "/worlds/tutorial/tasks/stock-check-01"
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.querySelector("#new-criterion").dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running studio with the tutorial world."""
    data_dir: Path = tmp_path_factory.mktemp("studio")
    app = create_app(Settings(data_dir=data_dir, is_checking_pages=True))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)
    listener.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    """The editor; its console must stay free of errors."""
    page = chromium.new_page(viewport={"width": 1480, "height": 820})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if "Content Security" in m.text else None)
    page.goto(f"{site}{TASK}")
    yield page
    assert errors == []
    page.close()


def saved(page: Page) -> None:
    expect(page.locator("#save-status")).to_have_attribute("data-state", "saved")


def test_typing_saves_and_the_preview_follows(page: Page, site: str) -> None:
    page.locator("#field-response").fill("It costs $31.20.")
    expect(page.locator("#save-status")).to_have_attribute("data-state", "dirty")
    saved(page)
    expect(page.locator("#preview .quote")).to_have_text("It costs $31.20.")
    expect(page.locator("#sign-stock .verdict--unmet")).to_be_visible()
    task = httpx2.get(f"{site}{TASK}").json()["task"]
    assert task["reference_solution"]["response"] == "It costs $31.20."
    page.locator("#act-undo").click()
    expect(page.locator("#sign-stock .verdict--met")).to_be_visible()


def test_a_rubric_is_written_by_keyboard(page: Page) -> None:
    count = page.locator("#criteria > li").count()
    page.locator("#new-criterion").press_sequentially("States $5.00")
    page.keyboard.press("Enter")
    expect(page.locator("#criteria > li")).to_have_count(count + 1)
    expect(page.locator("#new-criterion")).to_be_focused()
    expect(page.locator("#new-criterion")).to_have_value("")
    page.evaluate(PASTE, "- One\n- Two\n3. Three")
    expect(page.locator("#criteria > li")).to_have_count(count + 4)
    last = page.locator("#criteria > li:last-child textarea[data-criterion-text]")
    last.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#text-criterion-three, #text-three")).to_be_focused()
    saved(page)
    row = page.locator(f"#criteria > li:nth-child({count + 1})")
    row.locator("summary.tags").click()
    row.locator("select[name$=check_kind]").select_option("number")
    row.locator("input[name$='check.value']").fill("5")
    expect(row.locator("summary.tags")).to_contain_text("check: number 5")
    expect(row.locator("details").first).to_have_attribute("open", "")


def test_a_pasted_answer_is_judged_one_by_one(page: Page) -> None:
    page.locator("#new-criterion").press_sequentially("Is polite")
    page.keyboard.press("Enter")
    saved(page)
    page.locator("#run-paste").click()
    page.locator("#field-preview-text").fill("It costs $31.20.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#preview mark").first).to_have_text("$31.20")
    expect(page.locator("#verdict-is-polite")).to_contain_text("ANTHROPIC_API_KEY")
    expect(page.locator("#sign-is-polite .verdict--cannot_assess")).to_be_visible()


def test_verdicts_of_the_judge_arrive_whichever_button_asked(page: Page) -> None:
    page.locator("#new-criterion").press_sequentially("Is polite")
    page.keyboard.press("Enter")
    saved(page)
    verdict = page.locator("#verdict-is-polite")
    expect(verdict).to_contain_text("Run to ask the judge")
    for button in ("#run-broken", "#run-reference"):
        page.locator(button).click()
        expect(verdict).to_contain_text("ANTHROPIC_API_KEY")
