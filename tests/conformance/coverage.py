"""What a set of sequences covers: tools by surface, refusals by code, ways of calling."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.conformance.types import Act, Seen, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Counts over all steps."""

    answered: Counter[tuple[str, str]]
    """Calls that were not refused, by surface and tool."""
    refused: Counter[tuple[str, str]]
    """Refused calls, by surface and the tool's name as it was called."""
    codes: Counter[str]
    """Refusals by code."""
    acts: Counter[Act]
    num_patched: int
    """Sequences whose world starts changed."""
    num_moved: int
    """Sequences on another clock."""
    num_changing: int
    """Sequences that changed their world."""

    @classmethod
    def of(cls, sequences: Iterable[Sequence], seen: Iterable[Seen]) -> "Coverage":
        pairs = list(zip(sequences, seen, strict=True))
        steps = [
            (sequence.start.tool_surface, step, answer)
            for sequence, found in pairs
            for step, answer in zip(sequence.steps, found.answers, strict=True)
        ]
        return cls(
            answered=Counter((s, t.call.tool) for s, t, a in steps if not a.is_error),
            refused=Counter((s, t.call.tool) for s, t, a in steps if a.is_error),
            codes=Counter(a.error for _, _, a in steps if a.is_error),
            acts=Counter(step.act for _, step, _ in steps),
            num_patched=sum(bool(s.start.start_state) for s, _ in pairs),
            num_moved=sum(s.start.now is not None for s, _ in pairs),
            num_changing=sum(found.diff != '{"changes":[]}' for _, found in pairs),
        )
