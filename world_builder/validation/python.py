"""Validates the source of Python operations, by reading it: nothing here runs it."""

import ast
from collections.abc import Iterator

from world_builder.operations import Python
from world_builder.sandbox.view import MODULES
from world_builder.validation.problems import Problem

_FUNCTION = "run"
_HINT = "write `def run(arguments, world):` and return a dict"


def python_problems(path: str, operation: Python) -> Iterator[Problem]:
    """What is wrong with the code of a tool."""
    path = f"{path}.source"
    try:
        tree = ast.parse(operation.source)
    except SyntaxError as error:
        line = f" (line {error.lineno})" if error.lineno else ""
        yield Problem(path=path, message=f"not Python: {error.msg}{line}")
    except ValueError as error:
        yield Problem(path=path, message=f"cannot be read: {error}")
    except (MemoryError, RecursionError):
        yield Problem(path=path, message="is nested too deeply")
    else:
        yield from _function_problems(path, tree)
        yield from _import_problems(path, tree)


def _function_problems(path: str, tree: ast.Module) -> Iterator[Problem]:
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == _FUNCTION]
    if not found:
        yield Problem(path=path, message=f"has no function `{_FUNCTION}`", hint=_HINT)
        return
    if not _takes_two(found[-1].args):
        message = f"`{_FUNCTION}` must take two arguments (line {found[-1].lineno})"
        yield Problem(path=path, message=message, hint=_HINT)


def _takes_two(given: ast.arguments) -> bool:
    most = len(given.posonlyargs) + len(given.args)
    has_needed_names = any(default is None for default in given.kw_defaults)
    fewest = most - len(given.defaults)
    return fewest <= 2 and (most >= 2 or given.vararg is not None) and not has_needed_names


def _import_problems(path: str, tree: ast.Module) -> Iterator[Problem]:
    for node in ast.walk(tree):
        for name in _imported(node):
            if name.split(".", 1)[0] not in MODULES:
                message = f"{name!r} cannot be imported in a tool"
                yield Problem(path=path, message=message, hint=f"there are: {', '.join(MODULES)}")


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [("." * node.level) + (node.module or "")]
    return []
