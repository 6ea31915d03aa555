"""How references book a refund, and the criteria on what the world holds afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

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
    says_matching,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.reckoning.returns import Ruling
from world_builder.worlds.corecraft.scenarios.common import (
    found_employee,
    iso_day,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.returns.calls import made
from world_builder.worlds.corecraft.scenarios.returns.choosing import Item, charged
from world_builder.worlds.corecraft.scenarios.returns.patterns import REASONS
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    REASON_TEXTS,
    reason_of,
    says_refused,
    says_unbooked,
    says_window,
)

Outcome: TypeAlias = tuple[str, tuple[Criterion, ...]]
"""What a reference reports, and the criteria that decide it."""

_REFUNDING_TEAMS = ("support", "returns", "escalations")
_DECIDERS = r"\b(?:lead|manager|supervisor|superior|management|escalat\w+)"
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
    changed: tuple[str, ...] = (charged(company, order).id,)
    if booking.destination == _CREDIT:
        changed = (*changed, order.customer_id)
    return (
        creates_one(
            "booked",
            f"Exactly one refund is booked: for {booking.qty} of {product.id} in {order.id}.",
            "refund",
            order_id=order.id,
            product_id=product.id,
            qty=booking.qty,
        ),
        *_values(booking),
        changes_only("Changes nothing but what the refund changes.", changed, ("refund",)),
        says_any("refund-id", f"Names the refund: {refund_id}.", refund_id),
        says_amount("amount", "what goes back", booking.amount_cents),
    )


def _values(booking: Booking) -> Iterator[Criterion]:
    """A criterion for each value of the refund."""
    amount, fee = booking.amount_cents, booking.fee_cents
    told: dict[str, tuple[str, Json]] = {
        "amount_cents": (f"The refund is {money(amount)}.", amount),
        "restocking_fee_cents": (f"It keeps {money(fee)} as restocking fee.", fee),
        "reason": (f"Its reason is {booking.reason}.", booking.reason),
        "condition": (f"It says that the item is {booking.condition}.", booking.condition),
        "destination": (f"It goes to: {booking.destination}.", booking.destination),
        "approved_by_id": (
            f"It is approved by {booking.asker.id}, who asks.",
            booking.asker.id,
        ),
    }
    if booking.ticket_id:
        told["ticket_id"] = (f"It names {booking.ticket_id}.", booking.ticket_id)
    for name, (text, value) in told.items():
        made_so = creates_one(f"refund-{name.replace('_', '-')}", text, "refund", **{name: value})
        yield made_so.model_copy(update={"is_critical": False})


def refusal(found: Ruling, item: Item) -> str:
    """What a reference reports when the rules forbid a return."""
    arrived = f" It was delivered on {spoken_day(found.arrived_on)}." if found.arrived_on else ""
    why = reason_of(found, item.product)
    help_ = " A team lead or manager could make an exception." if _may_be_excepted(found) else ""
    return (
        f"Nothing was booked. The item of {item.order.id} cannot come back. The reason: {why}."
        f"{arrived}{help_}"
    )


def _may_be_excepted(found: Ruling) -> bool:
    return found.problem in ("clearance", "opened_part", "too_late")


def refused_criteria(found: Ruling, order_id: str) -> tuple[Criterion, ...]:
    """Nothing is booked, and the report names the rule and the day of delivery."""
    problem = found.problem or ""
    arrived = (
        (says_date("arrived", "the day of delivery", iso_day(found.arrived_on)),)
        if found.arrived_on
        else ()
    )
    helped = (
        (says_matching("help", "Says who could make an exception.", _DECIDERS),)
        if _may_be_excepted(found)
        else ()
    )
    return (
        says_refused("Says that nothing is refunded."),
        says_reason(REASON_TEXTS[problem], REASONS[problem]),
        *says_window(found),
        says_any("order", f"Names the order: {order_id}.", order_id),
        *arrived,
        says_unbooked(),
        *helped,
        changes_nothing(),
    )
