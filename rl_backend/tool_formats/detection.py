"""Which format a chat template teaches."""

from __future__ import annotations

from typing import Final

from rl_backend.tool_formats.base import ToolFormat
from rl_backend.tool_formats.glm import GlmFormat
from rl_backend.tool_formats.hermes import HermesFormat
from rl_backend.tool_formats.llama_json import LlamaJsonFormat
from rl_backend.tool_formats.qwen_coder import QwenCoderFormat

_ALL: Final[tuple[ToolFormat, ...]] = (
    HermesFormat(),
    GlmFormat(),
    QwenCoderFormat(),
    LlamaJsonFormat(),
)
FORMATS: Final[dict[str, ToolFormat]] = {each.name: each for each in _ALL}
"""By name."""

_MARKS: Final = (
    ("<arg_key>", "glm"),
    ("<function=", "qwen_coder"),
    ("<tool_call>", "hermes"),
    ("<|python_tag|>", "llama_json"),
    ('"parameters": ', "llama_json"),
)


def detect(template: str) -> ToolFormat:
    """The format whose marks a chat template has; Hermes when it has none."""
    return FORMATS[next((name for mark, name in _MARKS if mark in template), "hermes")]
