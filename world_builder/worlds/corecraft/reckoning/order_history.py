"""Which orders of a customer fall into a time, by day or to the second."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from world_builder.worlds.corecraft.company import Company, Order, Ticket


def placed_between(
    company: Company, customer_id: str, first: date | None, last: date | None
) -> list[Order]:
    """A customer's orders of some days that were not cancelled, oldest first.

    Both days count; None leaves that end open.
    """
    return [
        order
        for order in company.orders_of(customer_id)
        if order.status != "cancelled"
        and (first is None or order.placed_at.date() >= first)
        and (last is None or order.placed_at.date() <= last)
    ]


def window_end(ticket: Ticket, num_days: int) -> datetime:
    """The moment so many days of 24 hours after a ticket was created."""
    return ticket.created_at + timedelta(days=num_days)


def placed_after(
    company: Company, ticket: Ticket, num_days: int, statuses: Collection[str]
) -> list[Order]:
    """Orders of a ticket's customer with one of the statuses, placed later than the ticket was
    created and at most so many days after it, oldest first.
    """
    return [
        order
        for order in company.orders_of(ticket.customer_id)
        if ticket.created_at < order.placed_at <= window_end(ticket, num_days)
        and order.status in statuses
    ]
