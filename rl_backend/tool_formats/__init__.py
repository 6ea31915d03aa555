"""The ways in which models write tool calls, and how each is read and written.

`detect` finds the one of a chat template; the renderer holds it. A format never fails: a call that
cannot be read stays in its place as a `MalformedCall`, which the environment answers with a tool
error. Needs no tokenizer.
"""

from rl_backend.tool_formats.base import ToolFormat
from rl_backend.tool_formats.detection import FORMATS, detect

__all__ = ["FORMATS", "ToolFormat", "detect"]
