"""Calls that references of the returns desk share, with their answers as typed values."""

from typing import cast

from world_builder.frozen import Json
from world_builder.templates import Session


def rows(session: Session, tool: str, **arguments: Json) -> list[dict[str, Json]]:
    """What a search finds."""
    return cast(list[dict[str, Json]], session.call(tool, **arguments)["results"])


def made(session: Session, tool: str, what: str, **arguments: Json) -> dict[str, Json]:
    """The new entity that a writing call answers with."""
    return cast(dict[str, Json], session.call(tool, **arguments)[what])
