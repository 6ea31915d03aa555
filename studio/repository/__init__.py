"""The only translator between rows and world_builder types.

`types` what callers see; `store` one kind of declared thing; `worlds` whole worlds. Functions take
an open session (see `database`) and never commit.
"""

from studio.repository.store import (
    ENTITIES,
    ENTITY_TYPES,
    POLICIES,
    STORES,
    TASKS,
    TOOLS,
    Store,
)
from studio.repository.types import Kind, Listing, Query, Ref, Saved, Stored

__all__ = [
    "ENTITIES",
    "ENTITY_TYPES",
    "POLICIES",
    "STORES",
    "TASKS",
    "TOOLS",
    "Kind",
    "Listing",
    "Query",
    "Ref",
    "Saved",
    "Store",
    "Stored",
]
