"""Hermes and Qwen: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, one or several."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from rl_backend.tool_calls import CallRequest, MalformedCall, ParsedText
from rl_backend.tool_formats.base import Schemas, block, parse_blocks, read_json_call
from world_builder.frozen import Json
from world_builder.tools import ToolCall

_START: Final = "<tool_call>"
_END: Final = "</tool_call>"
_BLOCK: Final = block(_START, _END)


class HermesFormat:
    """The default: it needs no schema and writes every value as JSON."""

    name = "hermes"
    example = f'{_START}\n{{"name": "tool_name", "arguments": {{"argument": "value"}}}}\n{_END}'

    def parse(self, text: str, schemas: Schemas) -> ParsedText:
        del schemas
        return parse_blocks(text, _BLOCK, self._read)

    def write(self, content: str, calls: Sequence[ToolCall]) -> str:
        return "\n".join(([content] if content else []) + [self._call(call) for call in calls])

    def _call(self, call: ToolCall) -> str:
        body: dict[str, Json] = {"name": call.tool, "arguments": call.arguments}
        return f"{_START}\n{json.dumps(body, ensure_ascii=False)}\n{_END}"

    def _read(self, match: re.Match[str]) -> CallRequest:
        body = match["body"].strip()
        if not match["end"]:
            return MalformedCall(
                text=body, problem=f"it is not closed with {_END}", example=self.example
            )
        return read_json_call(body, ("name", "arguments"), self.example)
