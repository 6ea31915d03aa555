"""Shipped worlds as files, so that a command line need not build a large one anew each time.

A file is named by the code and the Python that built it: another release, or one changed line of a
world's package, builds again. What cannot be read only costs time.
"""

import hashlib
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import Final

from pydantic import ValidationError

import world_builder
from exporter.forks import forked
from exporter.run_cache import cache_folder
from world_builder.templates.sharing import shared_by
from world_builder.world import World
from world_builder.worlds import build_world

_LIBRARIES: Final = ("pydantic", "jsonschema-rs", "common-expression-language")
"""What a world is built with, beside its own code."""


def built_world(name: str, folder: Path | None = None) -> World:
    """The shipped world of that name. Raises UnknownName.

    `folder` keeps it; None is the user's cache.
    """
    path = (folder or cache_folder() / "worlds") / f"{name}-{_builder()[:24]}.json"
    if (kept := _read(path)) is not None:
        return kept
    with shared_by(forked):
        world = build_world(name)
    with suppress(OSError):
        _write(world, path)
    return world


def _read(path: Path) -> World | None:
    try:
        digest, _, text = path.read_bytes().partition(b"\n")
        if digest.decode() != hashlib.sha256(text).hexdigest():
            return None
        return World.model_validate_json(text)
    except (OSError, ValidationError, UnicodeDecodeError):
        return None


def _write(world: World, path: Path) -> None:
    """Writes beside the file, then renames; what other code built of this world goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = world.model_dump_json().encode()
    partial = path.with_name(f".{token_hex(8)}.partial")
    try:
        partial.write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    for old in path.parent.glob(f"{world.name}-*.json"):
        if old != path:
            old.unlink(missing_ok=True)


def _builder() -> str:
    """Names all that decides what is built."""
    package = Path(str(world_builder.__file__)).parent
    found = hashlib.sha256(sys.version.encode())
    for library in _LIBRARIES:
        found.update(f"{library}={version(library)}\0".encode())
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(package).as_posix()
            found.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
