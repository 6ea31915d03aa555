"""What an assistant's text asks for, whatever format it was written in.

`tool_formats` reads and writes the text; the environment answers. Needs no tokenizer.
"""

from dataclasses import dataclass
from typing import TypeAlias

from world_builder.tools import ToolCall, ToolErrorCode, ToolResult, tool_error

_THINK_START, _THINK_END = "<think>", "</think>"


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedCall:
    """A call that could not be read."""

    text: str
    """What was written in its place."""
    problem: str
    """What is wrong with it, for the policy."""
    example: str
    """A call as it should be written."""

    def as_call(self) -> ToolCall:
        """The call as a record keeps it: no tool, the text as it was."""
        return ToolCall(tool="", arguments={"text": self.text})

    def answer(self) -> ToolResult:
        """The tool error that the policy reads."""
        message = f"the tool call could not be read: {self.problem}. Write it as {self.example}"
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


def final_response(text: str) -> str:
    """What the requester reads: the text without the reasoning before it.

    >>> final_response("<think>Easy.</think>\\n\\nIt is 42.")
    'It is 42.'
    """
    return split_reasoning(text)[1].strip()


def split_reasoning(text: str) -> tuple[str, str]:
    """Reasoning and what is spoken after it; reasoning without an end is all there is."""
    head, end, tail = text.rpartition(_THINK_END)
    if end:
        return head + end, tail
    return (text, "") if text.lstrip().startswith(_THINK_START) else ("", text)
