"""What references and criteria of the family share: statuses, amounts, orders by number."""

from datetime import datetime

from world_builder.checks import Format, FormatKind
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    CORRECTNESS,
    FORMAT,
    criterion,
    leaves_out,
    says_any,
    says_date,
    says_matching,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Order
from world_builder.worlds.corecraft.scenarios.common import counted

STATUS_WORDS: dict[str, str] = {
    "pending_payment": "is still waiting for payment",
    "processing": "is being processed",
    "shipped": "has been shipped",
    "delivered": "has been delivered",
    "cancelled": "was cancelled",
}
"""By status: how a reference says it."""
STATUS_NAMES: dict[str, str] = {
    "pending_payment": "waiting for payment",
    "processing": "in processing",
    "shipped": "shipped",
    "delivered": "delivered",
    "cancelled": "cancelled",
}
"""By status: its name in a list."""
_NOT = r"(?<!not )(?<!not been )(?<!not yet )(?<!not yet been )(?<!n't )(?<!n't been )"
STATUS_PATTERNS: dict[str, str] = {
    "pending_payment": r"pending[_ -]payment|payment\b.{0,24}\b(?:pending|open|outstanding|missing)"
    r"|(?:wait|await)\w*\b.{0,24}\b(?:payment|paid)|unpaid|not (?:yet )?(?:been )?paid",
    "processing": r"\bprocess(?:ing|ed)\b|prepar(?:ed|ing|ation)|being packed"
    r"|not (?:yet )?(?:been )?(?:shipped|sent)|in the warehouse",
    "shipped": rf"{_NOT}\bshipped\b|on (?:its|the) way|in transit|{_NOT}\b(?:been|was) sent\b"
    r"|under way",
    "delivered": rf"{_NOT}\bdelivered\b|\barrived\b",
    "cancelled": rf"{_NOT}\bcancell?ed\b",
}
"""By status: what says it in an answer."""
SHIPPING = r"(?:shipping|delivery|postage|freight)"
TOTAL = (
    r"(?<!sub)(?<!sub-)(?:\btotal|\bsum\b|\bin all\b|altogether|comes to|\bto (?:be paid|pay)\b"
    r"|\b(?:final|overall) (?:amount|price)|amount due)"
)
"""Labels of amounts, as patterns."""


def critical(given: Criterion) -> Criterion:
    """The criterion as one that matters most."""
    return given.model_copy(update={"is_critical": True})


def says_status(order: Order) -> Criterion:
    """The answer gives the status in the system's word or in plain words."""
    text = f"Says that the order {STATUS_WORDS[order.status]}."
    return says_matching("status", text, STATUS_PATTERNS[order.status], CORRECTNESS)


def names_order(order: Order, key: str = "order") -> Criterion:
    return says_any(key, f"Names the order: {order.id}.", order.id, category=CORRECTNESS)


def leaves_others(company: Company, *wanted: Order) -> tuple[Criterion, ...]:
    """No other order of the customer is named; nothing when there is none."""
    kept = {order.id for order in wanted}
    others = [o.id for o in company.orders_of(wanted[0].customer_id) if o.id not in kept]
    text = "Names no other order of the customer."
    return (leaves_out("no-others", text, *others),) if others else ()


def amount_pattern(cents: int) -> str:
    """A pattern for an amount in dollars, with or without sign and separators.

    >>> import re
    >>> told = amount_pattern(123450)
    >>> [bool(re.search(told, text)) for text in ("$1,234.50.", "1234.50", "$11,234.50")]
    [True, True, False]
    """
    whole, rest = divmod(cents, 100)
    digits = f"{whole:,}".replace(",", ",?")
    end = rf"\.{rest:02}" if rest else r"(?:\.00)?"
    return rf"(?<![\w.,])\$?\s?{digits}{end}(?!\w|[.,]\d)"


def says_labelled(key: str, what: str, label: str, cents: int) -> Criterion:
    """An amount stands behind its label; zero may be put into words.

    `label` is a pattern, such as `shipping`.
    """
    text, amount = f"States {what}: {money(cents)}.", amount_pattern(cents)
    if cents:
        pattern = rf"{label}[^\n]{{0,120}}?{amount}|{amount}[^\n|;,]{{0,24}}{label}"
        return says_matching(key, text, pattern, CORRECTNESS)
    pattern = (
        rf"{label}(?:(?!\d\.\d\d)[^\n])*?{amount}"
        rf"|{label}[^\n\d.]{{0,40}}?\b(?:none|no|nothing|free|waived|n/a|zero)\b"
        rf"|{label}[^\n\d.]{{0,40}}?[-–—]\s*\|?\s*(?:\n|$)"
        rf"|\b(?:no|free|without(?: a| an| any)?)\b[^\n.,;|]{{0,20}}{label}"
    )
    return says_matching(key, text, pattern, CORRECTNESS)


_MONTHS = r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"


def says_how_many(key: str, what: str, count: int, noun: str) -> Criterion:
    """A count stands with its noun, in digits or words; days of the month don't count.

    `noun` is a pattern, such as `orders?`.
    """
    told = count_pattern(count)
    gap = rf"(?:(?!{_MONTHS}|\d)[^\n.;]){{0,40}}?"
    pattern = rf"{told}(?:[ -][a-z-]+){{0,4}}? {noun}\b|\b(?:{noun}|count|number|many)\b{gap}{told}"
    return says_matching(key, f"States {what}: {count}.", pattern, CORRECTNESS)


def time_pattern(moment: datetime) -> str:
    """A pattern for a time of day, of 24 or of 12 hours.

    >>> import re
    >>> told = time_pattern(datetime(2025, 9, 1, 14, 5, 33))
    >>> [bool(re.search(told, text)) for text in ("14:05", "2:05 pm", "2:05", "14:05:33")]
    [True, True, False, True]
    """
    half = "am" if moment.hour < 12 else "pm"
    tail = rf":{moment:%M}(?::{moment:%S})?"
    long = rf"(?<![\d:])0?{moment.hour}{tail}(?![\d:])(?! ?[ap]\.?m)"
    return rf"(?:{long}|(?<![\d:])0?{(moment.hour - 1) % 12 + 1}{tail} ?{half[0]}\.?m)"


def says_moment(key: str, what: str, moment: datetime) -> tuple[Criterion, ...]:
    """The answer states a time of day and its day."""
    text = f"States {what}: {moment:%H:%M} on its day."
    return (
        says_matching(key, text, time_pattern(moment), CORRECTNESS),
        says_date(f"{key}-day", f"the day of {what}", f"{moment:%Y-%m-%d}"),
    )


def is_in_table(num: int) -> Criterion:
    """A Markdown table of so many rows."""
    check = Format(format=FormatKind.TABLE, minimum=num, maximum=num)
    return criterion("table", f"Gives a table of {counted(num, 'row')}.", check, FORMAT)


def row_pattern(*parts: str) -> str:
    """A pattern: all parts (patterns) stand in one line, in any order.

    >>> import re
    >>> [bool(re.search(row_pattern("b", "a"), text)) for text in ("x\\na and b", "a\\nb")]
    [True, False]
    """
    ahead = "".join(rf"(?=[^\n]*(?:{part}))" for part in parts)
    return rf"(?m)^{ahead}"
