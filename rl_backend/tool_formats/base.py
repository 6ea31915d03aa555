"""What every format can do, and what several of them share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, Protocol

from rl_backend.tool_calls import CallRequest, MalformedCall, ParsedText, split_reasoning
from world_builder.frozen import Json
from world_builder.tools import ToolCall

Schemas = Mapping[str, Mapping[str, Json]]
"""JSON Schema of the arguments, by tool."""


class ToolFormat(Protocol):
    """One way of writing tool calls."""

    @property
    def name(self) -> str:
        """As settings name it."""

    @property
    def example(self) -> str:
        """A call as a policy should write it."""

    def parse(self, text: str, schemas: Schemas) -> ParsedText:
        """The content and the calls of an assistant's text; calls inside reasoning are not made."""

    def write(self, content: str, calls: Sequence[ToolCall]) -> str:
        """Content and calls as one canonical text: what `parse` reads back unchanged."""


def parse_blocks(
    text: str, pattern: re.Pattern[str], read: Callable[[re.Match[str]], CallRequest]
) -> ParsedText:
    """Calls that stand in blocks of their own, with any text around them."""
    reasoning, spoken = split_reasoning(text)
    requests = tuple(read(match) for match in pattern.finditer(spoken))
    if not requests:
        return ParsedText(content=text, requests=())
    return ParsedText(content=(reasoning + pattern.sub("", spoken)).strip(), requests=requests)


def block(start: str, end: str) -> re.Pattern[str]:
    """A tagged block; an unclosed one reaches to the next start or the end of the text."""
    first, last = re.escape(start), re.escape(end)
    return re.compile(
        rf"{first}(?P<body>(?:(?!{first}).)*?)(?P<end>{last}|(?={first})|\Z)", re.DOTALL
    )


def read_json_call(body: str, keys: tuple[str, str], example: str) -> CallRequest:
    """A call written as a JSON object with a name and its arguments under the given keys."""
    try:
        return json_call(body, keys)
    except ValueError as error:
        return MalformedCall(text=body, problem=str(error), example=example)


def json_call(body: str, keys: tuple[str, str]) -> ToolCall:
    """The same call, if it can be read. Raises ValueError with what is wrong."""
    try:
        return _to_call(json_value(body), keys)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def typed(text: str, schema: Json) -> Json:
    """The value of an argument that is written as bare text, by the schema of its tool.

    Text where the schema wants text; else the JSON value that it is, or text when it is none.
    """
    if isinstance(schema, dict) and schema.get("type") == "string":
        return text
    try:
        value: Json = json_value(text)
    except (ValueError, RecursionError):
        return text
    return value


def bare(value: Json) -> str:
    """A value as `typed` reads it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def properties(schemas: Schemas, tool: str) -> Mapping[str, Json]:
    """The schemas of a tool's arguments; empty when it is unknown."""
    found = schemas.get(tool, {}).get("properties")
    return found if isinstance(found, dict) else {}


def json_value(text: str) -> Json:
    """The value, if every machine would write it alike. Raises ValueError or RecursionError."""
    value: Json = json.loads(text, parse_constant=_refuse_constant)
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("half a character (a lone surrogate) is not text") from error
    return value


def _to_call(value: object, keys: tuple[str, str]) -> ToolCall:
    """The call that a JSON value is. Raises ValueError with what is wrong."""
    name_key, arguments_key = keys
    if not isinstance(value, dict):
        raise ValueError(f"it must be a JSON object with `{name_key}` and `{arguments_key}`")
    name, arguments = value.get(name_key), value.get(arguments_key, {})
    if not isinstance(name, str) or not name:
        raise ValueError(f"`{name_key}` must be the name of a tool")
    if not isinstance(arguments, dict):
        raise ValueError(f"`{arguments_key}` must be a JSON object")
    if unknown := sorted(value.keys() - set(keys)):
        raise ValueError(
            f"only `{name_key}` and `{arguments_key}` are allowed, not {', '.join(unknown)}"
        )
    return ToolCall(tool=name, arguments=arguments)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
