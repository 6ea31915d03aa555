"""How references speak of parcels, and the criteria and patterns that answers about them share."""

import re
from calendar import month_name
from collections.abc import Sequence
from datetime import date

from world_builder.rubrics import Criterion, CriterionCategory
from world_builder.templates.criteria import COMPLETENESS, CONSTRAINT, CORRECTNESS, says_matching
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Shipment

SIGNATURE = "CoreCraft Support"

STATUS_WORDS: dict[str, tuple[str, str]] = {
    "label_created": (
        "is packed and waits for the carrier",
        r"label|packed|(?:waits?|waiting) for|picked up|not yet (?:left|been)",
    ),
    "in_transit": (
        "is on its way",
        r"in[ _]transit|on (?:its|the) way|under ?way|travell?ing|en route",
    ),
    "out_for_delivery": ("is out for delivery today", r"out[ _]for[ _]delivery"),
    "delayed": ("is delayed", r"delay|\blate\b|held up|longer than"),
    "delivered": ("was delivered", r"(?<!not )(?<!un)(?<!be )delivered|(?<!not )arrived"),
    "lost": ("is missing, and a search for it is open", r"lost|trace|missing|search"),
    "returned_to_sender": (
        "is on its way back to us",
        r"return\w*[ _]to[ _](?:us|sender)|way back|coming back|back to (?:us|the sender)",
    ),
}
"""By status: how a reference says it to a customer, and what says it in an answer."""

_NEXT: dict[str, tuple[str, str]] = {
    "delivered": (
        "Please check the parcel today and write to us if anything is missing or damaged",
        r"check|missing|damage|write|contact|reply|let us know",
    ),
    "lost": (
        "Please reply with a good time to call, so that we can agree on a new parcel or a refund",
        r"reply|call|contact|new parcel|replac|refund",
    ),
    "returned_to_sender": (
        "Please reply with the address that we should use for the next try",
        r"reply|confirm|address|contact",
    ),
}
"""By status: the customer's next step; under way she follows the tracking number."""
_FOLLOW = (
    "Please follow it with the tracking number and reply if it is still missing the day after",
    r"follow|track\w* (?:it|the|your)|reply|contact|let us know|write",
)

_NUMBERS = "zero one two three four five six seven eight nine ten".split()
_INSIDE_TALK = r"\bslack\b|\binternal|\bshipping lead\b|\bteam lead\b"
_AFTER_NO_MONTH = "".join(rf"(?<!{name[-3:]} )(?<!{name[:3]} )" for name in month_name[1:])
_BEFORE_NO_MONTH = rf"(?! (?:of )?(?:{'|'.join(name[:3] for name in month_name[1:])}))"


def status_pattern(parcel: Shipment) -> str:
    """What says the parcel's status in an answer."""
    return STATUS_WORDS[parcel.status][1]


def next_step(parcel: Shipment) -> tuple[str, str]:
    """What the customer does next: how a reference says it, and what says it in an answer."""
    return _NEXT.get(parcel.status, _FOLLOW)


def day_of(parcel: Shipment) -> date:
    """The actual day of delivery, or the promised one."""
    return parcel.delivered_at.date() if parcel.delivered_at else parcel.promised_on


def day_pattern(day: date) -> str:
    """Finds a day in the forms that people write; a year need not stand there.

    >>> forms = ("2025-09-03", "Sept. 3rd", "3 September", "9/3/2025")
    >>> all(re.search(day_pattern(date(2025, 9, 3)), form) for form in forms)
    True
    """
    month = rf"\b{month_name[day.month][:3]}\w*\.?"
    end = r"(?:st|nd|rd|th)?(?!\d)"
    return (
        rf"{day.isoformat()}|{month}\s+0?{day.day}{end}"
        rf"|(?<!\d)0?{day.day}{end}\s+(?:of\s+)?{month}"
        rf"|(?<![\d/])0?{day.month}/0?{day.day}(?!\d)"
    )


def days_pattern(num_days: int) -> str:
    """Finds a number of days, in digits or words.

    >>> bool(re.search(days_pattern(2), "two calendar days late"))
    True
    """
    told = str(num_days)
    if num_days < len(_NUMBERS):
        told += f"|{_NUMBERS[num_days]}"
    if num_days == 1:
        told += "|a"
    return rf"(?<![\w$.,-])(?:{told})[ -](?:(?:calendar|full|whole|single)[ -])?days?\b"


def twice(day: str) -> str:
    """Finds a day that is named twice, or once as both the promised and the actual one."""
    return (
        rf"(?:{day})[^\n]*(?:{day})"
        rf"|(?:{day})[^\n]*(?:same|that|promised) day|(?:same|promised) day[^\n]*(?:{day})"
        rf"|promised and [^\n]*(?:{day})"
    )


def says_plain_count(key: str, what: str, count: int) -> Criterion:
    """States a count that is no day of a month."""
    pattern = f"{_AFTER_NO_MONTH}{count_pattern(count)}{_BEFORE_NO_MONTH}"
    return says_matching(key, f"States {what}: {count}.", pattern, CORRECTNESS)


def ties(
    key: str,
    text: str,
    anchor: str,
    other: str,
    patterns: Sequence[str],
    category: CriterionCategory = COMPLETENESS,
) -> Criterion:
    """What the patterns find stands with one anchor rather than with the other.

    Everything follows its anchor, or everything comes before it; the other anchor never lies
    between. Anchors are texts, such as tracking numbers.
    """
    one, two = re.escape(anchor), re.escape(other)
    gap = rf"(?:(?!{two})[\s\S])*?"
    after = "".join(rf"(?=[\s\S]*?{one}{gap}(?:{pattern}))" for pattern in patterns)
    before = "".join(rf"(?=[\s\S]*?(?:{pattern}){gap}{one})" for pattern in patterns)
    return says_matching(key, text, rf"^(?:{after}|{before})", category)


def in_one_row(
    key: str, text: str, *patterns: str, category: CriterionCategory = CORRECTNESS
) -> Criterion:
    """One line of the response holds what every pattern finds."""
    wanted = "".join(rf"(?=[^\n]*(?:{pattern}))" for pattern in patterns)
    return says_matching(key, text, rf"(?m)^{wanted}", category)


def blames_nobody(carrier: str) -> Criterion:
    """The mail accuses nobody and keeps what only colleagues know."""
    blame = (
        rf"\bfault\b|\bblame|\bcareless|\b{carrier}(?:['’]s)? (?:has |have )?(?:lost|failed|messed"
        rf"|let|mis\w+|did(?:n['’]t| not)|is to)|(?:because of|due to) {carrier}\b"
        r"|carrier['’]s (?:mis|err)"
    )
    text = "Blames nobody and repeats no internal talk."
    pattern = rf"^(?![\s\S]*(?:{blame}|{_INSIDE_TALK}))"
    return says_matching("no-blame", text, pattern, CONSTRAINT)
