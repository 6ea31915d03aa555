"""Which library each kind of tracker needs, whether it is here, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TypeAlias

from rl_backend.tracking.base import Tracked, Tracker
from rl_backend.tracking_config import TrackerKind

Open: TypeAlias = Callable[[Tracked], Tracker]


def is_installed(kind: TrackerKind) -> bool:
    """Whether the library can be imported; it is not."""
    return find_spec(kind.value) is not None


def pip_command(kind: TrackerKind) -> str:
    """How to get the library."""
    return f"pip install 'corecraft-studio[tracking-{kind.value}]'"


def opened(kind: TrackerKind, run: Tracked) -> Tracker:
    """The tracker, begun or continued. Raises whatever its library raises."""
    module = import_module(f"rl_backend.tracking.to_{kind.value}")
    start: Open = module.start
    return start(run)
