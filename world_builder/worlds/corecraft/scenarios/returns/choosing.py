"""The items that the scenarios of the returns desk choose among."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from world_builder.worlds.corecraft.company import (
    Company,
    Customer,
    Line,
    Order,
    Payment,
    Product,
    Shipment,
)
from world_builder.worlds.corecraft.reckoning.returns import Ruling, arrived_on, qty_back
from world_builder.worlds.corecraft.reckoning.slack_decisions import decided_orders
from world_builder.worlds.corecraft.rules import line_cents
from world_builder.worlds.corecraft.scenarios.cases import by_turns

CaseT = TypeVar("CaseT")
ENDED = ("resolved", "closed")
"""The statuses of tickets that nobody works on."""
FAILURES = ("worked fine and now it doesn't", "is dead. No lights", "does not work as it should")
"""What opens a ticket about a part that failed."""
_COMPLAINTS = ("warranty", "refund")
_COUNTED = re.compile(r"Counted again|pallet was damaged|Found a box|Stop selling it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of an order, with what one has to know of it."""

    customer: Customer
    order: Order
    line: Line
    product: Product
    arrived_on: date | None
    """The day its parcel arrived; None while it has not."""

    @property
    def tier(self) -> str:
        return self.customer.loyalty_tier


def clean_items(company: Company) -> list[Item]:
    """Lines that no decision in Slack and no denied refund is about, and whose payment suffices."""
    decided = decided_orders(company)
    denied = {(r.order_id, r.product_id) for r in company.refunds if r.status == "denied"}
    return [
        item
        for order in company.orders
        if order.id not in decided
        for line in order.lines
        if (order.id, line.product_id) not in denied
        and is_covered(company, item := item_of(company, order, line))
    ]


def plain_items(company: Company) -> list[Item]:
    """Clean items, less those that an open ticket complains of."""
    complained = {
        (ticket.order_id, ticket.product_id)
        for ticket in company.tickets
        if ticket.category in _COMPLAINTS and ticket.status not in ENDED
    }
    return [
        item for item in clean_items(company) if (item.order.id, item.product.id) not in complained
    ]


def item_of(company: Company, order: Order, line: Line) -> Item:
    return Item(
        customer=company.customer(order.customer_id),
        order=order,
        line=line,
        product=company.product(line.product_id),
        arrived_on=arrived_on(company, order.id, line.product_id),
    )


def told_by_name(company: Company, items: Iterable[Item]) -> list[Item]:
    """The items that the name of the customer and the product tell apart from all others."""
    bought = Counter(
        (company.customer(order.customer_id).name, line.product_id)
        for order in company.orders
        for line in order.lines
    )
    return [item for item in items if bought[item.customer.name, item.product.id] == 1]


def shared_names(company: Company) -> frozenset[str]:
    """The names that more than one customer bears."""
    names = Counter(customer.name for customer in company.customers)
    return frozenset(name for name, count in names.items() if count > 1)


def charged(company: Company, order: Order) -> Payment:
    """The payment of an order that counts. Raises StopIteration when nothing was charged."""
    payments = company.payments_of(order.id)
    return next(p for p in payments if p.status not in ("failed", "authorized"))


def is_covered(company: Company, item: Item) -> bool:
    """Whether the payment still holds what was paid for the items that have not come back."""
    qty = item.line.qty - qty_back(company, item.order.id, item.product.id)
    if item.arrived_on is None or qty <= 0:
        return True
    price, payment = item.line.unit_price_cents, charged(company, item.order)
    paid = line_cents(price, qty, item.tier, is_clearance=item.product.is_clearance)
    return paid <= payment.amount_cents - payment.refunded_cents


def parcel_of(company: Company, order: Order, product_id: str) -> Shipment:
    """The shipment of an item. Raises StopIteration when none was sent."""
    return next(s for s in company.shipments_of(order.id) if product_id in s.product_ids)


def days_to_edge(company: Company, found: Ruling) -> int:
    """How far today is from the last day of the window, in days; before delivery a lot."""
    if found.arrived_on is None:
        return 1000
    return abs((company.now.date() - found.last_day).days)


def balanced(
    cases: Iterable[CaseT], kind: Callable[[CaseT], Hashable], side: Callable[[CaseT], Hashable]
) -> list[CaseT]:
    """The sides by turns, and the kinds by turns within each side.

    >>> balanced(["yes-a", "no-x", "yes-a", "no-y"], lambda c: c, lambda c: c[0])
    ['yes-a', 'no-x', 'yes-a', 'no-y']
    """
    return by_turns(by_turns(cases, kind), side)


def unsure_stock(company: Company) -> frozenset[str]:
    """Names of products that Slack counts otherwise than the catalogue, or has withdrawn."""
    told = "\n".join(m.text for m in company.messages if _COUNTED.search(m.text))
    return frozenset(product.name for product in company.products if product.name in told)


def spellings(cents: int) -> tuple[str, ...]:
    """An amount as a text in the records may write it."""
    plain = f"{cents / 100:.2f}"
    return (f"{cents / 100:,.2f}", plain, *((plain[:-3],) if plain.endswith(".00") else ()))
