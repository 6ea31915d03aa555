"""Qwen3-Coder: `<function=name>` with `<parameter=key>` blocks inside `<tool_call>`."""

from __future__ import annotations

import re
from typing import Final

from rl_backend.tool_formats.base import Schemas, bare, properties, typed
from rl_backend.tool_formats.tagged import END, START, TaggedFormat
from world_builder.tools import ToolCall

_FUNCTION: Final = re.compile(
    r"\s*<function=(?P<name>[^>\s]+)>(?P<body>.*)</function>\s*", re.DOTALL
)
_PARAMETER: Final = re.compile(
    r"\s*<parameter=(?P<key>[^>]+)>\n?(?P<value>.*?)\n?</parameter>", re.DOTALL
)


class QwenCoderFormat(TaggedFormat):
    """Reads values by the tool's schema, since the text does not say what is a number."""

    name = "qwen_coder"
    example = (
        f"{START}\n<function=tool_name>\n<parameter=argument>\nvalue\n</parameter>\n"
        f"</function>\n{END}"
    )

    def read_body(self, body: str, schemas: Schemas) -> ToolCall:
        function = _FUNCTION.fullmatch(body)
        if function is None:
            raise ValueError("it must hold one <function=tool_name> block")
        known = properties(schemas, function["name"])
        arguments, at = {}, 0
        for found in _PARAMETER.finditer(function["body"]):
            if found.start() != at:
                break
            arguments[found["key"]] = typed(found["value"], known.get(found["key"]))
            at = found.end()
        if function["body"][at:].strip():
            raise ValueError("its arguments must be closed <parameter=name> blocks")
        return ToolCall(tool=function["name"], arguments=arguments)

    def write_body(self, call: ToolCall) -> str:
        parameters = "".join(
            f"<parameter={key}>\n{bare(value)}\n</parameter>\n"
            for key, value in call.arguments.items()
        )
        return f"\n<function={call.tool}>\n{parameters}</function>\n"
