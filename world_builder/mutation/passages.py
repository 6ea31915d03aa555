"""The parts of a response that mistakes are planted in: sentences, clauses, values.

Says where they stand. Frame (greeting, closing, signature, headings) and courtesies are left out:
an answer without them is not wrong.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from world_builder.facts import Passage, passages_in

GREETING = re.compile(
    r"^\s*(?:dear|hello|hi|hey|good (?:morning|afternoon|evening|day))\b.{0,60}$", re.I
)
CLOSING = re.compile(
    r"^\s*(?:(?:best|kind|warm|many)\s+)?(?:regards|wishes|thanks|thank you|sincerely|cheers|"
    r"all the best|warmly|yours\b.{0,20}|with (?:kind|best|warm) (?:regards|wishes))[,.!]?\s*$",
    re.I,
)
LIST_MARKER = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_HEADING = re.compile(r"^\s*(?:#|subject:|\*\*[^*]+\*\*:?\s*$|[^.!?]{0,80}:\s*$)", re.I)
_TABLE_RULE = re.compile(r"^\s*\|[\s:|-]+\|\s*$")
_COURTESY = re.compile(
    r"^\s*(?:thanks?\b|thank you|many thanks|please (?:let|contact|reach|reply|feel"
    r"|do(?:n['’]t| not) hesitate)|(?:just )?let (?:me|us) know|(?:i|we) (?:do )?hope|hope\b"
    r"|(?:i|we)(?: am|['’]m| are|['’]re)? (?:so |very |truly )?(?:sorry|apologi[sz]e|glad|happy to)"
    r"|sorry\b|apologies|(?:i['’]m|we['’]re) here|happy to|if (?:you|there['’]s|anything)\b.{0,60}"
    r"\b(?:questions?|help|else|contact|reply|reach)|have a|enjoy|feel free"
    r"|you can (?:also )?(?:track|find|see|view|reply|reach|contact|ask)\b)",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?][\"')\]*]*(?=\s+[A-Z0-9\"'(\[*$])")
_ABBREVIATION = re.compile(
    r"\b(?:[A-Z]|mr|mrs|ms|dr|st|ave|no|vs|approx|incl|e\.g|i\.e|inc|ltd|co|jan|feb|mar|apr|jun|jul|"
    r"aug|sept?|oct|nov|dec)$",
    re.I,
)
_CLAUSE = re.compile(r"(?:,|;| -| –|:)\s+(?=\w)|\s+(?=\()")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text by its positions."""

    start: int
    end: int


def sentences(response: str) -> list[Span]:
    """The sentences and list items that say something, in order, line by line."""
    found: list[Span] = []
    for line in _body_lines(response):
        found.extend(_sentences_of(response, line))
    return [s for s in found if not _COURTESY.match(response[s.start : s.end])]


def clauses(response: str, within: list[Span]) -> list[Span]:
    """The clauses of its sentences, each with the mark before it; the first of each left out."""
    found: list[Span] = []
    for sentence in within:
        end = len(response[sentence.start : sentence.end].rstrip(" .!?)*")) + sentence.start
        starts = [m.start() for m in _CLAUSE.finditer(response, sentence.start, end)]
        ends = [*starts[1:], end] if starts else []
        found.extend(Span(a, b) for a, b in zip(starts, ends, strict=True))
    return found


def without(text: str, span: Span) -> str:
    """The text with a part cut out, and its line too when nothing is left of it."""
    before, after = text[: span.start], text[span.end :]
    if (not before or before.endswith("\n")) and (not after or after.startswith("\n")):
        after = after[1:]
    elif not after or after.startswith("\n"):
        before = before.rstrip(" ")
    elif not before or before[-1].isspace():
        after = after.lstrip(" ")
    return (before + after).strip()


def replaced(text: str, pairs: list[tuple[Span, str]]) -> str:
    """The text with parts of it replaced."""
    for span, new in sorted(pairs, key=lambda pair: -pair[0].start):
        text = text[: span.start] + new + text[span.end :]
    return text


def values(response: str, masked: list[Span]) -> list[list[Passage]]:
    """Numbers and dates outside the masked parts, grouped by value, in order of first mention.

    Times of day and list numbers are no values. A date counts by its day, whatever the year.
    """
    groups: defaultdict[str, list[Passage]] = defaultdict(list)
    for passage in passages_in(response):
        if not _is_masked(passage, masked) and not _is_time_or_marker(response, passage):
            key = passage.normal[4:10] if passage.is_date else passage.normal
            groups[key].append(passage)
    return list(groups.values())


def without_frame(response: str) -> str:
    """The response less greeting, closing and signature."""
    return "\n".join(response[line.start : line.end] for line in _body_lines(response, all_=True))


def has_frame(response: str) -> bool:
    """True for a response with a greeting and a closing: an e-mail."""
    lines = response.splitlines()
    return any(GREETING.match(line) for line in lines[:4]) and any(map(CLOSING.match, lines))


def _body_lines(response: str, all_: bool = False) -> list[Span]:
    """The lines between greeting and closing; headings, table heads and rules too when `all_`."""
    lines = [Span(m.start(), m.end()) for m in re.finditer(r"[^\n]*\S[^\n]*", response)]
    kept: list[Span] = []
    for i, line in enumerate(lines):
        text = response[line.start : line.end]
        if kept and CLOSING.match(text):
            break
        if i < 2 and GREETING.match(text):
            continue
        if kept and _TABLE_RULE.match(text) and not all_:
            kept.pop()
        if all_ or not (_HEADING.match(text) or _TABLE_RULE.match(text)):
            kept.append(line)
    return kept


def _sentences_of(text: str, line: Span) -> list[Span]:
    if LIST_MARKER.match(text[line.start : line.end]) or text[line.start] == "|":
        return [line]
    ends = [
        m.end()
        for m in _SENTENCE_END.finditer(text, line.start, line.end)
        if not _ABBREVIATION.search(text, line.start, m.start())
    ]
    starts = [line.start, *ends]
    spans = zip(starts, [*ends, line.end], strict=True)
    return [Span(a, b) for a, b in spans if text[a:b].strip()]


def _is_masked(passage: Passage, masked: list[Span]) -> bool:
    return any(passage.start < span.end and span.start < passage.end for span in masked)


def _is_time_or_marker(text: str, passage: Passage) -> bool:
    if passage.is_date:
        return False
    line_start = text.rfind("\n", 0, passage.start) + 1
    is_marker = not text[line_start : passage.start].strip() and text[passage.end :][:2] in {
        ". ",
        ") ",
    }
    before, after = text[: passage.start][-2:], text[passage.end :][:2]
    return (
        is_marker
        or (before[1:] == ":" and before[:1].isdigit())
        or (after[:1] == ":" and after[1:].isdigit())
    )
