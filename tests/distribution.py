"""Which tests run in the same process when pytest-xdist runs several.

A file stays whole, and so do the files that need the same costly thing, which is then started once:
a container engine, an SGLang server, a whole run. Does not use xdist's own groups: with pytest 9.2
it loses them (pytest-xdist issue 1386).
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch

import pytest
from xdist.scheduler import LoadFileScheduling

COSTLY = {
    "container_engine": (
        "tests/exporter/test_image.py",
        "tests/exporter/test_oci_engine.py",
        "tests/exporter/test_studio_image.py",
        "tests/rl_backend/runtimes/test_conformance.py",
        "tests/rl_backend/runtimes/test_docker*.py",
        "tests/rl_backend/runtimes/test_recorded_calls.py",
    ),
    "sglang_server": (
        "tests/rl_backend/engines/test_agreement.py",
        "tests/rl_backend/engines/test_sglang*.py",
        "tests/rl_backend/engines/test_weight_sync.py",
    ),
    "straight": (
        "tests/rl_backend/test_loop.py",
        "tests/rl_backend/test_resume.py",
        "tests/rl_backend/test_successes.py",
    ),
}
"""Fixtures that take long to start, and the files that need them."""


def scope_of(nodeid: str) -> str:
    """The costly fixture that a test's file needs, else the file itself."""
    path = nodeid.split("::", 1)[0]
    for fixture, patterns in COSTLY.items():
        if any(fnmatch(path, pattern) for pattern in patterns):
            return fixture
    return path


def require_known(items: Iterable[pytest.Item]) -> None:
    """Raises UsageError for a test that needs a costly fixture and is not listed with it."""
    for item in items:
        for fixture in COSTLY.keys() & set(getattr(item, "fixturenames", ())):
            if scope_of(item.nodeid) != fixture:
                raise pytest.UsageError(
                    f"{item.nodeid} needs {fixture}: list its file in tests/distribution.py"
                )


class Scheduling(LoadFileScheduling):
    """Hands out whole scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
