"""The tutorial world, built once for all tests of the backend."""

import pytest

from world_builder.state import WorldBase
from world_builder.worlds import build_world


@pytest.fixture(scope="session")
def tutorial() -> WorldBase:
    """The bookshop as shipped."""
    return WorldBase(build_world("tutorial"))
