"""What the code of a Python tool sees: a world to ask, chosen builtins and modules.

Runs in the sandbox. Leaving names out keeps honest code deterministic and its errors readable; what
keeps the rest of the machine safe is `confinement`.
"""

import builtins
import importlib
import sys
from collections.abc import Callable
from random import Random
from typing import Any, Final, NoReturn

MODULES: Final = (
    "bisect", "calendar", "collections", "copy", "dataclasses", "datetime", "decimal", "difflib",
    "enum", "fractions", "functools", "heapq", "itertools", "json", "math", "operator", "re",
    "statistics", "string", "textwrap", "typing", "unicodedata",
)  # fmt: skip
"""What a Python tool may import, submodules included."""

_HIDDEN: Final = frozenset(
    "breakpoint compile copyright credits eval exec exit help id input license open quit".split()
)
_BESIDE: Final = ("_strptime", "collections.abc", "encodings.ascii", "encodings.latin_1")

Asking = Callable[..., Any]


class Refused(Exception):
    """The call cannot be done as asked; the agent is told so and nothing changes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class World:
    """The world of one call: read, and changed only with the call as a whole."""

    def __init__(self, ask: Asking, now: str, seed: int) -> None:
        moments: Any = importlib.import_module("datetime")
        self._ask = ask
        self.now = moments.datetime.fromisoformat(now)
        """The world's clock; there is no other."""
        self.random = Random(seed)
        """The same numbers for the same world, tool and arguments."""

    def get(self, entity_type: str, entity_id: str) -> dict[str, Any] | None:
        """The entity, or None."""
        return self._ask("get", entity_type, entity_id)  # type: ignore[no-any-return]

    def need(self, entity_type: str, entity_id: str) -> dict[str, Any]:
        """The entity; without one the call is refused as `not_found`."""
        return self._ask("need", entity_type, entity_id)  # type: ignore[no-any-return]

    def find(self, entity_type: str, field: str, value: Any) -> list[dict[str, Any]]:
        """The entities whose field equals the value, or is a list that holds it."""
        return self._ask("find", entity_type, field, value)  # type: ignore[no-any-return]

    def all(self, entity_type: str) -> list[dict[str, Any]]:
        """Every entity of a type."""
        return self._ask("all", entity_type)  # type: ignore[no-any-return]

    def create(self, entity_type: str, values: dict[str, Any]) -> dict[str, Any]:
        """A new entity under the next free id; refused unless it is valid."""
        return self._ask("create", entity_type, values)  # type: ignore[no-any-return]

    def update(self, entity_type: str, entity_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """The entity with some fields changed; refused unless it stays valid."""
        return self._ask("update", entity_type, entity_id, changes)  # type: ignore[no-any-return]

    def refuse(self, message: str) -> NoReturn:
        """Refuses the call: the agent reads the message, and nothing changes."""
        raise Refused("precondition_failed", str(message))


def load_modules() -> None:
    """Imports all that a tool may import, before there are no files any more."""
    sys.modules["_datetime"] = None  # type: ignore[assignment] # the other one has a clock
    for name in (*MODULES, *_BESIDE):
        importlib.import_module(name)
    moments = sys.modules["datetime"]
    for owner, names in (("datetime", ("now", "utcnow", "today")), ("date", ("today",))):
        for name in names:
            setattr(getattr(moments, owner), name, _no_clock)


def tool_builtins() -> dict[str, Any]:
    """The builtins of a tool."""
    kept = {n: v for n, v in vars(builtins).items() if n not in _HIDDEN}
    return {**kept, "__import__": _import}


def _import(
    name: str, globals_: Any = None, locals_: Any = None, fromlist: Any = (), level: int = 0
) -> Any:
    if level or name.split(".", 1)[0] not in MODULES:
        raise ImportError(f"{name!r} cannot be imported here; there are: {', '.join(MODULES)}")
    return importlib.__import__(name, globals_, locals_, fromlist, level)


def _no_clock(*_: Any) -> NoReturn:
    raise RuntimeError("there is no clock but world.now")
