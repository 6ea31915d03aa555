"""Hermes and Qwen: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, one or several."""

from __future__ import annotations

import json

from rl_backend.tool_formats.base import Schemas, json_call
from rl_backend.tool_formats.tagged import END, START, TaggedFormat
from world_builder.frozen import Json
from world_builder.tools import ToolCall


class HermesFormat(TaggedFormat):
    """The default: it needs no schema and writes every value as JSON."""

    name = "hermes"
    example = f'{START}\n{{"name": "tool_name", "arguments": {{"argument": "value"}}}}\n{END}'

    def read_body(self, body: str, schemas: Schemas) -> ToolCall:
        return json_call(body.strip(), ("name", "arguments"))

    def write_body(self, call: ToolCall) -> str:
        body: dict[str, Json] = {"name": call.tool, "arguments": call.arguments}
        return f"\n{json.dumps(body, ensure_ascii=False)}\n"
