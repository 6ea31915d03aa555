"""The scenario `shipment-email`: the five parts of an e-mail about a parcel.

Source: paper section 5.3, "shipment status email".
"""

from collections.abc import Iterator
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    is_email,
    says_any,
    says_date,
    says_matching,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company, Order, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import CarrierDelay, carrier_delay
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.shipping.wording import (
    SIGNATURE,
    STATUS_WORDS,
    day_of,
    next_step,
)

_NUM = 18
_PHRASINGS = (
    "Please write the customer of {order} an e-mail about the parcel: which order, carrier with "
    "tracking number, where it stands, the expected or actual day, and what they should do next.",
    "{order}: customer hasn't heard a thing. Draft the mail with all five parts we agreed on for "
    "shipments, in our usual tone.",
    "Could you put together the shipment mail for {order}? You know the list: number, who carries "
    "it and under which tracking no., status, day, next step.",
    "need an email to whoever ordered {order} - where the parcel is, who brings it + tracking, "
    "when, what to do. signed from support",
    "Someone is waiting at the window for {order}. Write to them, please, with everything that our "
    "shipment mails must have, and nothing that they can't use.",
    "Compose a message I can send for {order}. It has to name the order, the carrier and its "
    "tracking number, the present status, the day of delivery (promised or real) and the "
    "customer's next move.",
    "mail for {order} pls!! parcel status. all 5 things from the shipping rules, greet by first "
    "name",
    "The buyer of {order} asked on the phone where the box is and I promised it in writing. Text "
    "of the e-mail, please: current state, carrier, tracking number, date, what happens next on "
    "their side.",
    "I'd like a tidy e-mail about the delivery of {order}: no apologies by the metre, only order, "
    "carrier, tracking, state of things, day and next step.",
    "Write up {order} for its customer. One short mail, complete by the shipping rules, ready to "
    "send.",
)
_DETAILS = (
    "Under 120 words, please.",
    "They were polite, so be kind.",
    "It goes out under our support name, not mine.",
    "The address on file is fine.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("shipment-email")
    company = desk.model
    delay = carrier_delay(company)
    orders = [o for o in company.orders if _has_one_sure_day(company.shipments_of(o.id), delay)]
    rng.shuffle(orders)
    orders.sort(key=lambda order: order.placed_at.date() < company.now.date().replace(month=8))
    for order in by_turns(orders, lambda o: company.shipments_of(o.id)[0].status):
        yield _draft(desk, order, company.shipments_of(order.id)[0], rng)


def _has_one_sure_day(parcels: list[Shipment], delay: CarrierDelay) -> bool:
    """Whether there is a single parcel, and no carrier's delay moves its day."""
    if len(parcels) != 1:
        return False
    return parcels[0].delivered_at is not None or not delay.covers(parcels[0])


def _draft(desk: Desk[Company], order: Order, parcel: Shipment, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(order.customer_id)
    session = desk.session()
    session.call("get_order", id=order.id)
    told, status_pattern = STATUS_WORDS[parcel.status]
    step, step_pattern = next_step(parcel)
    day = day_of(parcel).isoformat()
    return Draft(
        title=f"E-mail about the parcel of {order.id}",
        keys=(order.id,),
        slots={"order": order.id},
        calls=session.calls,
        response=_mail(customer.first_name, order, parcel, told, step),
        criteria=(
            is_email(140),
            greets(customer.first_name),
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_any("carrier", f"Names the carrier: {parcel.carrier}.", parcel.carrier),
            says_any("tracking", "Gives the tracking number.", parcel.tracking_number),
            says_matching("status", f"Says that the parcel {told}.", status_pattern),
            says_date("day", "the expected or actual day of delivery", day),
            says_matching("next-step", "Tells the customer the next step.", step_pattern),
            signs_off(SIGNATURE),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "warehouse")),
    )


def _mail(first_name: str, order: Order, parcel: Shipment, told: str, step: str) -> str:
    if parcel.delivered_at is not None:
        when = f" on {spoken_day(parcel.delivered_at)}."
    else:
        when = f". The day we were given for it is {spoken_day(parcel.promised_on)}."
    return (
        f"Hello {first_name},\n\nYour order {order.id} travels with {parcel.carrier}, tracking "
        f"number {parcel.tracking_number}. The parcel {told}{when}\n\n{step}.\n\n"
        f"Best regards,\n{SIGNATURE}"
    )


SHIPMENT_EMAIL: Scenario[Company] = Scenario(
    name="shipment-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="The customer of {order} gets one e-mail that answers where the parcel is, with the "
    "five parts that the company demands.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
