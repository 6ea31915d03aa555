"""The base of every declared type: immutable data that refuses unknown fields.

Stands below all other modules. It holds no behaviour of the domain.
"""

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue

Json: TypeAlias = JsonValue
"""Any JSON value."""

Record: TypeAlias = Mapping[str, JsonValue]
"""One entity as JSON: its `id` and its field values. Treated as immutable everywhere."""


class Frozen(BaseModel):
    """Immutable pydantic data; an unknown field is an error, not a silent extra."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
