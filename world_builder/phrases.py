"""Finds known phrases in a text: ids, names and titles of a world's entities.

Used where a text must be compared or altered by what it names (`mutation`, `audit`). It knows
nothing of what a phrase means.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

_TOKEN = re.compile(r"[\w-]+")


class PhraseBook:
    """Phrases, to be found as whole words and in any case."""

    def __init__(self, phrases: Iterable[str]) -> None:
        found: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        for phrase in phrases:
            lowered = _lower(phrase.strip())
            if first := _TOKEN.search(lowered):
                found[first[0]].add((lowered, first.start()))
        self._by_token = {
            token: sorted(entries, key=lambda entry: (-len(entry[0]), entry))
            for token, entries in found.items()
        }

    def find(self, text: str) -> list[tuple[int, int]]:
        """Start and end of every phrase, in order; of overlapping ones the first, then longest.

        >>> PhraseBook(["Ada Byron", "Ada", "ord-17"]).find("ask ada byron about ord-17")
        [(4, 13), (20, 26)]
        """
        lowered = _lower(text)
        spans: list[tuple[int, int]] = []
        for token in _TOKEN.finditer(lowered):
            span = self._phrase_at(lowered, token)
            if span is not None and (not spans or span[0] >= spans[-1][1]):
                spans.append(span)
        return spans

    def _phrase_at(self, lowered: str, token: re.Match[str]) -> tuple[int, int] | None:
        for phrase, offset in self._by_token.get(token[0], ()):
            start = token.start() - offset
            end = start + len(phrase)
            if start >= 0 and lowered.startswith(phrase, start) and not _is_inside(lowered, end):
                return start, end
        return None


def _is_inside(text: str, end: int) -> bool:
    """True when a word goes on at `end`."""
    return end < len(text) and text[end - 1].isalnum() and text[end].isalnum()


def _lower(text: str) -> str:
    """Lower case of the same length, so that positions stay valid."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text
