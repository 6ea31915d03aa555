"""What all tests share: the reference world and its bundle, made once; a cache of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import expect

from exporter.manifest import GateReport
from exporter.writer import write_bundle
from tests.distribution import COSTLY, Scheduling, require_known, scope_of
from world_builder.world import World
from world_builder.worlds import build_world

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# The same of a page: on a busy machine the usual five seconds are too few now and then.
expect.set_options(timeout=20_000)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """Several processes share the tests by what they need."""
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The largest shares go first, so that no process is left with one at the end."""
    require_known(items)
    items.sort(key=lambda item: scope_of(item.nodeid) not in COSTLY)


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
