"""What a call in the sandbox comes to, and who answers its questions. Types alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Desk: TypeAlias = Callable[[str, list[Any]], dict[str, Any]]
"""Answers what a call asks for: `{value}`, `{refused: [code, message]}` or `{error}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended."""

    result: Any = None
    refused: tuple[str, str] | None = None
    """Code and message."""
    failed: str = ""
    """What broke in the tool; empty when nothing did."""
    is_out_of_time: bool = False
