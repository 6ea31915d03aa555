"""Random but plausible tool calls and texts, from a tool's schema and the words of a dialogue.

Feeds the `random` policy and the conformance suite of the runtimes. The same generator gives the
same calls; about one call in five is wrong on purpose.
"""

import random
import re
from collections.abc import Sequence

from rl_backend.runtimes.base import OfferedTool
from world_builder.frozen import Json
from world_builder.tools import ToolCall

_WORD = re.compile(r"[A-Za-z0-9][\w@.-]*[A-Za-z0-9]|[A-Za-z0-9]")
_MANGLED: tuple[Json, ...] = (None, "", -1, 2.5, True, [], {"x": 1}, "no such thing", "Ünïcode ☕")


def words_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Words and ids of some texts, each once, in order."""
    return tuple(dict.fromkeys(word for text in texts for word in _WORD.findall(text)))


def random_words(rng: random.Random, words: Sequence[str], num_words: int) -> str:
    """A text of so many of the words."""
    return " ".join(rng.choice(words) for _ in range(num_words)) if words else ""


def random_call(rng: random.Random, tools: Sequence[OfferedTool], words: Sequence[str]) -> ToolCall:
    """A call of one of the tools; one in five has a wrong name or argument."""
    tool = rng.choice(tools)
    arguments = random_arguments(rng, tool, words)
    fault = rng.random()
    if fault < 0.04:
        return ToolCall(tool=tool.name + "s", arguments=arguments)
    if fault < 0.12 and arguments:
        del arguments[rng.choice(sorted(arguments))]
    elif fault < 0.2:
        name = rng.choice([*sorted(arguments), "unknown_argument"])
        arguments[name] = rng.choice(_MANGLED)
    return ToolCall(tool=tool.name, arguments=arguments)


def random_arguments(
    rng: random.Random, tool: OfferedTool, words: Sequence[str]
) -> dict[str, Json]:
    """Arguments that fit the schema as far as words can: required ones and half of the others."""
    properties, required = tool.parameters.get("properties"), tool.parameters.get("required")
    if not isinstance(properties, dict):
        return {}
    needed = required if isinstance(required, list) else []
    return {
        name: _random_value(rng, schema, words)
        for name, schema in properties.items()
        if name in needed or rng.random() < 0.5
    }


def _random_value(rng: random.Random, schema: Json, words: Sequence[str]) -> Json:
    if not isinstance(schema, dict):
        return random_words(rng, words, 1)
    if isinstance(options := schema.get("enum"), list):
        return rng.choice(options)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = rng.choice(kind)
    match kind:
        case "integer":
            return rng.randint(1, 5)
        case "number":
            return round(rng.uniform(0, 100), 2)
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
        case "array":
            items = schema.get("items")
            return [_random_value(rng, items, words) for _ in range(rng.randint(0, 3))]
        case "object":
            nested = OfferedTool(name="object", description="", parameters=schema)
            return random_arguments(rng, nested, words)
    return _random_text(rng, schema, words)


def _random_text(rng: random.Random, schema: dict[str, Json], words: Sequence[str]) -> str:
    day = f"2025-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    match schema.get("format"):
        case "date":
            return day
        case "date-time":
            return f"{day}T12:00:00Z"
    return random_words(rng, words, rng.choice([1, 1, 1, 2]))
