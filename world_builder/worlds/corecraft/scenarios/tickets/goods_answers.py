"""Answers about goods: how long a warranty runs, how far a build is, where parcels are."""

from world_builder.worlds.corecraft.company import Company, Shipment, Ticket
from world_builder.worlds.corecraft.reckoning.returns import arrived_on
from world_builder.worlds.corecraft.rules import (
    DEFECT_REFUND_DAYS,
    PLATINUM_WARRANTY_MONTHS,
    add_months,
)
from world_builder.worlds.corecraft.scenarios.common import listed, spoken_day
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
    "in_transit": (
        "is on its way",
        "are on their way",
        r"in transit|on (?:its|the|their) way|under way|travell?ing",
    ),
    "out_for_delivery": ("is out for delivery", "are out for delivery", r"out for delivery"),
    "label_created": (
        "has a label and waits for the carrier",
        "have a label and wait for the carrier",
        r"label|wait|not yet|pick",
    ),
}
"""By status: how an answer says it of one parcel, of two, and what says it."""


def parcel_answer(company: Company, ticket: Ticket) -> Answer | None:
    """Where parcels are that all stand the same and are not past their day."""
    if ticket.order_id is None or "was delivered. Nobody rang" not in ticket.messages[0].text:
        return None
    parcels = company.shipments_of(ticket.order_id)
    states = {(parcel.status, parcel.promised_on) for parcel in parcels}
    day = parcels[0].promised_on
    if len(states) != 1 or parcels[0].status not in _PARCEL or day < company.now.date():
        return None
    return _told_of(ticket, parcels)


def _told_of(ticket: Ticket, parcels: list[Shipment]) -> Answer:
    one, both, pattern = _PARCEL[parcels[0].status]
    told = f"the parcel {one}" if len(parcels) == 1 else f"the parcels {both}"
    day = parcels[0].promised_on
    numbers = [parcel.tracking_number for parcel in parcels]
    return Answer(
        ticket=ticket,
        kind="parcel",
        question="where the delivery is by our records, under which tracking number and promised "
        "for which day",
        calls=(("search_shipments", {"order_id": ticket.order_id}),),
        text=f"By our records {told}, promised for {spoken_day(day)}. Tracking: {listed(numbers)}.",
        facts=(
            Fact(key="day", told=f"it is promised for {day}", pattern=day_pattern(day)),
            Fact(key="status", told=told, pattern=pattern),
            *(
                Fact(key=f"tracking-{i}", told=f"a tracking number is {n}", pattern=rf"\b{n}\b")
                for i, n in enumerate(numbers, 1)
            ),
        ),
        next_step="If nothing has come by the day after, answer here and we ask the carrier.",
        next_pattern=r"\bif\b|answer|repl(?:y|ies)|write|contact|let us know|\bnext\b",
    )
