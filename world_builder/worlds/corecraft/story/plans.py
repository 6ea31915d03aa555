"""What is ordered by whom and when, before anything is paid, packed or carried.

`sales` carries the plans out.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Customer, Line, Product
from world_builder.worlds.corecraft.rules import FIRST_DAY, NOW, RETURN_DAYS

NUM_PLAIN_ORDERS = 340
_CATEGORY_WEIGHTS = {
    "cpu": 10,
    "gpu": 13,
    "motherboard": 9,
    "memory": 12,
    "storage": 14,
    "psu": 9,
    "case": 7,
    "cooler": 8,
    "monitor": 8,
    "peripheral": 16,
}
_PER_RECENT_DAY = 6
_TWINS = 16
"""Customers who order twice on one day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan:
    """One order to be."""

    customer: Customer
    day: date
    lines: tuple[Line, ...]
    service: str
    delivered_on: date | None = None
    """The day on which it must arrive; None leaves it to chance."""
    status: str | None = None
    """The status it must have; None leaves it to its age and chance."""
    assembly_cents: int = 0
    build_number: int | None = None
    shipped_after: int | None = None
    """Business days from payment to shipping; None leaves it to chance."""


def plain_plans(
    rng: Random, customers: tuple[Customer, ...], products: tuple[Product, ...]
) -> list[OrderPlan]:
    """Orders of parts: most of the last half year, return windows at their edge on purpose."""
    buyers = _buyers(rng, customers)
    plans = [_plan(rng, rng.choice(buyers), _day(rng), products) for _ in range(NUM_PLAIN_ORDERS)]
    today = NOW.date()
    plans += [
        _plan(rng, rng.choice(buyers), today - timedelta(days=ago), products)
        for ago in range(12)
        for _ in range(_PER_RECENT_DAY)
    ]
    recent = [plan for plan in plans if plan.day > today - timedelta(days=40)]
    twins = [_plan(rng, plan.customer, plan.day, products) for plan in rng.sample(recent, _TWINS)]
    return [*plans, *twins, *_edge_plans(rng, buyers, products)]


def _buyers(rng: Random, customers: tuple[Customer, ...]) -> list[Customer]:
    """Everybody at least twice, some often."""
    regulars = rng.sample(customers, 60)
    return [*customers, *customers, *regulars, *regulars, *regulars]


def _day(rng: Random) -> date:
    today, chance = NOW.date(), rng.random()
    if chance < 0.5:
        return today - timedelta(days=int(rng.triangular(0, 62, 6)))
    if chance < 0.83:
        return today - timedelta(days=rng.randrange(62, 200))
    return today - timedelta(days=rng.randrange(200, (today - FIRST_DAY).days))


def _plan(
    rng: Random, customer: Customer, day: date, products: tuple[Product, ...],
    delivered_on: date | None = None,
) -> OrderPlan:  # fmt: skip
    return OrderPlan(
        customer=customer,
        day=day,
        lines=_lines(rng, day, products),
        service=rng.choices(("standard", "expedited", "overnight"), (60, 27, 13))[0],
        delivered_on=delivered_on,
    )


def _lines(rng: Random, day: date, products: tuple[Product, ...]) -> tuple[Line, ...]:
    names, weights = list(_CATEGORY_WEIGHTS), list(_CATEGORY_WEIGHTS.values())
    chosen: dict[str, Line] = {}
    wanted = rng.choices((1, 2, 3, 4), (40, 32, 18, 10))[0]
    while len(chosen) < wanted:
        category = rng.choices(names, weights)[0]
        sold = [
            p
            for p in products
            if p.category == category and p.status != "preorder" and p.released_on <= day
        ]
        if sold:
            product = rng.choice(sold)
            qty = (
                2
                if product.category in ("memory", "monitor", "storage") and rng.random() < 0.2
                else 1
            )
            chosen[product.id] = Line(
                product_id=product.id, qty=qty, unit_price_cents=product.price_cents
            )
    return tuple(chosen.values())


def _edge_plans(
    rng: Random, buyers: list[Customer], products: tuple[Product, ...]
) -> list[OrderPlan]:
    """Orders whose return window closes today, closed yesterday, or is about to close."""
    plans = []
    for ago_of_limit in (-2, -1, 0, 1, 2, 4):
        for tier in RETURN_DAYS:
            mine = [customer for customer in buyers if customer.loyalty_tier == tier]
            for customer in rng.sample(mine, 2):
                ago = timedelta(days=RETURN_DAYS[tier] + ago_of_limit)
                arrived = NOW.date() - ago
                placed = arrived - timedelta(days=rng.randrange(4, 8))
                plans.append(_plan(rng, customer, placed, products, delivered_on=arrived))
    for num_days in (1, 2, 3, 5, 6, 7, 8, 9):
        for customer in rng.sample(buyers, 2):
            arrived = NOW.date() - timedelta(days=num_days)
            placed = arrived - timedelta(days=rng.randrange(4, 7))
            plans.append(_plan(rng, customer, placed, products, delivered_on=arrived))
    return plans
