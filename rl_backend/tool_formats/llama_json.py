"""Llama 3: the message is `{"name": ..., "parameters": {...}}`, several parted by semicolons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from rl_backend.tool_calls import CallRequest, MalformedCall, ParsedText, split_reasoning
from rl_backend.tool_formats.base import Schemas, read_json_call
from world_builder.frozen import Json
from world_builder.tools import ToolCall

_TAG: Final = "<|python_tag|>"
_OPENING: Final = '{"name"'
_DECODER: Final = json.JSONDecoder()


class LlamaJsonFormat:
    """Calls begin at the tag, or where the message begins with a call; nothing follows them."""

    name = "llama_json"
    example = '{"name": "tool_name", "parameters": {"argument": "value"}}'

    def parse(self, text: str, schemas: Schemas) -> ParsedText:
        del schemas
        reasoning, spoken = split_reasoning(text)
        content, tag, calls = spoken.partition(_TAG)
        if not tag:
            if not spoken.lstrip().startswith(_OPENING):
                return ParsedText(content=text, requests=())
            content, calls = "", spoken
        requests = tuple(self._read(body) for body in _parts(calls))
        return ParsedText(content=(reasoning + content).strip(), requests=requests)

    def write(self, content: str, calls: Sequence[ToolCall]) -> str:
        if not calls:
            return content
        written = "; ".join(_call(call) for call in calls)
        return f"{content}{_TAG}{written}" if content else written

    def _read(self, body: str) -> CallRequest:
        if not body:
            return MalformedCall(text=body, problem="there is no call", example=self.example)
        return read_json_call(body, ("name", "parameters"), self.example)


def _parts(text: str) -> Iterator[str]:
    """The JSON values between semicolons; what is no value goes to the end as one part."""
    rest = text.strip()
    while True:
        try:
            end = _DECODER.raw_decode(rest)[1]
        except (ValueError, RecursionError):
            end = len(rest)
        after = rest[end:].lstrip()
        if after and not after.startswith(";"):
            yield rest
            return
        yield rest[:end]
        if not after:
            return
        rest = after[1:].lstrip()


def _call(call: ToolCall) -> str:
    body: dict[str, Json] = {"name": call.tool, "parameters": call.arguments}
    return json.dumps(body, ensure_ascii=False)
