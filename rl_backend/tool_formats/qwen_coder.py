"""Qwen3-Coder: `<function=name>` with `<parameter=key>` blocks inside `<tool_call>`."""

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
_FUNCTION: Final = re.compile(
    r"\s*<function=(?P<name>[^>\s]+)>(?P<body>.*)</function>\s*", re.DOTALL
)
_PARAMETER: Final = re.compile(
    r"\s*<parameter=(?P<key>[^>]+)>\n?(?P<value>.*?)\n?</parameter>", re.DOTALL
)


class QwenCoderFormat:
    """Reads values by the tool's schema, since the text does not say what is a number."""

    name = "qwen_coder"
    example = (
        f"{_START}\n<function=tool_name>\n<parameter=argument>\nvalue\n</parameter>\n"
        f"</function>\n{_END}"
    )

    def parse(self, text: str, schemas: Schemas) -> ParsedText:
        return parse_blocks(text, _BLOCK, lambda match: self._read(match, schemas))

    def write(self, content: str, calls: Sequence[ToolCall]) -> str:
        return "\n".join(([content] if content else []) + [_call(call) for call in calls])

    def _read(self, match: re.Match[str], schemas: Schemas) -> CallRequest:
        body = match["body"]
        if not match["end"]:
            return self._malformed(body, f"it is not closed with {_END}")
        function = _FUNCTION.fullmatch(body)
        if function is None:
            return self._malformed(body, "it must hold one <function=tool_name> block")
        known = properties(schemas, function["name"])
        arguments, at = {}, 0
        for found in _PARAMETER.finditer(function["body"]):
            if found.start() != at:
                break
            arguments[found["key"]] = typed(found["value"], known.get(found["key"]))
            at = found.end()
        if function["body"][at:].strip():
            return self._malformed(body, "its arguments must be closed <parameter=name> blocks")
        return ToolCall(tool=function["name"], arguments=arguments)

    def _malformed(self, body: str, problem: str) -> MalformedCall:
        return MalformedCall(text=body.strip(), problem=problem, example=self.example)


def _call(call: ToolCall) -> str:
    parameters = "".join(
        f"<parameter={key}>\n{bare(value)}\n</parameter>\n" for key, value in call.arguments.items()
    )
    return f"{_START}\n<function={call.tool}>\n{parameters}</function>\n{_END}"
