"""The frame that several formats share: each call in a `<tool_call>` block of its own."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from rl_backend.tool_calls import CallRequest, MalformedCall, ParsedText
from rl_backend.tool_formats.base import Schemas, block, parse_blocks
from world_builder.tools import ToolCall

START: Final = "<tool_call>"
END: Final = "</tool_call>"
_BLOCK: Final = block(START, END)


class TaggedFormat(ABC):
    """Finds and writes the blocks; what stands in one is the format's own."""

    name: str
    example: str

    def parse(self, text: str, schemas: Schemas) -> ParsedText:
        return parse_blocks(text, _BLOCK, lambda match: self._read(match, schemas))

    def write(self, content: str, calls: Sequence[ToolCall]) -> str:
        written = [f"{START}{self.write_body(call)}{END}" for call in calls]
        return "\n".join(([content] if content else []) + written)

    @abstractmethod
    def read_body(self, body: str, schemas: Schemas) -> ToolCall:
        """The call in a block. Raises ValueError with what is wrong, for the policy."""

    @abstractmethod
    def write_body(self, call: ToolCall) -> str:
        """What stands in the block of a call."""

    def _read(self, match: re.Match[str], schemas: Schemas) -> CallRequest:
        try:
            if not match["end"]:
                raise ValueError(f"it is not closed with {END}")
            return self.read_body(match["body"], schemas)
        except ValueError as error:
            body = match["body"].strip()
            return MalformedCall(text=body, problem=str(error), example=self.example)
