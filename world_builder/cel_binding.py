"""The CEL binding's native module, without the command line that its package imports.

`import cel` also loads `cel.cli`, an interactive prompt on typer, rich and prompt_toolkit, which
takes a quarter of a second of every process. `expressions` alone uses this.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, Final, Protocol

_PACKAGE: Final = "cel"
_NATIVE: Final = "cel.cel"


class Program(Protocol):
    """A compiled expression."""

    def execute(self, context: object) -> Any: ...

    def variables(self) -> Iterable[str]: ...

    def functions(self) -> Iterable[str]: ...


def _native() -> ModuleType:
    """The native module, under its own name, so that `import cel` later finds the same one."""
    if _NATIVE in sys.modules:
        return sys.modules[_NATIVE]
    package = importlib.util.find_spec(_PACKAGE)
    where = None if package is None else package.submodule_search_locations
    spec = None if where is None else PathFinder.find_spec(_NATIVE, where)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("install common-expression-language", name=_NATIVE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[_NATIVE] = module
    return module


compile_program: Final[Callable[[str], Program]] = _native().compile
"""Compiles CEL. Raises ValueError with the position of the mistake."""

new_context: Final[Callable[..., object]] = _native().Context
"""What a program runs in: variables, and `functions=` by name."""
