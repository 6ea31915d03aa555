"""The cases of `return-above-limit`: returns on orders with a ticket, as different people ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.reckoning.returns import Ruling, ruling
from world_builder.worlds.corecraft.scenarios.common import staff
from world_builder.worlds.corecraft.scenarios.returns.choosing import ENDED, FAILURES, Item

_HARMLESS = ("compatibility", "shipping", "billing", "build", "account")
"""Categories of tickets that say nothing against a return of their product."""
_TEAMS = ("support", "returns", "escalations", "billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCase:
    """A return that the rules allow, and somebody who may book it or not."""

    item: Item
    ticket: Ticket
    reason: str
    condition: str
    found: Ruling
    asker: Employee

    @property
    def may_book(self) -> bool:
        return self.asker.refund_limit_cents >= self.found.amount_cents


def limit_cases(company: Company, item: Item, rng: Random) -> Iterator[LimitCase]:
    """The returns of an item that the rules allow, as asked by people with and without limit."""
    open_ones = [
        ticket
        for ticket in company.tickets_of(item.customer.id)
        if ticket.order_id == item.order.id and ticket.status not in ENDED
    ]
    if len(open_ones) != 1 or item.line.qty != 1 or not _is_calm(open_ones[0]):
        return
    for reason, condition in _grounds(open_ones[0], item):
        found = ruling(company, item.order, item.line, reason, condition)
        if found.problem is None:
            for asker in _askers(company, found.amount_cents, rng):
                yield LimitCase(
                    item=item,
                    ticket=open_ones[0],
                    reason=reason,
                    condition=condition,
                    found=found,
                    asker=asker,
                )


def _is_calm(ticket: Ticket) -> bool:
    return ticket.status != "escalated" and ticket.priority != "urgent"


def _grounds(ticket: Ticket, item: Item) -> list[tuple[str, str]]:
    """What an item may come back for, as far as the open ticket does not say otherwise."""
    if ticket.product_id == item.product.id and ticket.category not in _HARMLESS:
        opening = ticket.messages[0].text
        is_defect = any(words in opening for words in FAILURES)
        return [("defective", "defective")] if is_defect else []
    return [("changed_mind", "unopened"), ("changed_mind", "opened")]


def _askers(company: Company, amount_cents: int, rng: Random) -> list[Employee]:
    """Somebody whose limit is too low, and the least of those whose limit is enough."""
    able = staff(company, *_TEAMS)
    low = [e for e in able if e.refund_limit_cents < amount_cents]
    enough = [e for e in able if e.refund_limit_cents >= amount_cents]
    least = min(e.refund_limit_cents for e in enough)
    chosen = [rng.choice([e for e in enough if e.refund_limit_cents == least])]
    return [*chosen, rng.choice(low)] if low else chosen
