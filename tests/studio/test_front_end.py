"""The scripts of the design system in a real browser, under the strict content security policy:
shortcuts, the rubric by keyboard, save status, live curves, and axe in both themes."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.studio.accessibility import serious_findings
from tests.studio.test_components import shell

ROOT = Path(__file__).parents[2]
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'"
POINTS = b'event: metrics\ndata: {"x": [2, 3], "y": [[0.5, 0.95]]}\n\n'
LOOK_UP = """{% extends "base.html" %}{% block content %}
{{ ui.field("customer", "Customer", "reference", url="/options") }}{% endblock %}"""
LIVE = """{% extends "base.html" %}{% block content %}<div hx-sse:connect="/points">
{{ ui.chart("c", "Reward", [{"label": "reward", "values": [0.25]}], [1],
            unit="%", event="metrics") }}
</div>{% endblock %}"""
DANGER = """{% extends "base.html" %}{% block content %}<form action="/design/editor">
{{ ui.button("Delete", kind="danger", type="submit", key="x") }}</form>{% endblock %}"""


def pages() -> dict[str, str]:
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined
    )
    env.globals["ui"] = env.get_template("components/ui.html").module
    frame = shell()
    return {
        "/design": env.get_template("design/show.html").render(shell=frame),
        "/design/editor": env.get_template("design/editor.html").render(shell=frame),
        "/design/paired": env.get_template("design/paired.html").render(shell=frame),
        "/live": env.from_string(LIVE).render(shell=frame),
        "/look-up": env.from_string(LOOK_UP).render(shell=frame),
        "/options": env.from_string("{{ ui.datalist([('cus-0012', 'Ada <B>')]) }}").render(),
        "/danger": env.from_string(DANGER).render(shell=frame),
    }


class Site(ThreadingHTTPServer):
    """Serves the style guide and records what the pages post."""

    daemon_threads = True
    request_queue_size = 128
    """A page asks for twenty files at once; those beyond the queue would be sent again, late."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(ROOT)))
        self.pages = pages()
        self.posted: list[tuple[str, str, dict[str, list[str]]]] = []
        self.answer_status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(SimpleHTTPRequestHandler):
    server: Site

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Keeps requests out of the test output."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/static/"):
            super().do_GET()
        elif path == "/points":
            self.answer(POINTS, "text/event-stream")
        elif path in self.server.pages:
            self.answer(self.server.pages[path].encode(), "text/html; charset=utf-8")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        self.server.posted.append((self.command, self.path, parse_qs(body)))
        self.answer(b"<p>kept</p>", "text/html", self.server.answer_status)

    do_PATCH = do_POST  # noqa: N815 - the base class names it

    def answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, daemon=True)
        thread.start()
        yield site
        site.shutdown()
        thread.join(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, theme: str = "light") -> Iterator[Page]:
    """A page whose console must stay free of errors and policy violations."""
    context = browser.new_context(color_scheme="dark" if theme == "dark" else "light")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if "Content Security" in m.text else None)
    page.goto(url)
    yield page
    assert problems == []
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/design", "/design/editor", "/design/paired"])
def test_axe_finds_nothing_serious(browser: Browser, site: Site, path: str, theme: str) -> None:
    with opened(browser, site.url + path, theme) as page:
        assert serious_findings(page) == []


@pytest.mark.parametrize("width", [640, 900, 1480])
@pytest.mark.parametrize("path", ["/design/editor", "/design/paired"])
def test_no_width_scrolls_sideways(browser: Browser, site: Site, path: str, width: int) -> None:
    with opened(browser, site.url + path) as page:
        page.set_viewport_size({"width": width, "height": 800})
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0


def test_shortcuts_act_rest_while_typing_and_are_listed(browser: Browser, site: Site) -> None:
    with opened(browser, site.url + "/design/editor") as page:
        page.keyboard.press("n")
        new = page.get_by_label("New criterion")
        expect(new).to_be_focused()
        page.keyboard.type("n? a")
        expect(new).to_have_value("n? a")
        page.keyboard.press("Control+z")
        expect(new).not_to_have_value("n? a")
        new.fill("")
        new.blur()
        page.keyboard.press("?")
        sheet = page.locator("#key-sheet")
        expect(sheet).to_be_visible()
        expect(sheet).to_contain_text("Approve")


def test_no_single_key_destroys(browser: Browser, site: Site) -> None:
    with opened(browser, site.url + "/danger") as page:
        page.keyboard.press("x")
        page.keyboard.press("?")
        expect(page.locator("#key-sheet")).to_be_visible()
        assert page.url.endswith("/danger")


def test_rubric_by_keyboard(browser: Browser, site: Site) -> None:
    with opened(browser, site.url + "/design/editor") as page:
        second = page.locator("[data-criterion-text]").nth(1)
        second.focus()
        with page.expect_response("**/design/order"):
            second.press("Alt+ArrowUp")
        assert site.posted[-1] == (
            "POST",
            "/design/order",
            {"order": ["2", "1", "3", "4", "5", "6"]},
        )
        page.keyboard.press("Enter")
        expect(page.get_by_label("Criterion 1")).to_be_focused()
        with page.expect_response("**/design/criteria"):
            page.evaluate("""() => {
              const clipboardData = new DataTransfer();
              clipboardData.setData("text/plain", "- one\\n* two\\n3. three\\n\\n• four");
              document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
            }""")
        assert site.posted[-1][2] == {"lines": ["one\ntwo\nthree\nfour"]}


@pytest.mark.parametrize(
    ("status", "said"), [(200, "saved"), (422, "not saved: mend the marked field")]
)
def test_save_status_says_what_happened(
    browser: Browser, site: Site, status: int, said: str
) -> None:
    site.answer_status = status
    with opened(browser, site.url + "/design/editor") as page:
        page.get_by_label("Criterion 1").fill("States the refund of $14.99")
        expect(page.locator("#save-status")).to_have_text(said)
        assert site.posted[-1][2] == {"text": ["States the refund of $14.99"]}


def test_a_server_error_replaces_nothing_and_is_said(browser: Browser, site: Site) -> None:
    site.answer_status = 500
    with opened(browser, site.url + "/design/editor") as page:
        page.get_by_label("Criterion 1").fill("States the refund of $14.99")
        expect(page.locator("#notices")).to_contain_text("The server failed (500)")
        expect(page.locator("#save-status")).to_have_text("not saved: the server answered 500")
        expect(page.locator("#criterion-1-lint")).to_have_text("")


def test_a_reference_field_looks_its_options_up(browser: Browser, site: Site) -> None:
    with opened(browser, site.url + "/look-up") as page:
        page.get_by_label("Customer").press_sequentially("ada")
        option = page.locator("datalist option")
        expect(option).to_have_attribute("value", "cus-0012")
        expect(option).to_have_text("Ada <B>")


def test_curves_follow_the_stream_and_the_theme_stays(browser: Browser, site: Site) -> None:
    with opened(browser, site.url + "/live") as page:
        expect(page.locator("[data-chart-last]")).to_have_text("95.0 %")
        expect(page.locator(".chart canvas")).to_be_visible()
        switch = page.locator("[data-theme-switch]")
        switch.click()
        switch.click()
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
