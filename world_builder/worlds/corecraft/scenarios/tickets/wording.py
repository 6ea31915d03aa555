"""How answers about tickets name days and states, and criteria that several scenarios use."""

import re
from datetime import date

from world_builder.checks import Matches
from world_builder.rubrics import Criterion, CriterionCategory
from world_builder.templates.criteria import (
    CONSTRAINT,
    CORRECTNESS,
    criterion,
    says_matching,
    state_is,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Employee, Ticket

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
SIGNATURE = "CoreCraft Support"
STATUS_PATTERNS: dict[str, str] = {
    "new": r"\bnew\b",
    "open": r"\bopen\b",
    "pending_customer": r"pending|wait(?:s|ing) (?:for|on) (?:the |an? )?(?:customer|reply|answer)",
    "escalated": r"\bescalated\b",
    "resolved": r"\bresolved\b",
    "closed": r"\bclosed\b",
}
"""By status of a ticket: what names it in an answer."""


def whole(text: str) -> str:
    """A pattern of the text as whole words; an id is not found in a longer one."""
    return rf"(?<![\w-]){re.escape(text)}(?![\w-])"


def day_pattern(day: date) -> str:
    """A pattern of a day in its usual forms; without look-around, so that CEL takes it too.

    >>> found = re.compile(day_pattern(date(2025, 9, 3)))
    >>> [bool(found.search(t)) for t in ("2025-09-03", "Sept. 3rd", "3 September", "9/3", "Sep 30")]
    [True, True, True, True, False]
    """
    month = f"{day:%b}"
    name = rf"{month}(?:t|{f'{day:%B}'.removeprefix(month)})?\.?"
    number = rf"0?{day.day}(?:st|nd|rd|th)?"
    return (
        rf"(?:\b{day.isoformat()}|\b{name} {number}\b|\b{number} (?:of )?{name}(?:\W|$)"
        rf"|\b0?{day.month}/0?{day.day}\b)"
    )


def dated_pattern(day: date) -> str:
    """A pattern of a day with its year; without look-around.

    >>> found = re.compile(dated_pattern(date(2025, 9, 3)))
    >>> [bool(found.search(t)) for t in ("2025-09-03", "September 3, 2025", "Sept. 3, 2027")]
    [True, True, False]
    """
    month = f"{day:%b}"
    name = rf"{month}(?:t|{f'{day:%B}'.removeprefix(month)})?\.?"
    number = rf"0?{day.day}(?:st|nd|rd|th)?"
    return (
        rf"(?:\b{day.isoformat()}|\b{name} {number},? {day.year}\b"
        rf"|\b{number} (?:of )?{name},? {day.year}\b|\b0?{day.month}/0?{day.day}/{day.year}\b)"
    )


def money_pattern(cents: int) -> str:
    """A pattern of an amount in dollars."""
    whole, rest = divmod(cents, 100)
    digits = f"{whole:,}".replace(",", ",?")
    return rf"\b{digits}\.{rest:02}\b" if rest else rf"\b{digits}(?:\.00)?\b"


def in_one_line(
    key: str,
    text: str,
    *patterns: str,
    never: str = "",
    category: CriterionCategory = CORRECTNESS,
) -> Criterion:
    """One line of the answer (a row, an item of a list) matches all patterns, and not `never`."""
    wanted = "".join(rf"(?=[^\n]*(?:{pattern}))" for pattern in patterns)
    strange = rf"(?![^\n]*(?:{never}))" if never else ""
    return says_matching(key, text, rf"(?m)^{strange}{wanted}[^\n]+$", category)


def counts(key: str, what: str, num: int, nouns: str) -> Criterion:
    """The answer states a count of something; days of dates and cells of a table don't count.

    `nouns` is a pattern of what is counted.
    """
    number = count_pattern(num)
    whose = rf"(?:{nouns}|in (?:all|total|sum)|altogether|overall|of (?:them|these|those))\b"
    before = rf"(?:{nouns}|total|count|number|sum|makes?|there (?:is|are)|that is|altogether)\b"
    pattern = (
        rf"{number}\W{{1,4}}(?:[a-z][\w-]*\s+){{0,4}}{whose}|{before}[^\n|\d]{{0,30}}?{number}"
    )
    return says_matching(key, f"States {what}: {num}.", pattern, CORRECTNESS)


def never_says(key: str, text: str, pattern: str) -> Criterion:
    """The answer says something, and nothing in it matches the pattern."""
    return criterion(key, text, Matches(pattern=rf"^(?![\s\S]*(?:{pattern}))\s*\S"), CONSTRAINT)


def cel_text(text: str) -> str:
    """A CEL literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def reply_says(key: str, text: str, ticket: Ticket, writer: Employee, *patterns: str) -> Criterion:
    """Exactly one message was added to the ticket, by the writer, and it matches all patterns."""
    messages = f"lookup('support_ticket', '{ticket.id}').messages"
    last = f"{messages}[{len(ticket.messages)}]"
    parts = [
        f"{messages}.size() == {len(ticket.messages) + 1}",
        f"{last}.author == {cel_text(writer.name)}",
        *(f"{last}.text.matches({cel_text(f'(?is){pattern}')})" for pattern in patterns),
    ]
    return state_is(key, text, " && ".join(parts))
