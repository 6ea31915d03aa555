"""The JSON documents of a bundle that hold more than one thing, as types.

Shared by `contents`, which writes them, and `bundle`, which reads them.
"""

from pydantic import AwareDatetime

from world_builder.entities import EntityType
from world_builder.frozen import Frozen, Json
from world_builder.tools import Tool, ToolSurface


class WorldHeader(Frozen):
    """What a world is apart from its lists."""

    name: str
    title: str
    description: str
    now: AwareDatetime
    seed: int


class SchemaDocument(Frozen):
    """`entities/schema.json`: the world's header, its types, and each type as JSON Schema."""

    world: WorldHeader
    entity_types: tuple[EntityType, ...]
    json_schemas: dict[str, dict[str, Json]]
    """Made from `entity_types`, for readers that know nothing of this project."""


class ToolsDocument(Frozen):
    """`server/tools.json`: the tools with their operations, and the tool surfaces."""

    tools: tuple[Tool, ...]
    surfaces: tuple[ToolSurface, ...]


class SystemPromptEntry(Frozen):
    """One policy document in `system-prompts/`; its text is `<name>.md`."""

    name: str
    title: str


class SystemPromptIndex(Frozen):
    """`system-prompts/index.json`: the documents in the author's order."""

    system_prompts: tuple[SystemPromptEntry, ...]
