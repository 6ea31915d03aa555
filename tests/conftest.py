"""What all tests share: the reference world and its bundle, made once; a cache of their own.

Where the tests run in several processes, a file stays in one of them, and so do all files that
need the same costly thing, which is then started once.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.manifest import GateReport
from exporter.writer import write_bundle
from world_builder.world import World
from world_builder.worlds import build_world

COSTLY_FIXTURES = {"container_engine": "docker", "sglang_server": "sglang", "straight": "straight"}
"""What takes long to start, and the name of the group of tests that need it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tells pytest-xdist which tests belong to one process; the largest shares go first."""
    of_file: defaultdict[Path, list[pytest.Item]] = defaultdict(list)
    for item in items:
        of_file[item.path].append(item)
    groups = {path: _group(path, members) for path, members in of_file.items()}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups[item.path]))
    items.sort(key=lambda item: groups[item.path] not in COSTLY_FIXTURES.values())


def _group(path: Path, items: list[pytest.Item]) -> str:
    """The group of a file: that of the first costly fixture, or a group of its own."""
    needed = {name for item in items for name in getattr(item, "fixturenames", ())}
    costly = (group for fixture, group in COSTLY_FIXTURES.items() if fixture in needed)
    return next(costly, str(path))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What commands keep for later goes into a folder of the test run."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CORECRAFT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def corecraft() -> World:
    """Corecraft Computers as shipped."""
    return build_world("corecraft")


@pytest.fixture(scope="session")
def corecraft_bundle(corecraft: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bundle, whose gates were not run; read it, never change it."""
    folder = tmp_path_factory.mktemp("corecraft")
    return write_bundle(corecraft, "1.0.0", folder, gates=GateReport(gates=()))
