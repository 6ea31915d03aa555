"""What tickets can be about: a matter, and all that happened in the company.

`matters` and `matters_of_sales` draw the matters from the facts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from random import Random
from typing import TypeVar

from world_builder.worlds.corecraft.company import (
    Build,
    Customer,
    Employee,
    Order,
    Payment,
    Product,
    Refund,
    Shipment,
)
from world_builder.worlds.corecraft.story.ledger import after, at
from world_builder.worlds.corecraft.story.ticket_texts import TicketText

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that a customer writes about."""

    customer_id: str
    order: Order | None
    product_id: str | None
    at: datetime
    text: TicketText
    refund: Refund | None = None
    carrier: str = ""
    since: datetime | None = None
    """When the parcel was scanned last."""
    is_ended: bool | None = None
    """None leaves it to chance and age."""


@dataclass(frozen=True, kw_only=True)
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

    @cached_property
    def order(self) -> dict[str, Order]:
        """Orders by id."""
        return {order.id: order for order in self.orders}

    @cached_property
    def parcels(self) -> defaultdict[str, list[Shipment]]:
        """Shipments by order."""
        return _grouped(self.shipments, lambda shipment: shipment.order_id)

    @cached_property
    def paid(self) -> defaultdict[str, list[Payment]]:
        """Payments by order."""
        return _grouped(self.payments, lambda payment: payment.order_id)

    @cached_property
    def touched(self) -> set[tuple[str, str | None]]:
        """Orders with products for which a refund was asked."""
        return {(refund.order_id, refund.product_id) for refund in self.refunds}

    def arrival(self, order_id: str, product_id: str) -> datetime | None:
        """When the parcel with a product arrived."""
        return self.parcel(order_id, product_id).delivered_at

    def parcel(self, order_id: str, product_id: str) -> Shipment:
        """The parcel of an order that held a product."""
        return next(s for s in self.parcels[order_id] if product_id in s.product_ids)


def between(start: datetime, end: datetime, rng: Random) -> datetime:
    """A moment between two, by day where that is possible."""
    minutes = max(1, int((end - start).total_seconds() // 60) - 1)
    moment = after(start, minutes=rng.randrange(minutes))
    if moment.hour < 6:
        woken = at(moment.date(), rng.randrange(6, 10), moment.minute, moment.second)
        return woken if woken < end else moment
    return moment


def _grouped(items: Iterable[_T], key: Callable[[_T], str]) -> defaultdict[str, list[_T]]:
    groups: defaultdict[str, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
