"""What axe finds on a page once its colours have stopped changing, and where the focus is."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_LIMIT_MS = 10_000
_STEP_MS = 50
_SETTLED = """async (limit) => {
  const pause = () => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 120));
  const isMoving = () => document.getAnimations().some((a) => a.playState === "running"
    && a.effect && a.effect.getComputedTiming().endTime !== Infinity);
  const end = performance.now() + limit;
  let calm = 0;
  while (calm < 3 && performance.now() < end) {
    await pause();
    calm = isMoving() ? 0 : calm + 1;
  }
  return calm === 3;
}"""
"""Whether the page came to rest: three looks in a row at which nothing moved."""


def serious_findings(page: Page) -> list[str]:
    """Axe's serious and critical findings, each with its element; lets transitions end first."""
    assert page.evaluate(_SETTLED, _LIMIT_MS), "the page never came to rest"
    found = Axe().run(page).response["violations"]
    serious = [v for v in found if v["impact"] in {"serious", "critical"}]
    return [f"{v['id']}: {node['html'][:120]}" for v in serious for node in v["nodes"]]


def expect_active(page: Page, element_id: str) -> None:
    """Waits until the element has the focus within its page, whether or not the window has it."""
    active = ""
    for _ in range(_LIMIT_MS // _STEP_MS):
        active = page.evaluate("document.activeElement?.id ?? ''")
        if active == element_id:
            return
        page.wait_for_timeout(_STEP_MS)
    raise AssertionError(f"the focus is on {active!r}, not on {element_id!r}")
