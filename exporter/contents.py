"""Every file of a bundle except its manifest, as bytes in memory: a pure function of the world.

Between `World` and `writer`. It touches no disk but the source of the environment server, which it
copies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import exporter
import world_builder
from exporter import layout
from exporter.closure import source_closure
from exporter.container import DOCKERIGNORE, REQUIREMENTS, dockerfile, readme
from exporter.encoding import one_per_line, pretty, pretty_model
from exporter.mcp_tools import mcp_tools
from exporter.parts import (
    SchemaDocument,
    SystemPromptEntry,
    SystemPromptIndex,
    ToolsDocument,
    WorldHeader,
)
from world_builder.frozen import Json
from world_builder.ids import content_hash
from world_builder.schema import json_schema
from world_builder.world import World

_SERVER_MODULES = ("exporter.server.__main__", "exporter.server.healthcheck")


_Dumped: TypeAlias = Mapping[str, Any]
"""A declared thing as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a bundle holds apart from what is said of it."""

    files: Mapping[str, bytes]
    """All by path, without `bundle.json`."""
    world_digest: str


def contents_of(world: World, version: str) -> Contents:
    """The contents of the bundle of a world."""
    dumped = complete(world).model_dump(mode="json")
    return Contents(
        files=_files(world, version, dumped["tasks"]), world_digest=content_hash(dumped)
    )


def bundle_files(world: World, version: str) -> dict[str, bytes]:
    """All files by path, without `bundle.json`."""
    return _files(world, version, [task.model_dump(mode="json") for task in world.tasks])


def _files(world: World, version: str, tasks: Sequence[_Dumped]) -> dict[str, bytes]:
    return {
        **entity_files(world),
        **system_prompt_files(world),
        **task_files(tasks),
        **solution_files(tasks),
        **tool_files(world),
        **server_files(),
        layout.DOCKERFILE: dockerfile(world, version).encode(),
        layout.DOCKERIGNORE: DOCKERIGNORE.encode(),
        layout.README: readme(world, version).encode(),
    }


def entity_files(world: World) -> dict[str, bytes]:
    """`entities/`: the records by type, and the schema document."""
    header = WorldHeader(
        name=world.name,
        title=world.title,
        description=world.description,
        now=world.now,
        seed=world.seed,
    )
    schema = SchemaDocument(
        world=header,
        entity_types=world.entity_types,
        json_schemas={t.name: json_schema(t) for t in world.entity_types},
    )
    entities = complete(world).entities
    records = {layout.entity_path(t): one_per_line(rs) for t, rs in entities.items()}
    return {**records, layout.ENTITY_SCHEMA: pretty_model(schema)}


def complete(world: World) -> World:
    """The world with a place for the records of every type, also of one that has none."""
    empty: dict[str, tuple[dict[str, Json], ...]] = {t.name: () for t in world.entity_types}
    missing = empty.keys() - world.entities.keys()
    return world.model_copy(update={"entities": empty | world.entities}) if missing else world


def system_prompt_files(world: World) -> dict[str, bytes]:
    """`system-prompts/`: one Markdown file a policy, and their order and titles."""
    entries = tuple(SystemPromptEntry(name=p.name, title=p.title) for p in world.policies)
    index = SystemPromptIndex(system_prompts=entries)
    texts = {layout.system_prompt_path(p.name): p.text.encode() for p in world.policies}
    return {**texts, layout.SYSTEM_PROMPT_INDEX: pretty_model(index)}


def task_files(tasks: Sequence[_Dumped]) -> dict[str, bytes]:
    """`tasks/`: prompts and rubrics, without reference solutions."""
    return {
        layout.task_path(task["id"]): pretty(
            {name: value for name, value in task.items() if name != "reference_solution"}
        )
        for task in tasks
    }


def solution_files(tasks: Sequence[_Dumped]) -> dict[str, bytes]:
    """`solutions/`: the reference solutions of the tasks that have one."""
    return {
        layout.solution_path(task["id"]): pretty(task["reference_solution"])
        for task in tasks
        if task["reference_solution"] is not None
    }


def tool_files(world: World) -> dict[str, bytes]:
    """The tools as an agent sees them, and as the server runs them."""
    declared = ToolsDocument(tools=world.tools, surfaces=world.surfaces)
    return {
        layout.MCP_TOOLS: pretty(mcp_tools(world.surface_tools())),
        layout.SERVER_TOOLS: pretty_model(declared),
    }


def server_files() -> dict[str, bytes]:
    """`server/`: the environment server with all it imports, and its pinned requirements."""
    roots = {
        package.__name__: Path(str(package.__file__)).parent
        for package in (exporter, world_builder)
    }
    sources = source_closure(_SERVER_MODULES, roots)
    copied = {f"{layout.SERVER}{name}": data for name, data in sources.items()}
    return {**copied, layout.SERVER_REQUIREMENTS: REQUIREMENTS.encode()}
