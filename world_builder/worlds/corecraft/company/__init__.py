"""The company's contents as typed values, before they become records.

The story fills a `Company`; scenarios bind to it and read their facts from it. It decides nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

from world_builder.frozen import Json
from world_builder.worlds.corecraft.company.goods import Build, Part, Product
from world_builder.worlds.corecraft.company.people import (
    Address,
    Customer,
    Employee,
    SlackChannel,
    SlackMessage,
)
from world_builder.worlds.corecraft.company.sales import (
    Event,
    Line,
    Order,
    Payment,
    Refund,
    Shipment,
)
from world_builder.worlds.corecraft.company.service import (
    Article,
    Escalation,
    Resolution,
    Ticket,
    TicketMessage,
)
from world_builder.worlds.corecraft.rules import NOW

__all__ = [
    "Address",
    "Article",
    "Build",
    "Company",
    "Customer",
    "Employee",
    "Escalation",
    "Event",
    "Line",
    "Order",
    "Part",
    "Payment",
    "Product",
    "Refund",
    "Resolution",
    "Shipment",
    "SlackChannel",
    "SlackMessage",
    "Ticket",
    "TicketMessage",
]

_T = TypeVar("_T")
_TYPE_NAMES = {
    "customers": "customer",
    "employees": "employee",
    "products": "product",
    "orders": "order",
    "tickets": "support_ticket",
    "builds": "build",
    "articles": "knowledge_base_article",
    "refunds": "refund",
    "escalations": "escalation",
    "resolutions": "resolution",
    "channels": "slack_channel",
    "messages": "slack_message",
    "shipments": "shipment",
    "payments": "payment",
}


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everything the company knows; tuples are in the order of ids."""

    customers: tuple[Customer, ...]
    employees: tuple[Employee, ...]
    products: tuple[Product, ...]
    orders: tuple[Order, ...]
    tickets: tuple[Ticket, ...]
    builds: tuple[Build, ...]
    articles: tuple[Article, ...]
    refunds: tuple[Refund, ...]
    escalations: tuple[Escalation, ...]
    resolutions: tuple[Resolution, ...]
    channels: tuple[SlackChannel, ...]
    messages: tuple[SlackMessage, ...]
    shipments: tuple[Shipment, ...]
    payments: tuple[Payment, ...]

    @property
    def now(self) -> datetime:
        return NOW

    def records(self) -> dict[str, tuple[dict[str, Json], ...]]:
        """The records of a world, by entity type."""
        return {
            name: tuple(_record(item) for item in getattr(self, attribute))
            for attribute, name in _TYPE_NAMES.items()
        }

    def customer(self, customer_id: str) -> Customer:
        return self._customers[customer_id]

    def num_customers_named(self, name: str) -> int:
        return self._customer_names[name]

    def employee(self, employee_id: str) -> Employee:
        return self._employees[employee_id]

    def product(self, product_id: str) -> Product:
        return self._products[product_id]

    def order(self, order_id: str) -> Order:
        return self._orders[order_id]

    def ticket(self, ticket_id: str) -> Ticket:
        return self._tickets[ticket_id]

    def channel(self, channel_id: str) -> SlackChannel:
        return self._channels[channel_id]

    def products_in(self, category: str) -> list[Product]:
        return [product for product in self.products if product.category == category]

    def orders_of(self, customer_id: str) -> list[Order]:
        """A customer's orders, oldest first."""
        return self._orders_of[customer_id]

    def tickets_of(self, customer_id: str) -> list[Ticket]:
        return self._tickets_of[customer_id]

    def builds_of(self, customer_id: str) -> list[Build]:
        return [build for build in self.builds if build.customer_id == customer_id]

    def payments_of(self, order_id: str) -> list[Payment]:
        return self._payments_of[order_id]

    def shipments_of(self, order_id: str) -> list[Shipment]:
        return self._shipments_of[order_id]

    def refunds_of(self, order_id: str) -> list[Refund]:
        return self._refunds_of[order_id]

    def escalations_of(self, ticket_id: str) -> list[Escalation]:
        return [item for item in self.escalations if item.ticket_id == ticket_id]

    def resolutions_of(self, ticket_id: str) -> list[Resolution]:
        return [item for item in self.resolutions if item.ticket_id == ticket_id]

    def delivered_at(self, order_id: str) -> datetime | None:
        """When the last parcel arrived; None while one is under way or none was sent."""
        times = [shipment.delivered_at for shipment in self.shipments_of(order_id)]
        known = [time for time in times if time is not None]
        return max(known) if known and len(known) == len(times) else None

    @cached_property
    def _customers(self) -> dict[str, Customer]:
        return {item.id: item for item in self.customers}

    @cached_property
    def _customer_names(self) -> Counter[str]:
        return Counter(item.name for item in self.customers)

    @cached_property
    def _employees(self) -> dict[str, Employee]:
        return {item.id: item for item in self.employees}

    @cached_property
    def _products(self) -> dict[str, Product]:
        return {item.id: item for item in self.products}

    @cached_property
    def _orders(self) -> dict[str, Order]:
        return {item.id: item for item in self.orders}

    @cached_property
    def _tickets(self) -> dict[str, Ticket]:
        return {item.id: item for item in self.tickets}

    @cached_property
    def _channels(self) -> dict[str, SlackChannel]:
        return {item.id: item for item in self.channels}

    @cached_property
    def _orders_of(self) -> defaultdict[str, list[Order]]:
        ordered = sorted(self.orders, key=lambda order: (order.placed_at, order.id))
        return _grouped(ordered, lambda order: order.customer_id)

    @cached_property
    def _tickets_of(self) -> defaultdict[str, list[Ticket]]:
        return _grouped(self.tickets, lambda ticket: ticket.customer_id)

    @cached_property
    def _payments_of(self) -> defaultdict[str, list[Payment]]:
        return _grouped(self.payments, lambda payment: payment.order_id)

    @cached_property
    def _shipments_of(self) -> defaultdict[str, list[Shipment]]:
        return _grouped(self.shipments, lambda shipment: shipment.order_id)

    @cached_property
    def _refunds_of(self) -> defaultdict[str, list[Refund]]:
        return _grouped(self.refunds, lambda refund: refund.order_id)


def _grouped(items: Iterable[_T], key: Callable[[_T], str]) -> defaultdict[str, list[_T]]:
    groups: defaultdict[str, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def _record(item: Any) -> dict[str, Json]:
    """A value as the record of a world: ISO dates and times, null for what is not set."""
    return {field.name: _json(getattr(item, field.name)) for field in fields(item)}


def _json(value: Any) -> Json:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_json(part) for part in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: part for name, part in _record(value).items() if part is not None}
    if isinstance(value, dict):
        return {name: _json(part) for name, part in value.items()}
    return value  # type: ignore[no-any-return]
