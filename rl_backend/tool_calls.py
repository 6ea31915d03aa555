"""The tool calls inside an assistant's text: how they are written and read.

Qwen/Hermes style: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, several per message,
with any text around them. A call that cannot be read stays in the order as a `MalformedCall`, which
the environment answers with a tool error. Needs no tokenizer.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from world_builder.frozen import Json
from world_builder.tools import ToolCall, ToolErrorCode, ToolResult, tool_error

CALL_START = "<tool_call>"
CALL_END = "</tool_call>"
_CALL = re.compile(
    rf"{CALL_START}(?P<body>(?:(?!{CALL_START}).)*?)(?P<end>{CALL_END}|(?={CALL_START})|\Z)",
    re.DOTALL,
)
_THINK_START, _THINK_END = "<think>", "</think>"
_EXAMPLE = '<tool_call>\n{"name": "tool_name", "arguments": {"argument": "value"}}\n</tool_call>'


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedCall:
    """A call that could not be read."""

    text: str
    """What was written between the tags."""
    problem: str
    """What is wrong with it, for the policy."""

    def as_call(self) -> ToolCall:
        """The call as a record keeps it: no tool, the text as it was."""
        return ToolCall(tool="", arguments={"text": self.text})

    def answer(self) -> ToolResult:
        """The tool error that the policy reads."""
        message = f"the tool call could not be read: {self.problem}. Write it as {_EXAMPLE}"
        return tool_error("", ToolErrorCode.MALFORMED_CALL, message)


CallRequest: TypeAlias = ToolCall | MalformedCall
"""What an assistant asks for, readable or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedText:
    """An assistant's text, taken apart."""

    content: str
    """The text outside the calls, reasoning included."""
    requests: tuple[CallRequest, ...]
    """The calls, in order."""


def parse_text(text: str) -> ParsedText:
    """The content and the calls of an assistant's text; calls inside reasoning are not made.

    >>> parse_text('Hm.\\n<tool_call>{"name": "find", "arguments": {}}</tool_call>').requests
    (ToolCall(tool='find', arguments={}),)
    """
    reasoning, spoken = _split_reasoning(text)
    requests = tuple(_read(match) for match in _CALL.finditer(spoken))
    if not requests:
        return ParsedText(content=text, requests=())
    return ParsedText(content=(reasoning + _CALL.sub("", spoken)).strip(), requests=requests)


def final_response(text: str) -> str:
    """What the requester reads: the text without the reasoning before it.

    >>> final_response("<think>Easy.</think>\\n\\nIt is 42.")
    'It is 42.'
    """
    return _split_reasoning(text)[1].strip()


def call_text(call: ToolCall) -> str:
    """The call as a policy should write it."""
    body: dict[str, Json] = {"name": call.tool, "arguments": call.arguments}
    return f"{CALL_START}\n{json.dumps(body, ensure_ascii=False)}\n{CALL_END}"


def assistant_text(content: str, calls: Sequence[ToolCall]) -> str:
    """Content and calls as one canonical text: what `parse_text` reads back unchanged."""
    return "\n".join(([content] if content else []) + [call_text(call) for call in calls])


def _split_reasoning(text: str) -> tuple[str, str]:
    head, end, tail = text.rpartition(_THINK_END)
    if end:
        return head + end, tail
    return (text, "") if text.lstrip().startswith(_THINK_START) else ("", text)


def _read(match: re.Match[str]) -> CallRequest:
    body = match["body"].strip()
    if not match["end"]:
        return MalformedCall(text=body, problem=f"it is not closed with {CALL_END}")
    try:
        return _to_call(_json_value(body))
    except RecursionError:
        return MalformedCall(text=body, problem="it is nested too deeply")
    except ValueError as error:
        return MalformedCall(text=body, problem=str(error))


def _json_value(body: str) -> object:
    """The value, if every machine would write it alike. Raises ValueError or RecursionError."""
    value: object = json.loads(body, parse_constant=_refuse_constant)
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("half a character (a lone surrogate) is not text") from error
    return value


def _to_call(value: object) -> ToolCall:
    """The call that a JSON value is. Raises ValueError with what is wrong."""
    if not isinstance(value, dict):
        raise ValueError("it must be a JSON object with `name` and `arguments`")
    name, arguments = value.get("name"), value.get("arguments", {})
    if not isinstance(name, str) or not name:
        raise ValueError("`name` must be the name of a tool")
    if not isinstance(arguments, dict):
        raise ValueError("`arguments` must be a JSON object")
    if unknown := sorted(value.keys() - {"name", "arguments"}):
        raise ValueError(f"only `name` and `arguments` are allowed, not {', '.join(unknown)}")
    return ToolCall(tool=name, arguments=arguments)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
