"""A world from what a person names: a shipped world, a JSON file, a folder, or a bundle.

For command lines. Problems are gathered, not raised one by one.
"""

import json
from pathlib import Path
from typing import Final

from exporter import layout
from exporter.built_worlds import built_world
from exporter.bundle import Bundle
from exporter.errors import ExporterError
from world_builder.validation import Problem, has_errors, parse_world
from world_builder.wording import counted
from world_builder.world import World
from world_builder.worlds import WORLD_NAMES

WORLD_FILE: Final = "world.json"
"""What a folder that holds a world calls it."""


class WorldBroken(ExporterError):
    """A world has problems; `problems` are all of them."""

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{source} is broken, {counted(len(problems), 'problem')}:\n{lines}")


def load_world(source: str) -> World:
    """The world of that name or path.

    Raises WorldBroken with every problem of a file, BundleError for a bad bundle, ExporterError
    when there is nothing of that name.
    """
    path = Path(source)
    if source in WORLD_NAMES and not path.is_file():
        return built_world(source)
    if path.is_dir() and (path / WORLD_FILE).is_file():
        return _read(path / WORLD_FILE)
    if path.is_dir() or path.name.endswith((".tar", ".tar.gz", ".tgz")):
        return Bundle.open(path).world
    if path.is_file():
        return _read(path)
    shipped = ", ".join(WORLD_NAMES)
    raise ExporterError(
        f"no world {source!r}. Give a shipped world ({shipped}), a world's JSON file, a folder "
        f"with {WORLD_FILE}, or a bundle (a folder with {layout.MANIFEST}, or its tar)"
    )


def _read(path: Path) -> World:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ExporterError(f"{path} is nested too deeply to be a world") from error
    except (ValueError, OSError) as error:
        raise ExporterError(f"{path} is no JSON: {error}") from error
    world, problems = parse_world(data)
    if world is None or has_errors(problems):
        raise WorldBroken(str(path), problems)
    return world
