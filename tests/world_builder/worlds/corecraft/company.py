"""The shipped company, built once for all tests of this folder, and a place to make calls."""

from functools import cache
from typing import Any

from world_builder.engine import Engine
from world_builder.frozen import Json
from world_builder.state import WorldBase, WorldState
from world_builder.tools import ToolCall, ToolResult
from world_builder.world import DEFAULT_SURFACE, World
from world_builder.worlds.corecraft import DEFAULT_SEED, world_of
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.story import build_company


@cache
def company() -> Company:
    return build_company(DEFAULT_SEED)


@cache
def world() -> World:
    """The world without its tasks."""
    return world_of(company(), DEFAULT_SEED)


@cache
def base() -> WorldBase:
    return WorldBase(world())


@cache
def engine(surface: str = DEFAULT_SURFACE) -> Engine:
    return Engine(world(), surface)


def call(
    tool: str, state: WorldState | None = None, surface: str = DEFAULT_SURFACE, **arguments: Json
) -> ToolResult:
    """What a call answers; in a fresh state unless one is given."""
    made = ToolCall(tool=tool, arguments=arguments)
    return engine(surface).apply(state or WorldState(base()), made)


def answer(
    tool: str, state: WorldState | None = None, surface: str = DEFAULT_SURFACE, **arguments: Json
) -> dict[str, Json]:
    """The result of a call that must succeed."""
    result = call(tool, state, surface, **arguments)
    assert not result.is_error, result.text
    return result.value


def refusal(tool: str, state: WorldState | None = None, **arguments: Any) -> str:
    """The message of a call that must be refused and change nothing."""
    state = state or WorldState(base())
    before = state.state_hash
    result = call(tool, state, **arguments)
    assert result.is_error, result.text
    assert result.value["error"] != "tool_broken", result.text
    assert state.state_hash == before
    return str(result.value["message"])
