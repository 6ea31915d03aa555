"""Text as facts: one spelling for numbers, money, dates, case and white space.

Lets a check find `$1,299.00` in "1299 dollars" and `2025-09-15` in "Sept. 15, 2025", and quote the
passage verbatim. Used by `checking`; it decides nothing.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept|sep|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?:,?\s+(?P<{0}>(?:19|20)\d\d))?"
_BEGIN = r"(?=[\d$*`_]|\s[\s%]|[^\S ]|(?<!\w)(?:j[au]|fe|ma|ap|au|se|oc|no|de))"
"""All that can begin a token: most characters fail here."""
_FORMS = (
    r"(?:(?P<iso>(?<![\w-])(?:19|20)\d\d-\d\d-\d\d(?!\d)(?:T(?=\d))?)"
    rf"|(?P<md>(?<!\w)(?P<md_month>{_MONTH})\s+(?P<md_day>\d{{1,2}})(?:st|nd|rd|th)?(?!\w)"
    rf"{_YEAR.format('md_year')})"
    rf"|(?P<dm>(?<![\w-])(?P<dm_day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<dm_month>{_MONTH})(?!\w)"
    rf"{_YEAR.format('dm_year')})"
    r"|(?P<us>(?<![\w/-])(?P<us_month>\d{1,2})/(?P<us_day>\d{1,2})/(?P<us_year>(?:19|20)\d\d)(?!\w))"
    r"|(?P<number>(?<![\w.-])(?:\$\s?)?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w-]|\.\d))"
    r"|(?P<percent>\s+%)"
    r"|(?P<space>\s{2,}|[^\S ])"  # one plain space is spelled as it is
    r"|(?P<mark>[*`]+|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)))"
)
_TOKEN = re.compile(_BEGIN + _FORMS, re.IGNORECASE)
_NO_VALUES = frozenset({"percent", "space", "mark"})
_AROUND_DIGITS = re.compile(r"[$,\s]")
_LOOKALIKES = {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "−": "-"}
_ANY_YEAR = "0000"


class _Piece(NamedTuple):
    """Where a stretch of a normal text came from."""

    at: int
    """Where it begins in the normal text."""
    start: int
    end: int
    """Of the original passage."""
    is_plain: bool
    """True when it has a character for each of the original."""


@dataclass(frozen=True, slots=True)
class NormalText:
    """A text in its one spelling, with the way back to the original."""

    original: str
    text: str
    pieces: tuple[_Piece, ...]

    def quote(self, start: int, end: int) -> str:
        """The original passage behind `text[start:end]`."""
        first, last = self._piece(start), self._piece(end - 1)
        begin = first.start + start - first.at if first.is_plain else first.start
        finish = last.start + end - last.at if last.is_plain else last.end
        return self.original[begin:finish]

    def _piece(self, at: int) -> _Piece:
        return self.pieces[bisect_right(self.pieces, at, key=lambda piece: piece.at) - 1]


@lru_cache(maxsize=4096)
def normal(original: str) -> NormalText:
    """The text with numbers, dates, case and white space in one spelling.

    >>> normal("It costs  **$1,299.00** on Sept. 15, 2025").text
    'it costs 1299 on 2025-09-15'
    """
    parts: list[str] = []
    pieces: list[_Piece] = []
    at = 0
    for text, start, end, is_plain in _spelled_parts(original):
        if text:
            parts.append(text)
            pieces.append(_Piece(at, start, end, is_plain))
            at += len(text)
    return NormalText(original, "".join(parts), tuple(pieces))


def find_fact(haystack: str, fact: str) -> str | None:
    """The passage of `haystack` that states the fact, verbatim; None when it does not occur.

    Whole words only: `ord-1042` is not found in `ord-10421`, nor `74.99` in `174.99`. A date
    without a year matches the same day of any year.

    >>> find_fact("You get $1,299 back by September 3rd.", "2025-09-03")
    'September 3rd'
    """
    text = normal(haystack)
    needle = normal(fact).text.strip()
    if not needle:
        return None
    pattern = _dated(needle)
    if pattern is not None:
        match = pattern.search(text.text)
        return None if match is None else text.quote(match.start(), match.end())
    start = _position(needle, text.text)
    return None if start is None else text.quote(start, start + len(needle))


def numbers_in(text: str) -> list[tuple[float, str]]:
    """Every number of a text, with the passage it stands in.

    >>> numbers_in("$1,299.50 for 2 books from ord-17")
    [(1299.5, '$1,299.50'), (2.0, '2')]
    """
    matches = (match[0] for match in _TOKEN.finditer(text) if match.lastgroup == "number")
    return [(float(_AROUND_DIGITS.sub("", passage)), passage) for passage in matches]


@dataclass(frozen=True, slots=True)
class Passage:
    """A number or a date, and where it stands in a text."""

    start: int
    end: int
    text: str
    """Verbatim."""
    normal: str
    """In its one spelling; a date without a year has the year 0000."""
    is_date: bool


def passages_in(text: str) -> list[Passage]:
    """Every number and date of a text, in order.

    >>> [p.normal for p in passages_in("$1,299.50 by Sept. 3 for ord-17")]
    ['1299.5', '0000-09-03']
    """
    return [
        Passage(*match.span(), match[0], _spelled(match), match.lastgroup != "number")
        for match in _TOKEN.finditer(text)
        if match.lastgroup not in _NO_VALUES
    ]


def _position(needle: str, text: str) -> int | None:
    """Where the needle stands as whole words; None where it does not."""
    start = text.find(needle)
    while start >= 0:
        if _is_apart(text, start, start + len(needle)):
            return start
        start = text.find(needle, start + 1)
    return None


def _is_apart(text: str, start: int, end: int) -> bool:
    """True when neither a word nor a decimal number goes on at either end."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if _is_word(before[-1:]) or _is_word(after[:1]):
        return False
    is_decimal = before[-1:] == "." and before[:1].isdecimal() and len(before) == 2
    return not (is_decimal or (after[:1] == "." and after[1:].isdecimal()))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


@lru_cache(maxsize=20_000)
def _dated(needle: str) -> re.Pattern[str] | None:
    """Finds a needle with a date in any year's spelling; None for one without a date."""
    escaped = re.escape(needle)
    pattern = re.sub(
        r"((?:19|20)\d\d)\\-(\d\d)\\-(\d\d)", rf"(?:\1|{_ANY_YEAR})\\-\2\\-\3", escaped
    )
    pattern = re.sub(rf"{_ANY_YEAR}\\-(\d\d)\\-(\d\d)", r"\\d{4}\\-\1\\-\2", pattern)
    if pattern == escaped:
        return None
    return re.compile(rf"(?<![\w])(?<!\d\.){pattern}(?![\w]|\.\d)")


_Part: TypeAlias = tuple[str, int, int, bool]
"""A stretch of a text: spelling, start and end, whether it is spelled by character."""


def _spelled_parts(original: str) -> list[_Part]:
    parts: list[_Part] = []
    last = 0
    for match in _TOKEN.finditer(original):
        start, end = match.span()
        parts += _plain(original, last, start)
        parts.append((_spelled(match), start, end, False))
        last = end
    parts += _plain(original, last, len(original))
    return parts


def _plain(original: str, start: int, end: int) -> list[_Part]:
    text = original[start:end]
    if text.isascii():
        return [(text.lower(), start, end, True)]
    return [(_folded(character), i, i + 1, False) for i, character in enumerate(text, start)]


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    plain = _LOOKALIKES.get(character, character)
    return unicodedata.normalize("NFKC", plain).casefold()


def _spelled(match: re.Match[str]) -> str:
    form = match.lastgroup
    if form == "number":
        return _number(match[0])
    if form == "space":
        return " "
    if form == "mark":
        return ""
    if form == "percent":
        return "%"
    if form == "iso":
        return match[0].upper().replace("T", " ")
    return _date(match[f"{form}_year"], match[f"{form}_month"], match[f"{form}_day"])


def _number(text: str) -> str:
    digits = _AROUND_DIGITS.sub("", text)
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _date(year: str | None, month: str, day: str) -> str:
    if month.isdigit():
        number = int(month)
    else:
        number = next(i for i, m in enumerate(_MONTHS, 1) if m.startswith(month.lower()[:3]))
    return f"{year or _ANY_YEAR}-{number:02d}-{int(day):02d}"
