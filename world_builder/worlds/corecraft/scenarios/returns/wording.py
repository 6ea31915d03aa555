"""How references word a ruling on a return, and the criteria that decide an answer about one."""

from datetime import date

from world_builder.checks import AllOf, ContainsAny, Matches
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    criterion,
    says_amount,
    says_date,
    says_reason,
    says_right_not_wrong,
)
from world_builder.templates.phrases import CONSENT
from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.returns import Ruling
from world_builder.worlds.corecraft.scenarios.common import spoken_day
from world_builder.worlds.corecraft.scenarios.returns.patterns import (
    CLAIMED,
    CLAIMED_STOCK,
    DENIED,
    DESTINATIONS,
    IN_STOCK,
    OUT_OF_STOCK,
    REASONS,
    REFUSED,
    STATUSES,
    UNBOOKED,
)

DESTINATION_WORDS: dict[str, str] = {
    "original_payment": "back to the original payment",
    "store_credit": "to store credit",
}
_IN_WORDS = {30: "thirty", 45: "forty-five", 60: "sixty"}

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


def says_granted(text: str) -> Criterion:
    """The response grants a return or a refund, and refuses none."""
    return says_right_not_wrong("decision", text, CONSENT, DENIED).model_copy(
        update={"is_critical": True}
    )


def says_refused(text: str) -> Criterion:
    """The response refuses a return or a refund, and claims none."""
    return says_right_not_wrong("decision", text, REFUSED, CLAIMED).model_copy(
        update={"is_critical": True}
    )


def says_window(ruling: Ruling) -> tuple[Criterion, ...]:
    """The length of the window, where it is the problem."""
    if ruling.problem != "too_late":
        return ()
    return (says_length("window", "the length of the window", ruling.window_days, "days"),)


def says_length(key: str, what: str, num: int, unit: str) -> Criterion:
    """The response states how long something runs, such as 60 days or a 60-day window."""
    pattern = rf"(?<![\w$.,-])(?:{num}|{_IN_WORDS.get(num, num)})(?!\w|[.,]\d)"
    return criterion(key, f"States {what}: {num} {unit}.", Matches(pattern=pattern))


def says_unbooked() -> Criterion:
    """The response says that nothing was changed."""
    return says_reason("Says that nothing was booked.", UNBOOKED, key="unbooked")


def says_day_and_year(key: str, what: str, day: date) -> Criterion:
    """The response states a day that lies in another year than most of the text."""
    told = (ContainsAny(texts=(day.isoformat(),)), Matches(pattern=rf"\b{day.year}\b"))
    return criterion(key, f"States {what}: {day.isoformat()}.", AllOf(checks=told))


def says_stock(*, is_there: bool) -> Criterion:
    """The response says whether a replacement is in stock."""
    if is_there:
        return says_right_not_wrong("stock", "Says that one is in stock.", IN_STOCK, OUT_OF_STOCK)
    return says_right_not_wrong("stock", "Says that none is in stock.", OUT_OF_STOCK, CLAIMED_STOCK)


def says_refund_status(status: str) -> Criterion:
    """The response says how far a refund is, and nothing further."""
    text = f"Says that the refund is {status}."
    return says_right_not_wrong("status", text, *STATUSES[status])


def says_destination(destination: str) -> Criterion:
    """The response says where the money goes."""
    text = f"Says that the money goes {DESTINATION_WORDS[destination]}."
    return says_right_not_wrong("destination", text, *DESTINATIONS[destination])


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
            says_refused(f"Says that the {product.name} cannot come back."),
            says_reason(REASON_TEXTS[ruling.problem], REASONS[ruling.problem]),
            *found,
        )
    return (
        says_granted(f"Says that the {product.name} can come back."),
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
