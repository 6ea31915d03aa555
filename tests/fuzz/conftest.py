"""The worlds and servers that are fuzzed."""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.fuzz.live import LiveServer, live
from tests.fuzz.running import told
from world_builder.world import World
from world_builder.worlds import build_world

WORLDS = ("tutorial", "clinic", "corecraft")


@cache
def world_of(name: str) -> World:
    return build_world(name)


@pytest.fixture(scope="session", params=WORLDS)
def fuzzed_world(request: pytest.FixtureRequest) -> World:
    return world_of(request.param)


@pytest.fixture(scope="session")
def live_server(
    fuzzed_world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    with live(fuzzed_world, tmp_path_factory.mktemp("live"), "--capacity", "64") as server:
        yield server
        server.check()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write(told())
