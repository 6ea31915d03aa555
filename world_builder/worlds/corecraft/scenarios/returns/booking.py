"""How references book a refund, and the criteria on what the world holds afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.templates import Session
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    creates_one,
    says_amount,
    says_any,
    says_date,
    says_number,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.reckoning.returns import Ruling
from world_builder.worlds.corecraft.scenarios.common import found_employee, iso_day, staff
from world_builder.worlds.corecraft.scenarios.returns.calls import made
from world_builder.worlds.corecraft.scenarios.returns.choosing import Item, charged
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    REASON_PATTERNS,
    REASON_TEXTS,
    says_refused,
)

_REFUNDING_TEAMS = ("support", "returns", "escalations")
_CREDIT = "store_credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A refund for items of a line as somebody with a name books it."""

    item: Item
    asker: Employee
    reason: str
    condition: str
    amount_cents: int
    fee_cents: int = 0
    qty: int = 1
    destination: str = "original_payment"
    ticket_id: str | None = None
    """The ticket that the refund must name; None leaves that open."""


def asker_for(
    company: Company, rng: Random, amount_cents: int, roles: Sequence[str] = ()
) -> Employee:
    """Somebody whose own limit covers an amount."""
    return rng.choice(
        staff(company, *_REFUNDING_TEAMS, roles=roles, least_limit_cents=amount_cents)
    )


def book(session: Session, booking: Booking) -> str:
    """Looks the asker up and books; the id of the refund."""
    arguments: dict[str, Json] = {
        "order_id": booking.item.order.id,
        "product_id": booking.item.product.id,
        "qty": booking.qty,
        "reason": booking.reason,
        "condition": booking.condition,
        "amount_cents": booking.amount_cents,
        "destination": booking.destination,
        "approved_by_id": found_employee(session, booking.asker),
    }
    if booking.fee_cents:
        arguments["restocking_fee_cents"] = booking.fee_cents
    if booking.ticket_id:
        arguments["ticket_id"] = booking.ticket_id
    return str(made(session, "create_refund", "refund", **arguments)["id"])


def booked_criteria(company: Company, booking: Booking, refund_id: str) -> tuple[Criterion, ...]:
    """The refund with all its values, nothing else, and a report with its id and amount."""
    order, product = booking.item.order, booking.item.product
    told = f"{booking.qty} of {product.id} in {order.id}"
    grounds = f"the reason {booking.reason} and the condition {booking.condition}"
    fee = money(booking.fee_cents)
    changed: tuple[str, ...] = (charged(company, order).id,)
    if booking.destination == _CREDIT:
        changed = (*changed, order.customer_id)
    named = (
        (_holds("ticket", f"The refund names {booking.ticket_id}.", ticket_id=booking.ticket_id),)
        if booking.ticket_id
        else ()
    )
    return (
        creates_one(
            "booked",
            f"Exactly one refund is booked: for {told}.",
            "refund",
            order_id=order.id,
            product_id=product.id,
            qty=booking.qty,
        ),
        _holds(
            "amount-booked",
            f"The refund is {money(booking.amount_cents)}, with {fee} kept as restocking fee.",
            amount_cents=booking.amount_cents,
            restocking_fee_cents=booking.fee_cents,
        ),
        _holds(
            "grounds",
            f"The refund has {grounds}.",
            reason=booking.reason,
            condition=booking.condition,
        ),
        _holds(
            "destination",
            f"The refund goes to: {booking.destination}.",
            destination=booking.destination,
        ),
        _holds(
            "approver",
            f"The refund is approved by {booking.asker.id}, who asks.",
            approved_by_id=booking.asker.id,
        ),
        *named,
        changes_only("Changes nothing but what the refund changes.", changed, ("refund",)),
        says_any("refund-id", f"Names the refund: {refund_id}.", refund_id),
        says_amount("amount", "what goes back", booking.amount_cents),
    )


def refused_criteria(found: Ruling, order_id: str) -> tuple[Criterion, ...]:
    """Nothing is booked, and the report names the rule and the day of delivery."""
    problem = found.problem or ""
    arrived = (
        (says_date("arrived", "the day of delivery", iso_day(found.arrived_on)),)
        if found.arrived_on
        else ()
    )
    days = found.window_days
    window = (
        (says_number("window", "the length of the window", days, "days"),)
        if problem == "too_late"
        else ()
    )
    return (
        says_refused("Says that nothing is refunded."),
        says_reason(REASON_TEXTS[problem], REASON_PATTERNS[problem]),
        *window,
        says_any("order", f"Names the order: {order_id}.", order_id),
        *arrived,
        changes_nothing(),
    )


def _holds(key: str, text: str, **values: Json) -> Criterion:
    """The refund that was created has these values."""
    one = creates_one(key, text, "refund", **values)
    return one.model_copy(update={"is_critical": False})
