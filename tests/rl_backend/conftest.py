"""The tutorial world and a whole small run on it, made once for all tests of the backend."""

import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.rundir import RunDir
from tests.rl_backend.loop_runs import make_run, work
from tests.rl_backend.sglang_fixtures import sglang_server as sglang_server
from tests.rl_backend.sglang_fixtures import tiny_llamas as tiny_llamas
from world_builder.state import WorldBase
from world_builder.worlds import build_world


@pytest.fixture(scope="session")
def tutorial() -> WorldBase:
    """The bookshop as shipped."""
    return WorldBase(build_world("tutorial"))


@pytest.fixture(scope="session")
def tutorial_bundle(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The bookshop as a bundle."""
    return Bundle.open(write_bundle(tutorial.world, "1.0.0", tmp_path_factory.mktemp("bundle")))


@pytest.fixture(scope="session")
def straight(tutorial_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """A run with the real trainer that nothing interrupted. To be read only."""
    run = make_run(tmp_path_factory.mktemp("runs"), tutorial_bundle, "straight")
    work(run)
    return run
