"""Processor time and size of the list pages on a world of the reference size.

`python -m tests.studio.page_times [rounds]` prints them; `test_page_times` holds them to the aim.
Processor time, not time on the clock: it does not depend on what else the machine does. What runs
beside the requests runs in another process and is not in it.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from starlette.testclient import TestClient

from studio.app import create_app
from studio.repository.worlds import import_world
from studio.settings import Settings
from tests.large_world import large_world

WORLD = "/worlds/large"
PAGES = (
    "/worlds",
    WORLD,
    f"{WORLD}/standing",
    f"{WORLD}/figures",
    f"{WORLD}/coverage",
    f"{WORLD}/tasks",
    f"{WORLD}/tasks?q=order&category=reasoning",
    f"{WORLD}/tasks?sort=-num_criteria&page=9",
    f"{WORLD}/tasks?tool=get_order",
    f"{WORLD}/tasks?touches=order",
    f"{WORLD}/entities",
    f"{WORLD}/entities/order",
    f"{WORLD}/entities/order?q=ship&page=4",
    f"{WORLD}/entities/order?sort=-total_cents",
    f"{WORLD}/tools",
    f"{WORLD}/policies",
    f"{WORLD}/history",
    f"{WORLD}/bundles",
    f"{WORLD}/bundles/gates",
    f"{WORLD}/bundles/compare",
    f"{WORLD}/gates",
    f"{WORLD}/gates?gate=similar_prompts",
)
_HTML = {"Accept": "text/html"}
_PATIENCE_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTime:
    """What one page costs."""

    url: str
    median_ms: float
    p95_ms: float
    size_kb: float


@contextmanager
def large_studio(data_dir: Path) -> Iterator[TestClient]:
    """A studio that holds the large world and has worked out all that it counts."""
    app = create_app(Settings(data_dir=data_dir, sample_worlds=()))
    with TestClient(app, base_url="http://127.0.0.1:8000", headers=_HTML) as client:
        with app.state.studio.database.write() as session:
            import_world(session, large_world())
        deadline = time.monotonic() + _PATIENCE_S
        while 'hx-trigger="every' in client.get(WORLD).text:
            assert time.monotonic() < deadline, "the overview is still being worked out"
            time.sleep(0.2)
        yield client


def page_time(client: TestClient, url: str, rounds: int) -> PageTime:
    """What a page costs when it has been asked for before."""
    size = len(client.get(url).raise_for_status().content)
    times = sorted(_processor_s(client, url) for _ in range(rounds))
    return PageTime(
        url=url,
        median_ms=times[rounds // 2] * 1000,
        p95_ms=times[int(rounds * 0.95)] * 1000,
        size_kb=size / 1000,
    )


def _processor_s(client: TestClient, url: str) -> float:
    before = time.process_time()
    client.get(url)
    return time.process_time() - before


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    table = Table("page", "median ms", "p95 ms", "KB")
    with tempfile.TemporaryDirectory() as folder, large_studio(Path(folder)) as client:
        for url in PAGES:
            found = page_time(client, url, rounds)
            table.add_row(
                url, f"{found.median_ms:.1f}", f"{found.p95_ms:.1f}", f"{found.size_kb:.1f}"
            )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
