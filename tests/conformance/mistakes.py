"""Mistakes of an agent in a single call: wrong ids, arguments, types, names of tools."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from world_builder.frozen import Json
from world_builder.tools import Tool, ToolCall
from world_builder.world import World

_WRONG_TYPES: tuple[Json, ...] = (None, True, -1, 2.5, 3.0, 10**15, [], ["x"], {"x": 1}, "7")
_ODD_TEXTS = ("", " ", "no such thing", "Ünïcode ☕ \u202e\n\t\"'", "x" * 400, "ord-1' OR 1=1")
_ODD_NUMBERS: tuple[Json, ...] = (-1, 0, 1.5, 2.0, 10**9, 10**18, -(10**18))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What mistakes are made with."""

    tools: Mapping[str, Tool]
    """All tools of the world, of every surface."""
    types: Mapping[str, str]
    """The entity type of every id."""
    ids: Mapping[str, tuple[str, ...]]
    """All ids of every type."""

    @classmethod
    def of(cls, world: World) -> "Surroundings":
        ids = {t: tuple(str(r["id"]) for r in rs) for t, rs in world.entities.items()}
        types = {entity_id: name for name, known in ids.items() for entity_id in known}
        return cls(tools={tool.name: tool for tool in world.tools}, types=types, ids=ids)


Mistake: TypeAlias = Callable[[Random, Surroundings, ToolCall], ToolCall]


def wrong_id(rng: Random, around: Surroundings, call: ToolCall) -> ToolCall:
    """An id of nothing, of another entity or of another type."""
    named = [n for n, v in call.arguments.items() if isinstance(v, str) and v in around.types]
    if not named:
        return odd_value(rng, around, call)
    name = rng.choice(named)
    right = str(call.arguments[name])
    same = around.ids[around.types[right]]
    other = around.ids[rng.choice(sorted(around.ids))]
    wrong = rng.choice([f"{right[:-1]}_", right.upper(), *rng.choices(same, k=3), other[0]])
    return _with(call, name, wrong)


def missing_argument(rng: Random, around: Surroundings, call: ToolCall) -> ToolCall:
    """One argument fewer, of those that are needed if there are any."""
    needed = around.tools[call.tool].parameters.get("required") or []
    assert isinstance(needed, list)
    names = [n for n in call.arguments if n in needed] or sorted(call.arguments)
    if not names:
        return call
    left_out = rng.choice(names)
    kept = {name: value for name, value in call.arguments.items() if name != left_out}
    return ToolCall(tool=call.tool, arguments=kept)


def wrong_type(rng: Random, around: Surroundings, call: ToolCall) -> ToolCall:
    """An argument of another JSON type."""
    return _with(call, rng.choice(_parameters(around, call)), rng.choice(_WRONG_TYPES))


def odd_value(rng: Random, around: Surroundings, call: ToolCall) -> ToolCall:
    """A value of the right type that nobody expects."""
    name = rng.choice(_parameters(around, call))
    properties = around.tools[call.tool].parameters.get("properties")
    declared = properties.get(name) if isinstance(properties, dict) else None
    kind = declared.get("type") if isinstance(declared, dict) else None
    odd = rng.choice(_ODD_NUMBERS) if kind in {"integer", "number"} else rng.choice(_ODD_TEXTS)
    return _with(call, name, odd)


def as_floats(rng: Random, around: Surroundings, call: ToolCall) -> ToolCall:
    """Each integer written with a decimal point, which JSON Schema takes for the same."""
    return ToolCall.model_validate(_floated(call.model_dump()))


def unknown_argument(rng: Random, around: Surroundings, call: ToolCall) -> ToolCall:
    return _with(call, rng.choice(["verbose", "ID", "customer", "limit "]), "yes")


def unknown_tool(rng: Random, around: Surroundings, call: ToolCall) -> ToolCall:
    """A tool misspelt, or any tool of the world, which this surface may not have."""
    names = [call.tool + "s", call.tool.upper(), "delete_everything", "", *sorted(around.tools)]
    return ToolCall(tool=rng.choice(names), arguments=call.arguments)


MISTAKES: tuple[Mistake, ...] = (
    wrong_id,
    wrong_id,
    missing_argument,
    wrong_type,
    odd_value,
    as_floats,
    unknown_argument,
    unknown_tool,
)


def _parameters(around: Surroundings, call: ToolCall) -> list[str]:
    return sorted({*around.tools[call.tool].parameter_names, *call.arguments})


def _floated(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _floated(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_floated(part) for part in value]
    return float(value) if type(value) is int else value


def _with(call: ToolCall, name: str, value: Json) -> ToolCall:
    return ToolCall(tool=call.tool, arguments={**call.arguments, name: value})
