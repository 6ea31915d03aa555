"""The scenario `split-order-email`: what is in which parcel of an order, and where each is."""

import re
from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    is_email,
    says_any,
    says_matching,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company, Order, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import (
    CarrierDelay,
    carrier_delay,
    counts_as_lost,
    is_overdue,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    listed,
    product_names,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.shipping.wording import (
    SIGNATURE,
    STATUS_WORDS,
    day_of,
    day_pattern,
    status_pattern,
    ties,
)

_NUM = 18
_MOST_WORDS = 240
_ANY_STEP = (
    r"follow|check|missing|reply|write|contact|call|let us know|confirm|track (?:it|both|them)"
)

_PHRASINGS = (
    "{order} went out in two parcels and the customer is confused. Write them an e-mail: what is "
    "in which, and for each the carrier, tracking number, status and day (promised or actual), "
    "plus what they should do next.",
    "Customer of {order}: 'I only see half of my things!' Please draft the mail that explains "
    "both parcels, contents first, then carrier, tracking, where it stands, expected or real day "
    "of each. And the next step.",
    "mail for {order} pls. 2 parcels. per parcel: items, carrier + tracking no, status, date "
    "(arrived or promised). say what the cust does next. support signature",
    "Two tracking numbers, one order, and no idea which box holds what: that is how the buyer of "
    "{order} put it. Compose an answer by e-mail that sorts it out, parcel by parcel, with "
    "products, carrier, number, current status and the day, and ends with what happens on their "
    "side.",
    "I'd like an e-mail for {order} with a short paragraph for each of its parcels. Every "
    "paragraph needs the products in it, who carries it under which tracking number, how it "
    "stands and either the day it came or the day it was promised for. Close with the customer's "
    "next move.",
    "Please put the split delivery of {order} into a mail that a hurried person understands: "
    "which product travels in which parcel, carrier, tracking number, state, day, for both. "
    "Don't forget the next step.",
    "Can you write to whoever bought {order}? It was shipped in two and our shipment rules want "
    "all their parts for either parcel: carrier with tracking number, status, day. I want the "
    "contents named as well, so that nobody thinks a thing is missing which is simply in the "
    "other box, and a next step.",
    "Need text, ready to send, about {order}. The order is split. List for parcel one and parcel "
    "two the goods, the carrier, the tracking number, the status, the date of arrival or "
    "promise; then one line on what the customer should do.",
    "The second parcel of {order} was never mentioned to the customer, my mistake. Make up for "
    "it with one e-mail about both: contents, carrier, tracking, status now, promised or actual "
    "day, next step.",
    "What would we write for {order}, given that it is under way, or has come, in two pieces? "
    "Draft it as an e-mail. I need the goods assigned to the right parcel and next to that its "
    "carrier, its tracking number, its status and its day. Finish with what to do.",
)
_DETAILS = (
    "Plain words, they are new to this.",
    "They did not complain, they just ask.",
    "It goes out from the support mailbox.",
    "I will send it right after lunch.",
    "No discount or anything, just the facts.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("split-order-email")
    company = desk.model
    delay = carrier_delay(company)
    orders = [
        order
        for order in reversed(company.orders)
        if len(parcels := company.shipments_of(order.id)) == 2
        and all(_has_sure_state(parcel, delay) for parcel in parcels)
    ]
    for order in by_turns(orders, lambda o: _statuses(company, o)):
        yield _draft(desk, order, rng)


def _has_sure_state(parcel: Shipment, delay: CarrierDelay) -> bool:
    """Whether neither a carrier's delay nor the rule about lost parcels changes what is shown."""
    if parcel.delivered_at is not None or parcel.status in ("lost", "returned_to_sender"):
        return True
    return not delay.covers(parcel) and not counts_as_lost(parcel)


def _statuses(company: Company, order: Order) -> tuple[str, ...]:
    return tuple(sorted(parcel.status for parcel in company.shipments_of(order.id)))


def _draft(desk: Desk[Company], order: Order, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(order.customer_id)
    parcels = company.shipments_of(order.id)
    session = desk.session()
    session.call("get_order", id=order.id)
    for line in order.lines:
        session.call("search_products", id=line.product_id)
    return Draft(
        title=f"E-mail about the two parcels of {order.id}",
        keys=(order.id,),
        slots={"order": order.id},
        calls=session.calls,
        response=_mail(company, customer.first_name, order, parcels),
        criteria=(
            is_email(_MOST_WORDS),
            greets(customer.first_name),
            says_any("order", f"Names the order: {order.id}.", order.id),
            *_parcel_criteria(company, parcels[0], parcels[1], 1),
            *_parcel_criteria(company, parcels[1], parcels[0], 2),
            says_matching("next-step", "Tells the customer the next step.", _ANY_STEP),
            signs_off(SIGNATURE),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "warehouse")),
    )


def _mail(company: Company, first_name: str, order: Order, parcels: list[Shipment]) -> str:
    told = "\n\n".join(
        f"Parcel {number} holds the {listed(product_names(company, parcel.product_ids))}. "
        f"{parcel.carrier} carries it, tracking number {parcel.tracking_number}. {_state(parcel)}"
        for number, parcel in zip(("one", "two"), parcels, strict=True)
    )
    return (
        f"Hello {first_name},\n\nYour order {order.id} comes in two parcels.\n\n{told}\n\n"
        f"{_step(parcels)}.\n\nBest regards,\n{SIGNATURE}"
    )


def _state(parcel: Shipment) -> str:
    told = f"It {STATUS_WORDS[parcel.status][0]}"
    day = spoken_day(day_of(parcel))
    if parcel.delivered_at is not None:
        return f"{told} on {day}."
    return f"{told}; the promised day {'was' if is_overdue(parcel) else 'is'} {day}."


def _step(parcels: list[Shipment]) -> str:
    """What the customer does next, for the parcel that needs it most."""
    statuses = {parcel.status for parcel in parcels}
    if {"lost", "returned_to_sender"} <= statuses:
        return (
            "Please reply with the address for the parcel that comes back and with a good time to "
            "call about the missing one"
        )
    if "lost" in statuses:
        return "Please reply with a good time to call, so that we can agree on what replaces it"
    if "returned_to_sender" in statuses:
        return "Please reply with the address that we should use for the parcel that comes back"
    if statuses == {"delivered"}:
        return "Please check both parcels and write to us if anything is missing or damaged"
    which = "the parcel that is under way" if "delivered" in statuses else "both parcels"
    return f"Please follow {which} with the tracking number and write to us if a day is missed"


def _parcel_criteria(
    company: Company, parcel: Shipment, other: Shipment, number: int
) -> tuple[Criterion, ...]:
    one, two = parcel.tracking_number, other.tracking_number
    names = product_names(company, parcel.product_ids)
    told = {
        f"contents-{number}": (f"holds the {listed(names)}", [re.escape(name) for name in names]),
        f"carrier-{number}": (f"goes with {parcel.carrier}", [rf"\b{parcel.carrier}\b"]),
        f"status-{number}": (
            f"has the status {parcel.status.replace('_', ' ')}",
            [status_pattern(parcel)],
        ),
        f"day-{number}": (
            f"{'came' if parcel.delivered_at else 'is promised'} on {day_of(parcel)}",
            [day_pattern(day_of(parcel))],
        ),
    }
    return tuple(
        ties(key, f"Says that {one} {text}.", one, two, patterns)
        for key, (text, patterns) in told.items()
    )


SPLIT_ORDER_EMAIL: Scenario[Company] = Scenario(
    name="split-order-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="The customer of {order} learns from one e-mail what is in which parcel and where both "
    "are.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
