"""Criteria on what build answers are full of: measures with units, sums that may be nothing,
yes and no.

Checks read names of products too, so that a figure counts only with its unit or beside its word.
"""

from datetime import date

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
_STEP = r"(?:[^.!?\n]|[.](?=\S))"
_NEXT_PHRASE = r"[,;/]|\b(?:and|but|while|whereas)\b"
_LACKS = (
    r"|\b(?:insufficient|inadequate|too (?:weak|small|little|low|long|tall|high|wide|big|large|few"
    r"|many|much)|falls? (?:\S+ ){0,3}short|short (?:of|by)|shortfall|under-?(?:powered|sized)"
    r"|lapsed|ran out|(?:not|n['’]t) (?:\w+ )?(?:suffice|sufficient|adequate|do|hold|reach|be added"
    r"|compatible|go in|work|fit|match|carry)"
    r"|problems?|conflicts?|mismatch\w*|clash\w*)\b"
)
NO = REFUSAL + _LACKS
_STRONG_NO = (
    DENIAL + r"|\b(?:insufficient|lapsed|expired|too (?:weak|small|long|few)|falls? short)\b"
    r"|(?:not|n['’]t) (?:\w+ ){0,2}(?:fit|work|suffice|sufficient|enough|hold|go in|match)\b"
)
_OPENING = r"\W*(?:(?:verdict|answer|decision)\W+)?"
_OPENS_NO = rf"{_OPENING}no\b(?=\**(?:[,.;:!-]| -|$))"
_OPENS_YES = rf"{_OPENING}(?:sufficient|enough|adequate|fits)\b(?!\W*\?)"
_NO_CHARGE = r"[.!?:*]?\s*no (?:assembly|charge|cost|discount|extra|fees?|loyalty|shipping)\b"
"""A sum of nothing, said in words: it denies nothing."""
_SUFFICES = r"|\b(?:suffices?|sufficient|adequate|holds?|reach(?:es)?|goes in|go in|match(?:es)?)\b"


def measure(value: int, unit: str) -> str:
    """A pattern for a figure with its unit, which may stand after a second figure: 64 of 96 GB.

    >>> import re
    >>> bool(re.search(measure(1000, "W"), "a 1,000-watt supply", re.I))
    True
    >>> bool(re.search(measure(850, "W"), "the Gold 850", re.I))
    False
    """
    spelt = "|".join(sorted({str(value), f"{value:,}"}))
    names = _UNITS[unit]
    later = rf"(?=\s*(?:/|of|out of)[^.\n]{{0,20}}\d[ -]?(?:{names})(?!\w))"
    return rf"(?<![\w$.,-])(?:{spelt})\**(?:[ -]?(?:{names})(?!\w)|{later})"


def near(one: str, other: str, *, past: str = "") -> str:
    """A pattern for two patterns in one sentence, in any order; nothing `past` lies between."""
    step = rf"(?!{past}){_STEP}" if past else _STEP
    gap = rf"(?:{step}){{0,80}}?"
    return rf"(?:{one}){gap}(?:{other})|(?:{other}){gap}(?:{one})"


def beside(count: int, words: str) -> str:
    """A pattern for a count in one phrase with one of the words.

    >>> import re
    >>> pattern = beside(4, "needed")
    >>> [bool(re.search(pattern, text)) for text in ("2 free and 4 needed", "4 free, 2 needed")]
    [True, False]
    """
    return near(count_pattern(count), words, past=_NEXT_PHRASE)


def says_measure(
    key: str, what: str, value: int, unit: str, words: str = "", *, also: str = ""
) -> Criterion:
    """The response states a figure with its unit; beside one of the words, if any are given.

    `also` is a pattern that will do instead, such as a comparison.
    """
    pattern = measure(value, unit)
    if words:
        pattern = near(pattern, words, past=rf"\d\**[ -]?(?:{_UNITS[unit]})(?!\w)")
    pattern = f"{pattern}|{also}" if also else pattern
    return criterion(key, f"States {what}: {value} {unit}.", Matches(pattern=pattern))


def compared(value: int, limit: int, unit: str) -> str:
    """A pattern for a figure and its limit in one breath, such as `330 mm against 400 mm`."""
    return rf"{measure(value, unit)}[^.;!?\n]{{0,40}}?{measure(limit, unit)}"


def says_count_of(key: str, what: str, count: int, words: str) -> Criterion:
    """The response states a count, in digits or words, beside one of the words."""
    return criterion(key, f"States {what}: {count}.", Matches(pattern=beside(count, words)))


def day_pattern(day: date) -> str:
    """A pattern for a day in any form that people write.

    >>> import re
    >>> all(re.search(day_pattern(date(2025, 9, 3)), t) for t in ("2025-09-03", "Sept. 3rd", "9/3"))
    True
    """
    month = rf"{day:%b}[a-z]*\.?"
    number = rf"0?{day.day}"
    return (
        rf"(?<!\d){day:%m-%d}(?!\d)|\b{month} {number}(?!\d)|(?<!\d){number}(?:st|nd|rd|th)?"
        rf"(?: of)? {month}(?!\w)|(?<![\d/])0?{day.month}/{number}(?!\d)"
    )


def says_cost(key: str, what: str, cents: int, words: str) -> Criterion:
    """The response states a sum of money; nothing may be said in words instead of $0.00."""
    if cents:
        return says_amount(key, what, cents)
    nothing = (
        r"\b(?:no|nothing|free|none|waived|without|zero|included|n/a"
        r"|(?:not|n['’]t) (?:charged|due|apply|pay))\b|(?<![\w,.])\$?0(?:\.00)?(?![\d.])"
    )
    gap = r"[^.,;!?\n]{0,25}?"
    pattern = rf"(?:{nothing}){gap}(?:{words})|(?:{words}){gap}(?:{nothing})"
    return says_matching(key, f"States {what}: nothing.", pattern)


def says_verdict(key: str, text: str, *, is_yes: bool, yes: str = "", no: str = NO) -> Criterion:
    """The response affirms, or denies, what was asked; the opposite occurs nowhere.

    `yes` and `no` replace the patterns of either, where some of their words mean other things.
    """
    if is_yes:
        wrong = rf"(?:{_OPENS_NO})|[\s\S]*(?:{_STRONG_NO})"
        pattern = rf"^(?!{wrong})[\s\S]*?(?:{yes or CONSENT + _SUFFICES})"
    else:
        pattern = rf"^(?!{_OPENS_YES}|[\s\S]*\byes\b)[\s\S]*?(?!{_NO_CHARGE})(?:{no})"
    return criterion(key, text, Matches(pattern=pattern), is_critical=True)
