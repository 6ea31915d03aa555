"""How references word a ruling on a return, and the criteria that decide an answer about one."""

from datetime import date

from world_builder.checks import AllOf, ContainsAny, Matches
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    criterion,
    says_amount,
    says_date,
    says_no,
    says_number,
    says_reason,
    says_right_not_wrong,
    says_yes,
)
from world_builder.templates.phrases import GRANTED, REFUSAL
from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.returns import Ruling
from world_builder.worlds.corecraft.scenarios.common import spoken_day

REASON_PATTERNS: dict[str, str] = {
    "not_delivered": r"(?:not|n['’]t|never)\b.{0,30}\b(?:deliver\w*|arriv\w*)|undelivered"
    r"|still (?:in transit|on its way|under way)",
    "clearance": r"clearance|final[- ]sale",
    "opened_part": r"\bopen(?:ed)?\b.{0,60}\b(?:processor|cpu|memory|ram)\w*"
    r"|\b(?:processor|cpu|memory|ram)\w*\b.{0,60}\b(?:open(?:ed)?|unopened)\b",
    "too_late": r"\b(?:30|45|60|7|seven|thirty|forty-five|sixty)[- ]days?\b|too late|window"
    r"|expired|deadline|time limit",
    "already_back": r"already\b.{0,40}\b(?:return|came back|come back|sent back|refund|back)\w*"
    r"|(?:returned|refunded|refund|came back)\b.{0,30}\b(?:already|before|earlier|under way)",
    "disputed": r"disput|chargeback|bank",
}
"""By problem of a ruling: what names it in an answer."""

DESTINATION_WORDS: dict[str, str] = {
    "original_payment": "back to the original payment",
    "store_credit": "to store credit",
}
_DESTINATION_PATTERNS: dict[str, tuple[str, str]] = {
    "original_payment": (
        r"original\w* (?:payment|method|form|card|account|means)|\b(?:method|means|form) of payment"
        r"|payment method|(?:way|how|what) (?:they|she|he|the customer) (?:had )?paid"
        r"|same (?:card|payment|method|way|account)|\b(?:card|paypal|wire|financing)\b",
        r"(?<!not )(?<!no )(?<!not as )(?<!not to )(?<!than )(?<!of )\bstore credit",
    ),
    "store_credit": (r"store[- ]credit", r"\b(?:not|no|n['’]t)\b.{0,20}store[- ]credit"),
}

_THERE = r"\bin stock|available|on the shelf|\bhave (?:one|it|\d+)|\b\d+ (?:left|units|pieces)"
_NONE = r"(?:\b(?:not|none|no|nothing|zero|0|out)\b|n['’]t\b)"
"""A word that denies what follows it in its sentence."""
_GONE = rf"out of stock|sold out|{_NONE}[^.!?;,]{{0,30}}\b(?:in stock|available|on the shelf|stock)"
_HAS = (
    rf"{_NONE}[^.!?;,]{{0,20}}\bout of stock|"
    rf"(?:^|[.!?;:,]\s)(?:(?!{_NONE})[^.!?;,])*\bin stock\b(?! again)"
)
_UNBOOKED = (
    rf"{_NONE}[^.!?]{{0,50}}\b(?:book|chang|creat|enter|touch|written|refund)"
    rf"|\b(?:book|chang|creat|enter|touch)\w*[^.!?]{{0,20}}{_NONE}"
    r"|\bunchanged|\buntouched|\bunbooked|\bas (?:it|they) (?:is|are|was|were)\b"
)
_REFUSED = (
    rf"{REFUSAL}|\bnothing\b|\bno (?:refund|money|amount)\b"
    r"|\b(?:refund|amount|back)\b[^.!?\n]{0,25}\$0(?:\.00)?(?!\d|\.\d)"
    r"|\$0(?:\.00)?(?!\d|\.\d)[^.!?\n]{0,25}\b(?:refund|back)"
    r"|\b(?:not|n['’]t)\b.{0,30}\b(?:book|creat|refund|approv|pay|paid|return|take|accept|go)\w*"
)
_CLAIMED = (
    rf"{GRANTED}|(?:^|[.!?;:,]\s)(?:(?!{_NONE})[^.!?;,])*"
    r"\b(?:(?:is|was|are|have|has been|have been|I|we) (?:now )?booked|(?:have|has been) created)\b"
    r"(?! (?:nothing|no|none)\b)"
)
"""What says that a return is granted, or that a refund was made."""

_NOT = r"(?<!not )(?<!not yet )(?<!not been )(?<!not yet been )(?<!to be )(?<!awaiting )"
_STATUS_PATTERNS: dict[str, tuple[str, str]] = {
    "processed": (
        r"\bprocessed\b|paid out|complete|went out",
        r"\bnot (?:yet )?(?:been )?processed|\brequested\b|pending|waiting|denied|declined",
    ),
    "approved": (
        r"\bapproved\b",
        rf"\bnot (?:yet )?(?:been )?approved|\brequested\b|denied|{_NOT}\b(?:processed|paid out)\b",
    ),
    "requested": (
        r"\brequested\b",
        rf"denied|{_NOT}\b(?:approved|processed|paid out)\b",
    ),
    "denied": (r"denied|declined|refused|rejected", r"\b(?:approved|processed|paid out)\b"),
}
"""By status: what says it, and what says another one."""

REASON_TEXTS: dict[str, str] = {
    "not_delivered": "Says that the item has not been delivered.",
    "clearance": "Says that the item was on clearance: final sale.",
    "opened_part": "Says that opened processors and memory do not come back.",
    "too_late": "Says that the window has closed.",
    "already_back": "Says that the item already came back or has a refund under way.",
    "disputed": "Says that the payment is disputed.",
}


def reason_of(ruling: Ruling, product: Product) -> str:
    """Why an item may not come back, as half a sentence. Raises KeyError for one that may."""
    is_memory = product.category == "memory"
    part = "memory never comes" if is_memory else "processors never come"
    return {
        "not_delivered": "it has not been delivered yet",
        "clearance": "clearance items are final sale",
        "opened_part": f"opened {part} back by a change of mind",
        "too_late": f"the window of {ruling.window_days} days has closed",
        "already_back": "it was already refunded",
        "disputed": "its payment is disputed and the bank decides first",
    }[ruling.problem or ""]


def says_refused(text: str) -> Criterion:
    """The response refuses a return or a refund, and claims none."""
    return says_right_not_wrong("decision", text, _REFUSED, _CLAIMED).model_copy(
        update={"is_critical": True}
    )


def says_window(ruling: Ruling) -> tuple[Criterion, ...]:
    """The length of the window, where it is the problem."""
    if ruling.problem != "too_late":
        return ()
    return (says_number("window", "the length of the window", ruling.window_days, "days"),)


def says_unbooked() -> Criterion:
    """The response says that nothing was changed."""
    return says_reason("Says that nothing was booked.", _UNBOOKED, key="unbooked")


def says_day_and_year(key: str, what: str, day: date) -> Criterion:
    """The response states a day that lies in another year than most of the text."""
    told = (ContainsAny(texts=(day.isoformat(),)), Matches(pattern=rf"\b{day.year}\b"))
    return criterion(key, f"States {what}: {day.isoformat()}.", AllOf(checks=told))


def says_stock(*, is_there: bool) -> Criterion:
    """The response says whether a replacement is in stock."""
    if is_there:
        return says_right_not_wrong("stock", "Says that one is in stock.", _THERE, _GONE)
    return says_right_not_wrong("stock", "Says that none is in stock.", _GONE, _HAS)


def says_refund_status(status: str) -> Criterion:
    """The response says how far a refund is, and nothing further."""
    text = f"Says that the refund is {status}."
    return says_right_not_wrong("status", text, *_STATUS_PATTERNS[status])


def says_destination(destination: str) -> Criterion:
    """The response says where the money goes."""
    text = f"Says that the money goes {DESTINATION_WORDS[destination]}."
    return says_right_not_wrong("destination", text, *_DESTINATION_PATTERNS[destination])


def ruling_text(ruling: Ruling, product: Product) -> str:
    """The ruling in two or three sentences: decision, day of delivery, money or reason."""
    arrived = f"It arrived on {spoken_day(ruling.arrived_on)}" if ruling.arrived_on else ""
    if ruling.problem is not None:
        why = reason_of(ruling, product)
        told = f"No, the {product.name} cannot come back, because {why}."
        return f"{told} {arrived}." if arrived else told
    fee = (
        f"after a restocking fee of {money(ruling.fee_cents)}"
        if ruling.fee_cents
        else "with no restocking fee"
    )
    return (
        f"Yes, the {product.name} can come back. {arrived}, so the last day is "
        f"{spoken_day(ruling.last_day)}. {money(ruling.amount_cents)} goes back, {fee}."
    )


def ruling_criteria(ruling: Ruling, product: Product) -> tuple[Criterion, ...]:
    """Decision, day of delivery, and the money or the reason."""
    found: list[Criterion] = []
    if ruling.arrived_on is not None:
        day = ruling.arrived_on.isoformat()
        found.append(says_date("arrived", "the day on which it was delivered", day))
    found += says_window(ruling)
    if ruling.problem is not None:
        return (
            says_no(f"Says that the {product.name} cannot come back."),
            says_reason(REASON_TEXTS[ruling.problem], REASON_PATTERNS[ruling.problem]),
            *found,
        )
    return (
        says_yes(f"Says that the {product.name} can come back."),
        *found,
        says_date("last-day", "the last day of the window", ruling.last_day.isoformat()),
        says_amount("refund", "what goes back", ruling.amount_cents),
        says_fee(ruling.fee_cents),
    )


def says_fee(cents: int) -> Criterion:
    """The response states the restocking fee, or that none is kept."""
    if cents:
        return says_amount("fee", "the restocking fee", cents)
    pattern = (
        r"\bno\b.{0,24}\bfee|without.{0,24}\bfee|fee\b.{0,20}(?:\$0(?!\.[1-9])|none|waived"
        r"|does not apply|not due)|in full|full (?:refund|amount|price)"
    )
    return says_reason("Says that no restocking fee is kept.", pattern, key="fee")
