"""What an order would cost a customer, and which shipping service is in time.

Worked out from typed values, apart from the tools' expressions, so that the two check each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from world_builder.worlds.corecraft.company import Customer, Product
from world_builder.worlds.corecraft.rules import (
    DELIVERY_BUSINESS_DAYS,
    SHIPPING_SERVICES,
    add_business_days,
    discount_cents,
    shipping_cents,
)

Items = Sequence[tuple[Product, int]]
"""Products with their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What goods cost a customer with one shipping service, in cents."""

    goods_cents: int
    discount_cents: int
    shipping_cents: int

    @property
    def total_cents(self) -> int:
        return self.goods_cents - self.discount_cents + self.shipping_cents


def quoted(customer: Customer, items: Items, service: str) -> Quote:
    """The price of goods for a customer today."""
    tier = customer.loyalty_tier
    goods = sum(product.price_cents * qty for product, qty in items)
    regular = sum(p.price_cents * qty for p, qty in items if not p.is_clearance)
    discount = discount_cents(regular, tier)
    is_oversize = any(product.is_oversize for product, _ in items)
    return Quote(
        goods_cents=goods,
        discount_cents=discount,
        shipping_cents=shipping_cents(service, tier, goods - discount, is_oversize=is_oversize),
    )


def promised_on(service: str, shipped_on: date) -> date:
    """The day that a service promises for goods that leave on a day."""
    return add_business_days(shipped_on, DELIVERY_BUSINESS_DAYS[service])


def cheapest_in_time(
    customer: Customer, items: Items, shipped_on: date, deadline: date
) -> tuple[str, ...]:
    """The services that are there by a day at the least price; empty when none is, several when
    they cost the same.
    """
    able = [s for s in SHIPPING_SERVICES if promised_on(s, shipped_on) <= deadline]
    prices = {service: quoted(customer, items, service).shipping_cents for service in able}
    return tuple(service for service in able if prices[service] == min(prices.values()))
