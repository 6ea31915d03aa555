"""What the stand-ins of this folder share: names that can be imported and mentioned, never used.

The folder goes on the path of a CPU server only (`sglang_server`), where the packages it stands in
for are either GPU code that never runs or image processing that a text model never calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn


class Unavailable:
    """A name of a package that is not here; using it says which."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise NotImplementedError(f"{self.__name__} is not part of a CPU server")

    def __getattr__(self, name: str) -> Unavailable:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unavailable(f"{self.__name__}.{name}")


def names_of(module: str) -> Callable[[str], Unavailable]:
    """Returns a module's `__getattr__`, which has every public name."""

    def attribute(name: str) -> Unavailable:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return Unavailable(f"{module}.{name}")

    return attribute
