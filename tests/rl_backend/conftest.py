"""The tutorial world, built once for all tests of the backend."""

import pytest

from tests.rl_backend.sglang_fixtures import sglang_server as sglang_server
from tests.rl_backend.sglang_fixtures import tiny_llamas as tiny_llamas
from world_builder.state import WorldBase
from world_builder.worlds import build_world


@pytest.fixture(scope="session")
def tutorial() -> WorldBase:
    """The bookshop as shipped."""
    return WorldBase(build_world("tutorial"))
