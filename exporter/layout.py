"""Where everything lies in a bundle: the paths of the paper's table 1, and ours beside them.

The writer, the reader and the server all take their paths from here. It touches no disk.
Source: paper section 4.5, table 1.
"""

from typing import Final

FORMAT_VERSION: Final = 1

MANIFEST: Final = "bundle.json"
README: Final = "README.md"
DOCKERFILE: Final = "Dockerfile"
DOCKERIGNORE: Final = ".dockerignore"

TASKS: Final = "tasks/"
ENTITIES: Final = "entities/"
SYSTEM_PROMPTS: Final = "system-prompts/"
SERVER: Final = "server/"
SOLUTIONS: Final = "solutions/"

ENTITY_SCHEMA: Final = "entities/schema.json"
SYSTEM_PROMPT_INDEX: Final = "system-prompts/index.json"
MCP_TOOLS: Final = "mcp-tools.json"
SERVER_TOOLS: Final = "server/tools.json"
SERVER_REQUIREMENTS: Final = "server/requirements.txt"

RESERVED_ENTITY_TYPE: Final = "schema"
"""No entity type may have this name: its file would be the schema's."""


def task_path(task_id: str) -> str:
    return f"{TASKS}{task_id}.json"


def solution_path(task_id: str) -> str:
    return f"{SOLUTIONS}{task_id}.json"


def entity_path(entity_type: str) -> str:
    return f"{ENTITIES}{entity_type}.json"


def system_prompt_path(name: str) -> str:
    return f"{SYSTEM_PROMPTS}{name}.md"


def is_byte_code_cache(path: str) -> bool:
    """True for what Python leaves beside the server's code when it runs; no part of a bundle."""
    return path.startswith(SERVER) and "/__pycache__/" in path and path.endswith(".pyc")


def bundle_name(world: str, version: str) -> str:
    """The folder of a bundle.

    >>> bundle_name("tutorial", "1.0.0")
    'tutorial-1.0.0'
    """
    return f"{world}-{version}"
