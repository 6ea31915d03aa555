"""The source files that a module needs, found by following its imports.

Used to copy exactly what the environment server runs into `server/` of a bundle. It reads source
text and imports nothing.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path


def source_closure(modules: Iterable[str], roots: dict[str, Path]) -> dict[str, bytes]:
    """Source files by relative path, such as `exporter/server/app.py`.

    `roots` maps a top-level package to its folder; imports of anything else are not followed.
    Packages on the way to a module are included, with what they import.
    """
    found: dict[str, bytes] = {}
    waiting = list(modules)
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen or module.split(".", 1)[0] not in roots:
            continue
        seen.add(module)
        located = _locate(module, roots)
        if located is None:
            continue
        name, path = located
        found[name] = path.read_bytes().replace(b"\r\n", b"\n")
        waiting += _parents(module)
        waiting += _imports(found[name])
    return found


def _locate(module: str, roots: dict[str, Path]) -> tuple[str, Path] | None:
    top, *rest = module.split(".")
    base = roots[top].joinpath(*rest)
    stem = "/".join([top, *rest])
    if (base / "__init__.py").is_file():
        return f"{stem}/__init__.py", base / "__init__.py"
    path = base.with_suffix(".py")
    return (f"{stem}.py", path) if rest and path.is_file() else None


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


@lru_cache(maxsize=256)
def _imports(source: bytes) -> tuple[str, ...]:
    """Absolute modules that a source names; `from a import b` names both `a` and `a.b`."""
    return tuple(_named(source))


def _named(source: bytes) -> Iterator[str]:
    for node in _statements(ast.parse(source).body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every statement, also inside others. An import is one, so expressions are passed over."""
    for node in nodes:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, part, ()))
