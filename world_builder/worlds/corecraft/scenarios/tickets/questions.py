"""Questions in open tickets that the records answer."""

from collections.abc import Callable, Iterator

from world_builder.worlds.corecraft.company import Company, Ticket
from world_builder.worlds.corecraft.reckoning.tickets import is_open, open_escalation
from world_builder.worlds.corecraft.scenarios.tickets.answers import Answer
from world_builder.worlds.corecraft.scenarios.tickets.goods_answers import (
    build_answer,
    parcel_answer,
    warranty_answer,
)
from world_builder.worlds.corecraft.scenarios.tickets.money_answers import (
    declined_answer,
    refund_answer,
    twice_answer,
)

_OPEN_POINTS = "Check with"
"""Begins internal notes that forbid an answer for now."""
_FINDERS: tuple[Callable[[Company, Ticket], Answer | None], ...] = (
    warranty_answer,
    refund_answer,
    declined_answer,
    twice_answer,
    build_answer,
    parcel_answer,
)


def answers(company: Company) -> Iterator[Answer]:
    """The open tickets, not escalated, whose question the records answer."""
    for ticket in company.tickets:
        is_blocked = (ticket.internal_note or "").startswith(_OPEN_POINTS)
        if is_open(ticket) and open_escalation(company, ticket) is None and not is_blocked:
            for find in _FINDERS:
                if (found := find(company, ticket)) is not None:
                    yield found
                    break
