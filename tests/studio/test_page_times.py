"""Every list page is quick and light on a world of 1,200 tasks, and the world arrives quickly."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from studio.database import Database
from studio.repository.worlds import import_world
from tests.large_world import large_world
from tests.studio.page_times import PAGES, large_studio, page_time

MOST_MS = 100
MOST_KB = 150
MOST_IMPORT_S = 10


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with large_studio(tmp_path_factory.mktemp("large")) as client:
        yield client


@pytest.mark.parametrize("url", PAGES)
def test_a_page_is_quick_and_light(client: TestClient, url: str) -> None:
    found = page_time(client, url, rounds=10)
    assert found.p95_ms <= MOST_MS
    assert found.size_kb <= MOST_KB


def test_a_large_world_arrives_quickly(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    database.migrate()
    before = time.process_time()
    with database.write() as session:
        import_world(session, large_world())
    assert time.process_time() - before <= MOST_IMPORT_S
    database.close()
