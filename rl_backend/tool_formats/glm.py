"""GLM-4.5 and 4.6: a name, then keys and values in tags of their own, text values bare."""

from __future__ import annotations

import re
from typing import Final

from rl_backend.tool_formats.base import Schemas, bare, properties, typed
from rl_backend.tool_formats.tagged import END, START, TaggedFormat
from world_builder.tools import ToolCall

_ARGUMENT: Final = re.compile(
    r"\s*<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.DOTALL
)


class GlmFormat(TaggedFormat):
    """Reads values by the tool's schema, since the text does not say what is a number."""

    name = "glm"
    example = f"{START}tool_name\n<arg_key>argument</arg_key>\n<arg_value>value</arg_value>\n{END}"

    def read_body(self, body: str, schemas: Schemas) -> ToolCall:
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
            raise ValueError("each <arg_key> needs its <arg_value>, both closed")
        if not name.strip() or "<" in name:
            raise ValueError("it must begin with the name of a tool")
        return ToolCall(tool=name.strip(), arguments=arguments)

    def write_body(self, call: ToolCall) -> str:
        arguments = "".join(
            f"<arg_key>{key}</arg_key>\n<arg_value>{bare(value)}</arg_value>\n"
            for key, value in call.arguments.items()
        )
        return f"{call.tool}\n{arguments}"
