"""The scenario `query-order-trail`: from a tracking number to the order and its money."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_amount,
    says_any,
    says_date,
    says_how_many,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Payment, Shipment
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.tools import GENERIC_SURFACE

_METHODS = {
    "card": ("by card", r"\bcards?\b"),
    "paypal": ("with PayPal", r"pay ?pal"),
    "store_credit": ("with store credit", r"store[ _]credit"),
    "wire": ("by wire", r"\bwire"),
    "financing": ("by financing", r"financ"),
}
"""By payment method: how a reference says it, and what says it in an answer."""
_PHRASINGS = (
    "A parcel with tracking number {tracking} lies at reception. Which order is it, whose, placed "
    "when, for how much? How many parcels does the order have, how was it paid, and did any "
    "attempt to pay fail before?",
    "{tracking} - trace it back pls: order id, customer, date ordered, total, payment method, "
    "number of failed payments, number of parcels",
    "Only the label is readable: {tracking}. I need the whole trail behind it. Order number and "
    "customer's name, order date and total, how they paid and how many tries failed, how many "
    "parcels went out.",
    "Whose box is {tracking}? Tell me the order with its date and sum, the means of payment, how "
    "often paying went wrong first, and the count of parcels in that order.",
    "The carrier's portal gives me nothing but {tracking}. From that: order, customer name, day it "
    "was placed, what it came to, number of parcels, paid how, failed attempts (0 is an answer "
    "too).",
    "for the claim form i need everything behind {tracking}. order id / name / order day / total / "
    "paid by / failed tries / parcels. in a sentence or two is fine",
    "Please find the order that tracking number {tracking} belongs to. Besides the customer's name "
    "and the total I want the day it was ordered, in how many parcels it travels, what it was paid "
    "with and whether payments failed before that one (how many).",
    "Starting from {tracking}, who ordered what when? Not the items, but: id, name, date, amount, "
    "payment method, unsuccessful payments, parcels in all.",
    "Insurance asks about {tracking}. They want the order reference, the buyer, the date of "
    "purchase and its amount, the way of payment, the number of declined payments and how many "
    "parcels there were.",
)
_DETAILS = (
    "The old search page is down, so it has to go through the query tools.",
    "I only have this one number.",
    "A form, nothing more exciting.",
    "No need for the contents.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("query-order-trail")
    company = desk.model
    parcels = [s for s in company.shipments if _paid(company, s) is not None]
    rng.shuffle(parcels)
    chosen = once_each(parcels, lambda parcel: parcel.order_id)
    for parcel in by_turns(chosen, lambda s: _kind(company, s)):
        yield _draft(desk, parcel, rng)


def _paid(company: Company, parcel: Shipment) -> Payment | None:
    """The payment that counts."""
    return next((p for p in company.payments_of(parcel.order_id) if p.status != "failed"), None)


def _kind(company: Company, parcel: Shipment) -> tuple[bool, bool]:
    failed = any(p.status == "failed" for p in company.payments_of(parcel.order_id))
    return failed, len(company.shipments_of(parcel.order_id)) > 1


def _draft(desk: Desk[Company], parcel: Shipment, rng: Random) -> Draft:
    company = desk.model
    order = company.order(parcel.order_id)
    customer = company.customer(order.customer_id)
    payments = company.payments_of(order.id)
    failed = sum(payment.status == "failed" for payment in payments)
    parcels = len(company.shipments_of(order.id))
    paid, paid_pattern = _METHODS[payments[-1].method]
    session = desk.session(GENERIC_SURFACE)
    session.call("describe_type", type="shipment")
    session.call(
        "find_records", type="shipment", field="tracking_number", value=parcel.tracking_number
    )
    session.call("get_record", type="order", id=order.id)
    session.call("get_record", type="customer", id=customer.id)
    session.call("find_records", type="payment", field="order_id", value=order.id)
    session.call("find_records", type="shipment", field="order_id", value=order.id)
    tries = f"after {counted(failed, 'failed payment')}" if failed else "with no failed payment"
    return Draft(
        title=f"The order behind {parcel.tracking_number}",
        keys=(order.id,),
        slots={"tracking": parcel.tracking_number},
        calls=session.calls,
        response=f"{parcel.tracking_number} belongs to {order.id} of {customer.name}. The order "
        f"was placed on {spoken_day(order.placed_at)} and came to {money(order.total_cents)}. It "
        f"was paid {paid}, {tries}. It travels in {counted(parcels, 'parcel')}.",
        criteria=(
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_any("customer", f"Names the customer: {customer.name}.", customer.name),
            says_date("placed", "the day it was placed", order.placed_at.date().isoformat()),
            says_amount("total", "the total", order.total_cents),
            says_matching("method", f"Says that it was paid {paid}.", paid_pattern),
            says_how_many(
                "failed",
                f"Says how many payments failed: {failed}.",
                failed,
                "fail|declin|unsuccessful|attempt|tr(?:y|ies)",
            ),
            says_how_many(
                "parcels", f"Says how many parcels there are: {parcels}.", parcels,
                "parcel|shipment|package|box",
            ),
            says_any("tracking", "Repeats the tracking number.", parcel.tracking_number),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "warehouse", "billing")),
    )  # fmt: skip


QUERY_ORDER_TRAIL: Scenario[Company] = Scenario(
    name="query-order-trail",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BACK_OFFICE,
    intent="Everything about the sale behind {tracking}, when only the label is known.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=12,
    is_unseen=True,
    tool_surface=GENERIC_SURFACE,
)
