"""How a text changed, word by word, for reading in one line or one paragraph.

Pure text: it knows nothing of worlds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum

from world_builder.frozen import Json

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_PAIRS = 90_000
"""Of words to compare; texts beyond are compared by lines."""
_SMALL_ISLAND = 3
"""Kept tokens between two changes that are too few to help a reader."""


class Fate(StrEnum):
    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A run of text that was kept, removed or added."""

    fate: Fate
    text: str


def is_wording(before: Json, after: Json) -> bool:
    """True for two texts that are read as prose: one of them has several words."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    return min(before.count(" "), after.count(" ")) >= 1


def segments(before: str, after: str) -> tuple[Segment, ...]:
    """The newer text with what was removed and added, in reading order.

    >>> [(s.fate.value, s.text) for s in segments("in 3 days", "in two days")]
    [('kept', 'in '), ('removed', '3'), ('added', 'two'), ('kept', ' days')]
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    head = _num_same(old, new)
    tail = _num_same(old[head:][::-1], new[head:][::-1])
    was, now = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(was) * len(now) > _MOST_PAIRS:
        was, now = _lines(was), _lines(now)
    kept = Segment(fate=Fate.KEPT, text="".join(new[:head]))
    rest = Segment(fate=Fate.KEPT, text="".join(new[len(new) - tail :]))
    return tuple(_joined([kept, *_compared(was, now), rest]))


def _num_same(old: list[str], new: list[str]) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((i for i, (was, now) in pairs if was != now), min(len(old), len(new)))


def _lines(tokens: list[str]) -> list[str]:
    return "".join(tokens).splitlines(keepends=True)


def shortened(parts: tuple[Segment, ...], context: int = 60) -> tuple[Segment, ...]:
    """The same with long kept runs cut down to what stands beside a change."""
    last = len(parts) - 1
    return tuple(
        replace(s, text=_cut(s.text, context, is_first=i == 0, is_last=i == last))
        if s.fate is Fate.KEPT
        else s
        for i, s in enumerate(parts)
    )


def _compared(old: list[str], new: list[str]) -> Iterator[Segment]:
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was, now = "".join(old[i:i_end]), "".join(new[j:j_end])
        if tag == "equal":
            is_island = j_end - j <= _SMALL_ISLAND and now.strip(" ,.;:") == ""
            fates = (Fate.REMOVED, Fate.ADDED) if is_island else (Fate.KEPT,)
            yield from (Segment(fate=fate, text=now) for fate in fates)
            continue
        if was:
            yield Segment(fate=Fate.REMOVED, text=was)
        if now:
            yield Segment(fate=Fate.ADDED, text=now)


def _joined(parts: Iterable[Segment]) -> Iterator[Segment]:
    """Neighbouring changes as one removal and one addition."""
    removed = added = kept = ""
    for part in parts:
        if part.fate is Fate.KEPT:
            yield from _change(removed, added)
            removed = added = ""
            kept += part.text
            continue
        if kept:
            yield Segment(fate=Fate.KEPT, text=kept)
            kept = ""
        removed += part.text if part.fate is Fate.REMOVED else ""
        added += part.text if part.fate is Fate.ADDED else ""
    yield from _change(removed, added)
    if kept:
        yield Segment(fate=Fate.KEPT, text=kept)


def _change(removed: str, added: str) -> Iterator[Segment]:
    if removed:
        yield Segment(fate=Fate.REMOVED, text=removed)
    if added:
        yield Segment(fate=Fate.ADDED, text=added)


def _cut(text: str, context: int, *, is_first: bool, is_last: bool) -> str:
    if is_first and is_last:
        return text
    head = "" if is_first else text[:context]
    tail = "" if is_last else text[-context:]
    return text if len(text) <= len(head) + len(tail) + 1 else f"{head}…{tail}"
