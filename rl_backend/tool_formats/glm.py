"""GLM-4.5 and 4.6: a name, then keys and values in tags of their own, text values bare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rl_backend.tool_calls import CallRequest, MalformedCall, ParsedText
from rl_backend.tool_formats.base import Schemas, bare, block, parse_blocks, properties, typed
from world_builder.tools import ToolCall

_START: Final = "<tool_call>"
_END: Final = "</tool_call>"
_BLOCK: Final = block(_START, _END)
_ARGUMENT: Final = re.compile(
    r"\s*<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.DOTALL
)


class GlmFormat:
    """Reads values by the tool's schema, since the text does not say what is a number."""

    name = "glm"
    example = (
        f"{_START}tool_name\n<arg_key>argument</arg_key>\n<arg_value>value</arg_value>\n{_END}"
    )

    def parse(self, text: str, schemas: Schemas) -> ParsedText:
        return parse_blocks(text, _BLOCK, lambda match: self._read(match, schemas))

    def write(self, content: str, calls: Sequence[ToolCall]) -> str:
        return "\n".join(([content] if content else []) + [_call(call) for call in calls])

    def _read(self, match: re.Match[str], schemas: Schemas) -> CallRequest:
        body = match["body"]
        if not match["end"]:
            return self._malformed(body, f"it is not closed with {_END}")
        name = body.partition("<arg_key>")[0]
        known = properties(schemas, name.strip())
        arguments = {}
        at = len(name)
        for found in _ARGUMENT.finditer(body, at):
            if found.start() != at:
                break
            key = found["key"].strip()
            arguments[key] = typed(found["value"], known.get(key))
            at = found.end()
        if body[at:].strip():
            return self._malformed(body, "each <arg_key> needs its <arg_value>, both closed")
        if not name.strip() or "<" in name:
            return self._malformed(body, "it must begin with the name of a tool")
        return ToolCall(tool=name.strip(), arguments=arguments)

    def _malformed(self, body: str, problem: str) -> MalformedCall:
        return MalformedCall(text=body.strip(), problem=problem, example=self.example)


def _call(call: ToolCall) -> str:
    arguments = "".join(
        f"<arg_key>{key}</arg_key>\n<arg_value>{bare(value)}</arg_value>\n"
        for key, value in call.arguments.items()
    )
    return f"{_START}{call.tool}\n{arguments}{_END}"
