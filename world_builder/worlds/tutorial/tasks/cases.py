"""Queries that bind scenarios to the shop: which orders, lines and customers a case is about.

The return rules are worked out here a second time, in Python, so that the declared tools and the
references check each other.
"""

from world_builder.worlds.tutorial.rules import DAMAGED_RETURN_DAYS, RETURN_DAYS
from world_builder.worlds.tutorial.shop import Customer, Line, Order, Shop


def orders_with(shop: Shop, status: str) -> list[Order]:
    """Orders of a status, oldest first."""
    return [order for order in shop.orders if order.status == status]


def latest_orders(shop: Shop) -> list[tuple[Customer, Order]]:
    """Customers of several orders with the one that is newest beyond doubt."""
    found = []
    for customer in shop.customers:
        days = sorted(order.placed_on for order in shop.orders_of(customer.id))
        if len(days) > 1 and days[-1] > days[-2]:
            newest = next(o for o in shop.orders_of(customer.id) if o.placed_on == days[-1])
            found.append((customer, newest))
    return found


def twin_days(shop: Shop) -> list[Order]:
    """Open orders of a customer who placed two on one day."""
    keys = [(order.customer_id, order.placed_on) for order in shop.orders]
    return [
        order
        for order, key in zip(shop.orders, keys, strict=True)
        if keys.count(key) > 1 and order.status == "packing"
    ]


def return_problem(shop: Shop, order: Order, line: Line, reason: str) -> str | None:
    """The first rule that forbids the return of one copy; None when it may come back."""
    if order.status != "delivered":
        return "not_delivered"
    if shop.book(line.book_id).is_final_sale and reason != "damaged":
        return "final_sale"
    window = DAMAGED_RETURN_DAYS if reason == "damaged" else RETURN_DAYS
    if order.days_since_delivery(shop.today) > window:
        return "too_late"
    if line.qty <= shop.num_returned(order.id, line.book_id):
        return "already_returned"
    return None


def first_lines(
    shop: Shop, problem: str | None, reason: str = "changed_mind"
) -> list[tuple[Order, Line]]:
    """Orders, newest first, whose first line meets the problem (None: may come back)."""
    return [
        (order, order.lines[0])
        for order in reversed(shop.orders)
        if return_problem(shop, order, order.lines[0], reason) == problem
    ]


def delivered_ago(shop: Shop, days: int) -> tuple[Order, Line]:
    """The order delivered so many days ago, with its first line."""
    order = next(
        order
        for order in shop.orders
        if order.delivered_on and order.days_since_delivery(shop.today) == days
    )
    return order, order.lines[0]
