"""The main job in a real browser: author, preview, publish, train, evaluate, review.

The studio, SGLang and Megatron-core are the real ones. Half way the studio is killed: the edit it
called saved is still there, and the training it started goes on and is found again.
"""

import json
import re
import time

from playwright.sync_api import Page, expect

from tests.e2e.conftest import StudioProcess

TASK = "/worlds/tutorial/tasks/place-order-04"
PROMPT = "Two copies of Bashful Almanac for Yael Crowgrove please, to 80 Ebbwin Row. Id and total?"
RUN_LIMIT_S = 900.0


def test_the_whole_path(studio: StudioProcess, page: Page) -> None:
    page.set_default_timeout(30_000)
    edit_a_task(studio, page)
    see_verdicts(page)
    studio.kill_and_restart()
    page.goto(studio.url + TASK)
    expect(page.get_by_label("Prompt, as the requester writes it")).to_have_value(PROMPT)
    publish(studio, page)
    start_training(page)
    studio.kill_and_restart()
    watch_until_done(page)
    review(page)


def edit_a_task(studio: StudioProcess, page: Page) -> None:
    page.goto(studio.url)
    page.get_by_role("link", name="Larkspur Books").first.click()
    page.get_by_role("link", name=re.compile("^Tasks")).click()
    page.wait_for_url("**/tasks")
    page.goto(studio.url + TASK)
    prompt = page.get_by_label("Prompt, as the requester writes it")
    with page.expect_response(
        lambda r: r.request.method == "POST" and r.url.endswith(TASK) and r.ok
    ):
        prompt.fill(PROMPT)


def see_verdicts(page: Page) -> None:
    preview = page.locator("#preview")
    page.get_by_role("button", name="Reference").click()
    expect(preview).to_contain_text("reward 1.00")
    page.get_by_role("button", name="Paste").click()
    preview.get_by_role("textbox").first.fill("The total is $99.99. The order is ord-0001.")
    page.get_by_role("button", name="Judge it").click()
    expect(preview).to_contain_text("unmet")
    expect(preview).to_contain_text(re.compile(r"reward 0\.\d\d"))


def publish(studio: StudioProcess, page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Bundles")).click()
    page.get_by_role("button", name="Publish 1.0.0").click()
    page.wait_for_url(re.compile(r"/bundles/1\.0\.0"))
    manifest = studio.data_dir / "bundles" / "tutorial-1.0.0" / "bundle.json"
    digest = json.loads(manifest.read_text())["digest"]
    expect(page.locator("main")).to_contain_text(digest[:8])


def start_training(page: Page) -> None:
    page.get_by_role("link", name="Train on it").first.click()
    page.wait_for_url(re.compile(r"/runs/new\?"))  # and its scripts, or the choice goes unnoticed
    with page.expect_response(lambda r: "preset=smoke" in r.url and r.ok):
        page.locator("select[name=preset]").select_option("smoke")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url(re.compile(r"/runs/(?!new)[\w.-]+$"))
    expect(page.locator("#run-badge")).not_to_contain_text("failed")


def watch_until_done(page: Page) -> None:
    """The open page moves by itself until the run is over."""
    page.reload()
    badge, log = page.locator("#run-badge"), page.locator("#run-log")
    deadline = time.monotonic() + RUN_LIMIT_S
    seen = set()
    while "done" not in (state := badge.inner_text()):
        seen.add(state)
        assert "failed" not in state, page.locator("main").inner_text()
        assert time.monotonic() < deadline, log.inner_text()
        page.wait_for_timeout(500)
    assert len(seen) >= 2, f"the page showed only {seen}"
    expect(page.locator("main")).to_contain_text("Held-out pass rate")
    assert page.locator("canvas").count() >= 2


def review(page: Page) -> None:
    page.get_by_role("link", name="Review pairs").click()
    expect(page.locator("main")).to_contain_text("Held-out pass rate")
    page.locator("main table a[href*='/review/']").first.click()
    main = page.locator("main")
    for words in ("Baseline", "Trained", "Criteria", "Final response"):
        expect(main).to_contain_text(words)
