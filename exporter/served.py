"""The part of a bundle that an environment server runs on: entities, their types and the tools.

`bundle` opens all of a bundle; this reads and verifies no more than a server needs to answer, so
that it starts in a fraction of a second, and leaves the other files to `check_rest`. Tasks, rubrics
and solutions are never parsed here.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from exporter import layout
from exporter.files import BundleFiles, open_files
from exporter.parts import SchemaDocument, ToolsDocument
from exporter.seal import Seal, compare, read_seal, trusted, unreadable
from world_builder.frozen import Frozen, Json
from world_builder.world import World

_Model = TypeVar("_Model", bound=Frozen)


class ServedBundle:
    """A bundle whose served files are verified and parsed."""

    def __init__(self, path: Path, files: BundleFiles, seal: Seal, world: World) -> None:
        self.seal = seal
        self.world = world
        """No policy, no task, no rubric."""
        self._path = path
        self._files = files

    @classmethod
    def open(cls, path: Path | str) -> "ServedBundle":
        """Raises BundleError naming every served file at fault and every missing or extra one."""
        where = Path(path)
        files = open_files(where)
        seal = read_seal(files, where)
        contents = trusted(compare(files, seal, is_served), where)
        return cls(where, files, seal, _with_ids(served_world(contents)))

    def check_rest(self) -> None:
        """Verifies the files that are not served. Raises BundleError naming each changed one."""
        trusted(compare(self._files, self.seal, lambda name: not is_served(name)), self._path)


def is_served(name: str) -> bool:
    """True for the files that `served_world` needs."""
    return name.startswith(layout.ENTITIES) or name == layout.SERVER_TOOLS


def served_world(contents: Mapping[str, bytes]) -> World:
    """The world without policies and tasks, from verified files. Raises BundleError.

    Entities are taken as their file has them: it was written from a world that was validated.
    """
    schema = _parsed(SchemaDocument, layout.ENTITY_SCHEMA, contents)
    tools = _parsed(ToolsDocument, layout.SERVER_TOOLS, contents)
    return World.model_construct(
        **dict(schema.world),
        entity_types=schema.entity_types,
        entities=_entities(contents),
        tools=tools.tools,
        surfaces=tools.surfaces,
    )


def _entities(contents: Mapping[str, bytes]) -> dict[str, tuple[dict[str, Json], ...]]:
    names = (n for n in contents if n.startswith(layout.ENTITIES) and n != layout.ENTITY_SCHEMA)
    return {
        name.removeprefix(layout.ENTITIES).removesuffix(".json"): _records(name, contents[name])
        for name in sorted(names)
    }


def _records(name: str, data: bytes) -> tuple[dict[str, Json], ...]:
    try:
        records = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise unreadable(name, error) from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise unreadable(name, TypeError("it must be a list of objects"))
    return tuple(records)


def _with_ids(world: World) -> World:
    for entity_type, records in world.entities.items():
        if not all(isinstance(record.get("id"), str) for record in records):
            name = layout.entity_path(entity_type)
            raise unreadable(name, TypeError("every entity must have an id"))
    return world


def _parsed(model: type[_Model], name: str, contents: Mapping[str, bytes]) -> _Model:
    try:
        return model.model_validate_json(contents[name])
    except (KeyError, ValidationError) as error:
        raise unreadable(name, error) from error
