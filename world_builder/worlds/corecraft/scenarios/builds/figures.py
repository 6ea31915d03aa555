"""Criteria on what build answers are full of: measures with units, sums that may be nothing,
yes and no.

Checks read names of products too, so that a figure counts only with its unit or beside its word.
"""

import re

from world_builder.checks import Matches
from world_builder.rubrics import Criterion
from world_builder.templates.criteria import criterion, says_amount, says_matching
from world_builder.templates.phrases import CONSENT, DENIAL, REFUSAL, count_pattern

_UNITS = {
    "W": r"w|watts?",
    "mm": r"mm|millimet(?:re|er)s?",
    "GB": r"gb|gigabytes?|gigs?",
    "MT/s": r"mt/?s|mhz",
    "months": r"months?",
}
_GAP = r"(?:[^.!?\n]|[.](?=\S)){0,80}?"
_LACKS = (
    r"|\b(?:insufficient|inadequate|too (?:weak|small|little|low|long|tall|high|wide|big|large|few"
    r"|many|much)|falls? (?:\S+ ){0,3}short|short (?:of|by)|shortfall|under-?(?:powered|sized)"
    r"|lapsed|ran out|(?:not|n['’]t) (?:\w+ )?(?:suffice|sufficient|adequate|do|hold|reach|be added"
    r"|compatible|go in|work|fit|match|carry))\b"
)
NO = REFUSAL + _LACKS
_STRONG_NO = (
    DENIAL + r"|\b(?:insufficient|lapsed|expired|too (?:weak|small|long|few)|falls? short)\b"
)
_OPENS_NO = r"\W*(?:(?:verdict|answer|decision)\W+)?no\b"
_SUFFICES = r"|\b(?:suffices?|sufficient|adequate|holds?|reach(?:es)?|goes in|go in|match(?:es)?)\b"


def measure(value: int, unit: str) -> str:
    """A pattern for a figure with its unit.

    >>> bool(re.search(measure(1000, "W"), "a 1,000-watt supply", re.I))
    True
    >>> bool(re.search(measure(850, "W"), "the Gold 850", re.I))
    False
    """
    spelt = "|".join(sorted({str(value), f"{value:,}"}))
    return rf"(?<![\w$.,-])(?:{spelt})\**[ -]?(?:{_UNITS[unit]})(?!\w)"


def near(one: str, other: str) -> str:
    """A pattern for two patterns in one sentence, not far apart, in any order."""
    return rf"(?:{one}){_GAP}(?:{other})|(?:{other}){_GAP}(?:{one})"


def says_measure(key: str, what: str, value: int, unit: str, words: str = "") -> Criterion:
    """The response states a figure with its unit; beside one of the words, if any are given."""
    pattern = measure(value, unit)
    text = f"States {what}: {value} {unit}."
    return criterion(key, text, Matches(pattern=near(pattern, words) if words else pattern))


def says_count_of(key: str, what: str, count: int, words: str) -> Criterion:
    """The response states a count, in digits or words, beside one of the words."""
    pattern = near(count_pattern(count), words)
    return criterion(key, f"States {what}: {count}.", Matches(pattern=pattern))


def says_cost(key: str, what: str, cents: int, words: str) -> Criterion:
    """The response states a sum of money; nothing may be said in words instead of $0.00."""
    if cents:
        return says_amount(key, what, cents)
    nothing = (
        r"\b(?:no|nothing|free|none|waived|without|zero|not (?:charged|due|apply)"
        r"|included)\b|(?<![\w,.])\$?0(?:\.00)?(?![\d.])"
    )
    gap = r"[^.,;!?\n]{0,25}?"
    pattern = rf"(?:{nothing}){gap}(?:{words})|(?:{words}){gap}(?:{nothing})"
    return says_matching(key, f"States {what}: nothing.", pattern)


def says_verdict(key: str, text: str, *, is_yes: bool) -> Criterion:
    """The response affirms, or denies, what was asked; the opposite occurs nowhere."""
    if is_yes:
        wrong = rf"(?:{_OPENS_NO})|[\s\S]*(?:{_STRONG_NO})"
        pattern = rf"^(?!{wrong})[\s\S]*?(?:{CONSENT}{_SUFFICES})"
    else:
        pattern = rf"^(?![\s\S]*\byes\b)[\s\S]*?(?:{NO})"
    return criterion(key, text, Matches(pattern=pattern), is_critical=True)


def names_product(key: str, text: str, name: str, longer: tuple[str, ...] = ()) -> Criterion:
    """The response names a product, and not only one whose longer name holds it."""
    ends = [other[len(name) :] for other in longer if other.startswith(name)]
    ahead = "".join(rf"(?!{re.escape(end)})" for end in ends)
    pattern = rf"(?<!\w){re.escape(name)}{ahead}(?!\w)"
    return says_matching(key, text, pattern)
