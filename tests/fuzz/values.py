"""What is sent: any JSON, arguments that nearly fit a schema, start states and bodies.

Everything is drawn from one seeded generator, by weights: Hypothesis' own strategies give an order
of magnitude fewer examples a second, and favour the odd ones.
"""

import json
import re
import string
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from world_builder.tools import Tool
from world_builder.world import World

_SPECIAL_TEXTS = (
    "", " ", "\0", "\ud800", "null", "NaN", "-0", "1e999", "2025-02-30", "2025-09-15T14:00",
    "2025-09-15T14:00:00-04:00", "9999-12-31T23:59:59Z", "0001-01-01", "Infinity", "%s", "{it.id}",
    "args.id", "' or 1 == 1 or '", "../../etc/passwd", "A" * 5_000, "\u202eabc", "İ", "𝟙",
    "(?:a+)+$", "[", "__class__", "id",
)  # fmt: skip
_SPECIAL_NUMBERS = (
    0, -1, 1, 2**31, 2**53, 2**63, -(2**63) - 1, 2**64, 10**40, 0.1, -0.0, 1e308, 5e-324,
)  # fmt: skip
_LETTERS = string.printable + "äßİ€☕𝟙\u200b\u0301\ud83d"
_ODD_BODIES = (
    b"", b"[" * 50_000, b'{"a":' * 20_000, b"\xff\xfe", b"NaN", b"[]", b"1" * 5_000, b'"\\ud800"',
    b"\xef\xbb\xbf{}", b"{}{}", b"null", b"\x00",
)  # fmt: skip
_MOMENTS = (
    "2025-09-15T14:00:00-04:00", "2025-09-15T14:00:00Z", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
)  # fmt: skip


def text(rng: Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(_SPECIAL_TEXTS)
    return "".join(rng.choices(_LETTERS, k=rng.randrange(12)))


def number(rng: Random) -> int | float:
    if rng.random() < 0.5:
        return rng.choice(_SPECIAL_NUMBERS)
    return rng.choice([rng.randrange(-300, 300), rng.gauss(0, 1e6)])


def wild(rng: Random, depth: int = 0) -> Any:
    """Any JSON, shallow for the most part."""
    kind = rng.random()
    if depth > 3 or kind < 0.65:
        return rng.choice([None, True, False, number(rng), text(rng), text(rng)])
    if rng.random() < 0.02:
        return _nested(rng.choice([20, 150]))
    size = rng.randrange(4)
    if kind < 0.8:
        return [wild(rng, depth + 1) for _ in range(size)]
    return {text(rng): wild(rng, depth + 1) for _ in range(size)}


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


class Words:
    """Texts of a world that a tool may know, and ids by their type."""

    def __init__(self, world: World) -> None:
        self.ids: dict[str, tuple[str, ...]] = {
            t.name: tuple(str(r["id"]) for r in world.entities[t.name]) for t in world.entity_types
        }
        found: dict[str, None] = {}
        for records in world.entities.values():
            for record in records[:: len(records) // 12 + 1]:
                found |= dict.fromkeys(v for v in record.values() if isinstance(v, str))
        self.all = (*(word for word in found if len(word) < 80), *self.ids)

    def ids_for(self, parameter: str, tool: str) -> tuple[str, ...]:
        """Ids of the type that a parameter, or else the tool, is named after."""
        for name in (parameter.removesuffix("s").removesuffix("_id"), tool):
            for entity_type, ids in self.ids.items():
                if ids and (name == entity_type or f"_{entity_type}" in name):
                    return ids
        return ()


def near(rng: Random, schema: Any, words: Words, name: str = "", tool: str = "") -> Any:
    """A value that fits a schema, or nearly."""
    if not isinstance(schema, dict):
        return wild(rng)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "string":
            return _near_text(rng, words, name, tool)
        case "integer":
            low, high = int(schema.get("minimum", -5)), int(schema.get("maximum", 5_000))
            return rng.choice([low, low + 1, low + 2, low - 1, high, high + 1])
        case "array":
            items = schema.get("items")
            return [near(rng, items, words, name, tool) for _ in range(rng.randrange(4))]
        case "object":
            return near_object(rng, schema, words, tool)
        case "number":
            return number(rng)
        case "boolean":
            return rng.random() < 0.5
    return wild(rng)


def _near_text(rng: Random, words: Words, name: str, tool: str) -> str:
    ids = words.ids_for(name, tool)
    draw = rng.random()
    if ids and draw < 0.9 and ("id" in name or name in words.ids):
        return rng.choice(ids)
    if draw < 0.3 or any(part in name for part in ("after", "before", "date", "day", "until")):
        day = (date(2024, 11, 1) + timedelta(days=rng.randrange(500))).isoformat()
        return rng.choice([day, day, f"{day}T14:00:00-04:00"])
    return rng.choice(words.all) if draw < 0.9 else text(rng)


def near_object(rng: Random, schema: Any, words: Words, tool: str = "") -> dict[str, Any]:
    properties, required = schema.get("properties") or {}, schema.get("required") or ()
    return {
        name: near(rng, inner, words, name, tool)
        for name, inner in properties.items()
        if name in required or rng.random() < 0.4
    }


def arguments_of(rng: Random, tool: Tool, words: Words) -> Any:
    """Arguments that fit in most cases, with one value spoilt in some, and anything in a few."""
    draw = rng.random()
    if draw < 0.05:
        return wild(rng)
    fitting = near_object(rng, tool.parameters, words, tool.name)
    if draw < 0.25:
        fitting[rng.choice((*tool.parameter_names, "strange"))] = wild(rng)
    elif draw < 0.3 and fitting:
        del fitting[rng.choice(sorted(fitting))]
    return fitting


def call_of(rng: Random, tools: Sequence[Tool], words: Words) -> tuple[str, Any]:
    """A tool's name with arguments; a wrong name in a few cases."""
    if rng.random() < 0.03:
        return text(rng), wild(rng)
    tool = rng.choice(tools)
    return tool.name, arguments_of(rng, tool, words)


def start_of(rng: Random, world: World, words: Words) -> Any:
    """The start of a rollout: one that can be, one that nearly can, or nonsense."""
    draw = rng.random()
    if draw < 0.1:
        return wild(rng)
    start: dict[str, Any] = {}
    if draw < 0.9:
        start["start_state"] = [_patch(rng, world, words) for _ in range(rng.randrange(4))]
    if rng.random() < 0.3:
        start["now"] = rng.choice(_MOMENTS) if rng.random() < 0.9 else wild(rng)
    if rng.random() < 0.3:
        surfaces = ["default", *(s.name for s in world.surfaces)]
        start["tool_surface"] = rng.choice(surfaces) if rng.random() < 0.9 else text(rng)
    if rng.random() < 0.05:
        start[text(rng)] = wild(rng)
    return start


def _patch(rng: Random, world: World, words: Words) -> Any:
    if rng.random() < 0.05:
        return wild(rng)
    entity_type = rng.choice(world.entity_types)
    ids = words.ids[entity_type.name]
    entity_id = rng.choice(ids) if ids and rng.random() < 0.9 else text(rng)
    names = [field.name for field in entity_type.fields]
    values: Any = {rng.choice(names): wild(rng) for _ in range(rng.randrange(4))}
    if rng.random() < 0.15:
        values = None if rng.random() < 0.7 else wild(rng)
    name = entity_type.name if rng.random() < 0.97 else text(rng)
    return {"entity_type": name, "id": entity_id, "values": values}


def encoded(value: Any) -> bytes:
    """JSON as a careless client writes it: half characters escaped."""
    return json.dumps(value).encode()


def _deep_call(rng: Random) -> bytes:
    """A call whose argument is nested as deeply as readers of JSON may go, or deeper."""
    depth = rng.choice([100, 200, 250, 300, 400, 900, 990, 1_000, 5_000])
    value = b"[" * depth + b"]" * depth
    head = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":'
    return head + value + b"}}}"


def body_of(rng: Random, draw: Callable[[], Any]) -> bytes:
    """JSON in most cases; else JSON that was cut or spoilt, and bytes."""
    kind = rng.random()
    if kind < 0.03:
        return rng.choice([*_ODD_BODIES, rng.randbytes(rng.randrange(60)), _deep_call(rng)])
    whole = encoded(draw())
    at = rng.randrange(len(whole) + 1)
    if kind < 0.05:
        return whole[:at]
    if kind < 0.07:
        odd = rng.choice([b"NaN", b"-Infinity", b"1e999", b"1E400", b"0x1", b"01", b"'x'"])
        return re.sub(rb"-?\d+|null|true", odd, whole, count=1)
    if kind < 0.1:
        return whole[:at] + rng.randbytes(rng.randrange(1, 4)) + whole[at + rng.randrange(2) :]
    return whole
