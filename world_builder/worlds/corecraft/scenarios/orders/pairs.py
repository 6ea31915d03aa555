"""Two orders of one customer that are easily mixed up, and how people tell them apart."""

from collections import Counter
from datetime import timedelta
from random import Random

from world_builder.worlds.corecraft.company import Company, Order
from world_builder.worlds.corecraft.reckoning.order_changes import build_of, charged, is_open
from world_builder.worlds.corecraft.scenarios.common import spoken_day

_RECENT = timedelta(days=24)


def pairs_of(company: Company, customer_id: str) -> list[tuple[Order, Order]]:
    """Each recent order with another one; their days alone say which two are meant.

    One of the two is still here. The first is neither disputed nor for a build.
    """
    mine = company.orders_of(customer_id)
    num_on = Counter(order.placed_at.date() for order in mine)
    recent = [o for o in mine if o.placed_at > company.now - _RECENT and o.status != "cancelled"]
    found = []
    for order in recent:
        for other in recent:
            is_same_day = order.placed_at.date() == other.placed_at.date()
            wanted = 2 if is_same_day else 1
            is_told = all(num_on[o.placed_at.date()] == wanted for o in (order, other))
            if order is not other and is_told and _is_fit(company, order, other):
                found.append((order, other))
    return found


def _is_fit(company: Company, order: Order, other: Order) -> bool:
    payment = charged(company, order.id)
    is_calm = payment is None or payment.status != "disputed"
    has_open = is_open(order) or is_open(other)
    return is_calm and has_open and build_of(company, order) is None


def ways_to_tell(company: Company, order: Order, other: Order, rng: Random) -> dict[str, str]:
    """Ways to say which of two orders is meant, by kind."""
    is_later, is_larger = order.placed_at > other.placed_at, order.total_cents > other.total_cents
    ways = {"time": "the later one" if is_later else "the earlier one"}
    if order.total_cents != other.total_cents:
        ways["total"] = "the dearer one" if is_larger else "the cheaper one"
    own = [line.product_id for line in order.lines if other.line(line.product_id) is None]
    if own:
        ways["product"] = f"the one with the {company.product(rng.choice(own)).name}"
    return ways


def told_pair(order: Order, other: Order) -> str:
    """Two orders by their days."""
    days = sorted({order.placed_at.date(), other.placed_at.date()})
    if len(days) == 1:
        return f"the two orders of {spoken_day(days[0])}"
    return f"the orders of {spoken_day(days[0])} and {spoken_day(days[1])}"
