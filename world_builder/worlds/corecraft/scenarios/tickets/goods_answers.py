"""Answers about goods: how long a warranty runs, how far a build is, where parcels are."""

from world_builder.worlds.corecraft.company import Company, Shipment, Ticket
from world_builder.worlds.corecraft.reckoning.returns import arrived_on
from world_builder.worlds.corecraft.rules import (
    DEFECT_REFUND_DAYS,
    PLATINUM_WARRANTY_MONTHS,
    add_months,
)
from world_builder.worlds.corecraft.scenarios.common import spoken_day
from world_builder.worlds.corecraft.scenarios.tickets.answers import Answer, Fact
from world_builder.worlds.corecraft.scenarios.tickets.wording import dated_pattern, day_pattern


def warranty_answer(company: Company, ticket: Ticket) -> Answer | None:
    """Until when a warranty runs."""
    first = ticket.messages[0].text
    if "until when is my" not in first and "Is that covered" not in first:
        return None
    order_id, product_id = ticket.order_id or "", ticket.product_id or ""
    arrived = arrived_on(company, order_id, product_id)
    if arrived is None:
        return None
    is_defect = "covered" in first
    if is_defect and (company.now.date() - arrived).days <= DEFECT_REFUND_DAYS:
        return None
    product = company.product(product_id)
    tier = company.customer(ticket.customer_id).loyalty_tier
    months = product.warranty_months + PLATINUM_WARRANTY_MONTHS * (tier == "platinum")
    end = add_months(arrived, months)
    return Answer(
        ticket=ticket,
        kind="warranty",
        question=f"until when the warranty of the {product.name} runs, counted from which day",
        calls=(("check_warranty", {"order_id": order_id, "product_id": product_id}),),
        text=f"Your warranty runs until {spoken_day(end)}. It counts from the delivery on "
        f"{spoken_day(arrived)}.",
        facts=(
            Fact(key="end", told=f"the warranty runs until {end}", pattern=dated_pattern(end)),
            Fact(key="start", told=f"it counts from {arrived}", pattern=dated_pattern(arrived)),
        ),
        next_step="If it gives you trouble in that time, describe it here and we look at it.",
        next_pattern=r"\bif\b|describe|repl(?:y|ies)|write|contact|let us know|get in touch|reach"
        r"|\bnext\b",
        is_final=not is_defect,
    )


_STAGES = {
    "ordered": ("ordered and not begun yet", r"order|not (?:yet )?(?:begun|started)", "assembly"),
    "assembling": ("being assembled", r"assembl|put together|being built", "testing"),
    "testing": ("being tested", r"test", "packing and shipping"),
}


def build_answer(company: Company, ticket: Ticket) -> Answer | None:
    """How far a build is that is not past its day."""
    if "You have been building" not in ticket.messages[0].text:
        return None
    found = [b for b in company.builds_of(ticket.customer_id) if b.order_id == ticket.order_id]
    if len(found) != 1 or found[0].status not in _STAGES:
        return None
    due = found[0].due_on
    if due is None or due < company.now.date():
        return None
    stage, pattern, following = _STAGES[found[0].status]
    return Answer(
        ticket=ticket,
        kind="build",
        question="what stage the build is at and for which day it is planned",
        calls=(("search_builds", {"order_id": ticket.order_id}),),
        text=f"Your build is {stage}. It is planned for {spoken_day(due)}.",
        facts=(
            Fact(key="due", told=f"it is planned for {due}", pattern=day_pattern(due)),
            Fact(key="stage", told=f"it is {stage}", pattern=pattern),
        ),
        next_step=f"After this comes {following}.",
        next_pattern=rf"\b(?:after|next|then|once|followed|will)\b|{following.split()[0]}",
    )


_PARCEL = {
    "in_transit": ("is on its way", r"in transit|on (?:its|the) way|under way|travell?ing"),
    "out_for_delivery": ("is out for delivery", r"out for delivery"),
    "label_created": ("waits for the carrier", r"label|wait|not yet|pick"),
    "delivered": ("was delivered", r"\bdelivered\b|\barrived\b"),
}
"""By status: how an answer says it, and what says it."""


def parcel_answer(company: Company, ticket: Ticket) -> Answer | None:
    """Where the parcel with the product is, unless it is stuck."""
    first, order_id = ticket.messages[0].text, ticket.order_id
    if order_id is None or ("sent in two?" not in first and "I leave for a week" not in first):
        return None
    parcels = [s for s in company.shipments_of(order_id) if ticket.product_id in s.product_ids]
    if len(parcels) != 1 or parcels[0].status not in _PARCEL:
        return None
    is_late = parcels[0].delivered_at is None and parcels[0].promised_on < company.now.date()
    return None if is_late else _told_of(company, ticket, parcels[0])


def _told_of(company: Company, ticket: Ticket, parcel: Shipment) -> Answer:
    told, pattern = _PARCEL[parcel.status]
    name = company.product(ticket.product_id or "").name
    day = parcel.delivered_at.date() if parcel.delivered_at else parcel.promised_on
    when = f" on {spoken_day(day)}" if parcel.delivered_at else f", promised for {spoken_day(day)}"
    return Answer(
        ticket=ticket,
        kind=f"parcel {'there' if parcel.delivered_at else 'under way'}",
        question=f"how the parcel with the {name} stands by our records, with its tracking number "
        "and the day of delivery, promised or real",
        calls=(
            ("search_shipments", {"order_id": ticket.order_id}),
            ("search_products", {"id": ticket.product_id}),
        ),
        text=f"By our records the parcel {told}{when}. The tracking number is "
        f"{parcel.tracking_number}.",
        facts=(
            Fact(key="day", told=f"the day is {day}", pattern=day_pattern(day)),
            Fact(key="status", told=f"the parcel {told}", pattern=pattern),
            Fact(
                key="tracking",
                told=f"the tracking number is {parcel.tracking_number}",
                pattern=rf"\b{parcel.tracking_number}\b",
            ),
        ),
        next_step="If it is missing, answer here and we ask the carrier.",
        next_pattern=r"\bif\b|answer|repl(?:y|ies)|write|contact|let us know|\bnext\b",
    )
