"""Support tickets: what people asked about their orders, refunds, parcels and builds.

Each ticket belongs to something that really happened. How it ended stands in `endings`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import (
    Build,
    Customer,
    Employee,
    Order,
    Payment,
    Product,
    Refund,
    Shipment,
    Ticket,
    TicketMessage,
)
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.story import ticket_texts as texts
from world_builder.worlds.corecraft.story.ledger import DailyIds, later, some_time, wall
from world_builder.worlds.corecraft.story.ticket_texts import TicketText

_TEAM_OF = {
    "return": "returns",
    "refund": "returns",
    "build": "builds",
    "billing": "billing",
}
"""Teams of categories; support has the others."""
_LONG_OPEN = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that a customer writes about."""

    customer_id: str
    order: Order | None
    product_id: str | None
    at: datetime
    text: TicketText
    refund: Refund | None = None
    carrier: str = "UPS"
    priority: str | None = None
    is_ended: bool | None = None
    """None leaves it to chance and age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that happened, for tickets to be about."""

    customers: dict[str, Customer]
    products: dict[str, Product]
    orders: list[Order]
    shipments: list[Shipment]
    payments: list[Payment]
    refunds: list[Refund]
    builds: tuple[Build, ...]
    staff: tuple[Employee, ...]

    def order(self, order_id: str) -> Order:
        return next(order for order in self.orders if order.id == order_id)


def build_tickets(facts: Facts, rng: Random) -> tuple[list[Ticket], dict[str, str]]:
    """The tickets in the order of their time, and the ticket of each refund that has one."""
    matters = sorted(_matters(facts, rng), key=lambda m: (m.at, m.customer_id))
    ids, tickets, of_refund = DailyIds(), [], {}
    for matter in matters:
        ticket = _ticket(ids.next("tick", matter.at), matter, facts, rng)
        tickets.append(ticket)
        if matter.refund is not None:
            of_refund[matter.refund.id] = ticket.id
    return tickets, of_refund


def _matters(facts: Facts, rng: Random) -> Iterator[Matter]:
    yield from _about_refunds(facts, rng)
    yield from _about_parcels(facts, rng)
    yield from _about_goods(facts, rng)
    yield from _about_builds(facts, rng)
    yield from _about_payments(facts, rng)
    yield from _about_accounts(facts, rng)


def _about_refunds(facts: Facts, rng: Random) -> Iterator[Matter]:
    choice = {
        "changed_mind": (texts.RETURNS[0], texts.RETURNS[1], texts.RETURNS[3]),
        "wrong_item": (texts.RETURNS[2],),
        "defective": (texts.REFUNDS[3],),
        "damaged_in_transit": (texts.REFUNDS[1],),
        "late_delivery": (texts.REFUNDS[2],),
    }
    for refund in facts.refunds:
        known = choice.get(refund.reason, ())
        order = facts.order(refund.order_id)
        if not known or order.status == "cancelled" or rng.random() < 0.25:
            continue
        before = wall(refund.created_at - timedelta(minutes=rng.randrange(10, 60)))
        yield Matter(
            customer_id=refund.customer_id,
            order=order,
            product_id=refund.product_id,
            at=before,
            text=rng.choice(known),
            refund=refund,
            is_ended=refund.status == "processed",
        )


def _about_parcels(facts: Facts, rng: Random) -> Iterator[Matter]:
    for shipment in facts.shipments:
        order = facts.order(shipment.order_id)
        is_stuck = shipment.status in ("lost", "delayed", "returned_to_sender")
        if shipment.shipped_at is None or rng.random() > (0.75 if is_stuck else 0.07):
            continue
        end = shipment.delivered_at or NOW
        start = max(shipment.shipped_at, end - timedelta(days=5))
        moment = _between(start, end, rng)
        text = texts.SHIPPING[0] if is_stuck else rng.choice(texts.SHIPPING[1:])
        if shipment.delivered_at is not None and text is texts.SHIPPING[3]:
            moment = _between(end, min(NOW, end + timedelta(hours=30)), rng)
        yield Matter(
            customer_id=order.customer_id,
            order=order,
            product_id=rng.choice(shipment.product_ids),
            at=moment,
            text=text,
            carrier=shipment.carrier,
            is_ended=False if is_stuck else None,
        )


def _about_goods(facts: Facts, rng: Random) -> Iterator[Matter]:
    delivered = [order for order in facts.orders if order.status == "delivered"]
    kinds = (
        *((text, 17) for text in texts.WARRANTY),
        *((text, 10) for text in texts.COMPATIBILITY),
        *((text, 6) for text in texts.SAFETY),
        (texts.RETURNS[0], 9),
        (texts.RETURNS[1], 9),
        (texts.REFUNDS[3], 6),
    )
    for text, count in kinds:
        for order in rng.sample(delivered, count):
            arrived = max(
                s.delivered_at or order.placed_at for s in facts.shipments if s.order_id == order.id
            )
            is_old_matter = text.category == "warranty"
            start = arrived + timedelta(hours=3)
            end = NOW if is_old_matter else min(NOW, start + timedelta(days=25))
            start = max(start, NOW - timedelta(days=75)) if is_old_matter else start
            if start >= end:
                continue
            yield Matter(
                customer_id=order.customer_id,
                order=order,
                product_id=rng.choice(order.lines).product_id,
                at=_between(start, end, rng),
                text=text,
                priority="urgent" if text in texts.SAFETY else None,
            )


def _about_builds(facts: Facts, rng: Random) -> Iterator[Matter]:
    for build in facts.builds:
        if build.order_id is None or build.status == "cancelled" or rng.random() < 0.45:
            continue
        order = facts.order(build.order_id)
        is_done = build.status == "completed"
        text = texts.BUILDS[2] if is_done else rng.choice(texts.BUILDS[:2])
        start = order.placed_at + timedelta(hours=20)
        if is_done:
            start = order.placed_at + timedelta(days=14)
        yield Matter(
            customer_id=build.customer_id,
            order=order,
            product_id=rng.choice(order.lines).product_id,
            at=_between(start, min(NOW, start + timedelta(days=6)), rng),
            text=text,
        )


def _about_payments(facts: Facts, rng: Random) -> Iterator[Matter]:
    for payment in facts.payments:
        is_failed = payment.status == "failed"
        if rng.random() > (0.3 if is_failed else 0.03):
            continue
        order = facts.order(payment.order_id)
        text = texts.BILLING[1] if is_failed else rng.choice((texts.BILLING[0], texts.BILLING[2]))
        end = min(NOW, payment.created_at + timedelta(days=2))
        yield Matter(
            customer_id=payment.customer_id,
            order=order,
            product_id=None,
            at=_between(payment.created_at, end, rng),
            text=text,
        )


def _about_accounts(facts: Facts, rng: Random) -> Iterator[Matter]:
    for customer in rng.sample(sorted(facts.customers), 16):
        day = NOW.date() - timedelta(days=rng.randrange(1, 50))
        yield Matter(
            customer_id=customer,
            order=None,
            product_id=None,
            at=some_time(day, rng),
            text=rng.choice(texts.ACCOUNT),
        )


def _ticket(ticket_id: str, matter: Matter, facts: Facts, rng: Random) -> Ticket:
    customer = facts.customers[matter.customer_id]
    assignee = _assignee(matter.text.category, facts.staff, rng, matter.at)
    status = _status(matter, rng)
    if status == "new":
        assignee = None
    messages = _messages(matter, customer, assignee, facts, rng, status)
    return Ticket(
        id=ticket_id,
        customer_id=customer.id,
        order_id=matter.order.id if matter.order else None,
        product_id=matter.product_id,
        subject=_filled(matter.text.subject, matter, customer, assignee, facts),
        channel=rng.choices(("email", "chat", "phone", "web"), (50, 18, 12, 20))[0],
        category=matter.text.category,
        priority=matter.priority or rng.choices(("low", "normal", "high"), (18, 58, 24))[0],
        status=status,
        created_at=matter.at,
        updated_at=messages[-1].at,
        assignee_id=assignee.id if assignee else None,
        messages=messages,
        internal_note=rng.choice(texts.INTERNAL_NOTES) if rng.random() < 0.2 else None,
    )


def _status(matter: Matter, rng: Random) -> str:
    age = NOW - matter.at
    if matter.is_ended is True:
        return rng.choice(("resolved", "closed"))
    if matter.is_ended is False:
        return rng.choice(("open", "open", "pending_customer"))
    if age < timedelta(hours=10):
        return "new"
    if age > timedelta(days=21):
        return rng.choice(("resolved", "closed", "closed"))
    return rng.choices(("open", "pending_customer", "resolved", "closed"), (48, 16, 22, 14))[0]


def _assignee(
    category: str, staff: Sequence[Employee], rng: Random, moment: datetime
) -> Employee | None:
    """Somebody of the team; old tickets may still carry somebody who left since."""
    team = _TEAM_OF.get(category, "support")
    is_recent = NOW - moment < timedelta(days=2)
    able = [e for e in staff if e.team == team and (e.is_active or not is_recent)]
    return rng.choice([e for e in able if e.role in ("agent", "senior_agent", "specialist")])


def _messages(
    matter: Matter, customer: Customer, assignee: Employee | None, facts: Facts, rng: Random,
    status: str,
) -> tuple[TicketMessage, ...]:  # fmt: skip
    def said(at: datetime, author: str, text: str) -> TicketMessage:
        return TicketMessage(
            at=at, author=author, text=_filled(text, matter, customer, assignee, facts)
        )

    messages = [said(matter.at, customer.name, matter.text.opening)]
    answered = later(matter.at, rng, 25, 26 * 60)
    if assignee is not None and answered < NOW:
        messages.append(said(answered, assignee.name, matter.text.answer))
        thanked = later(answered, rng, 15, 8 * 60)
        if matter.text.thanks and thanked < NOW and status != "pending_customer":
            messages.append(said(thanked, customer.name, matter.text.thanks))
    return tuple(messages)


def _filled(
    text: str, matter: Matter, customer: Customer, assignee: Employee | None, facts: Facts
) -> str:
    product = facts.products[matter.product_id].name if matter.product_id else "part"
    return text.format(
        product=product,
        order=matter.order.id if matter.order else "my order",
        first=customer.first_name,
        agent=assignee.first_name if assignee else "",
        day=f"{matter.at - timedelta(days=2):%A}",
        carrier=matter.carrier,
    )


def _between(start: datetime, end: datetime, rng: Random) -> datetime:
    minutes = max(1, int((end - start).total_seconds() // 60) - 1)
    return wall(start + timedelta(minutes=rng.randrange(minutes)))
