"""Support tickets: the matters as they were written down, answered and left.

How the ended ones ended stands in `endings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Customer, Employee, Refund, Ticket, TicketMessage
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.story import ticket_texts as texts
from world_builder.worlds.corecraft.story.facts import Facts, Matter
from world_builder.worlds.corecraft.story.ledger import DailyIds, at_desk, later
from world_builder.worlds.corecraft.story.matters import all_matters
from world_builder.worlds.corecraft.story.staff import was_at_work

_TEAM_OF = {
    "return": "returns",
    "refund": "returns",
    "build": "builds",
    "billing": "billing",
}
"""Teams of categories; support has the others."""
_DESK_ROLES = ("agent", "senior_agent", "specialist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A ticket with what it is about."""

    ticket: Ticket
    matter: Matter
    refund: Refund | None
    assignee: Employee | None

    @property
    def is_ended(self) -> bool:
        return self.ticket.status in ("resolved", "closed")

    def now(self, status: str, moment: datetime) -> "Case":
        """The case after its ticket got a status."""
        updated = max(self.ticket.updated_at, moment)
        return replace(self, ticket=replace(self.ticket, status=status, updated_at=updated))


def build_cases(facts: Facts, rng: Random) -> list[Case]:
    """The tickets in the order of their time."""
    matters = sorted(all_matters(facts, rng), key=lambda m: (m.at, m.customer_id))
    ids = DailyIds()
    return [_case(ids.next("tick", matter.at), matter, facts, rng) for matter in matters]


def _case(ticket_id: str, matter: Matter, facts: Facts, rng: Random) -> Case:
    customer = facts.customers[matter.customer_id]
    assignee = _assignee(matter.text.category, facts.staff, rng, matter.at)
    answered = at_desk(later(matter.at, rng, 25, 26 * 60), rng)
    status = _status(matter, rng, is_answered=answered < NOW)
    if status == "new":
        assignee = None
    messages = _messages(matter, customer, assignee, answered, facts, rng, status)
    ticket = Ticket(
        id=ticket_id,
        customer_id=customer.id,
        order_id=matter.order.id if matter.order else None,
        product_id=matter.product_id,
        subject=_filled(matter.text.subject, matter, customer, facts),
        channel=rng.choices(("email", "chat", "phone", "web"), (50, 18, 12, 20))[0],
        category=matter.text.category,
        priority="urgent" if matter.text.is_safety else _priority(rng),
        status=status,
        created_at=matter.at,
        updated_at=messages[-1].at,
        assignee_id=assignee.id if assignee else None,
        messages=messages,
        internal_note=rng.choice(texts.INTERNAL_NOTES) if rng.random() < 0.2 else None,
    )
    return Case(ticket=ticket, matter=matter, refund=matter.refund, assignee=assignee)


def _priority(rng: Random) -> str:
    return rng.choices(("low", "normal", "high"), (18, 58, 24))[0]


def _status(matter: Matter, rng: Random, *, is_answered: bool) -> str:
    age = NOW - matter.at
    waits = ("open", "pending_customer") if matter.text.asks else ("open",)
    if not is_answered:
        return "new" if age < timedelta(hours=10) else "open"
    if matter.is_ended is True:
        return rng.choice(("resolved", "closed"))
    if matter.is_ended is False:
        return rng.choice(waits)
    if age > timedelta(days=21):
        return rng.choice(("resolved", "closed", "closed"))
    return rng.choices((rng.choice(waits), "resolved", "closed"), (64, 22, 14))[0]


def _assignee(
    category: str, staff: Sequence[Employee], rng: Random, moment: datetime
) -> Employee | None:
    """Somebody of the team who was there; old tickets may carry somebody who left since."""
    team = _TEAM_OF.get(category, "support")
    day = moment.date() + timedelta(days=2)
    able = [e for e in staff if e.team == team and e.role in _DESK_ROLES and was_at_work(e, day)]
    return rng.choice(able)


def _messages(
    matter: Matter, customer: Customer, assignee: Employee | None, answered: datetime,
    facts: Facts, rng: Random, status: str,
) -> tuple[TicketMessage, ...]:  # fmt: skip
    def said(at: datetime, author: str, text: str) -> TicketMessage:
        return TicketMessage(at=at, author=author, text=_filled(text, matter, customer, facts))

    messages = [said(matter.at, customer.name, matter.text.opening)]
    if assignee is not None and answered < NOW:
        messages.append(said(answered, assignee.name, matter.text.answer))
        thanked = later(answered, rng, 15, 8 * 60)
        if matter.text.thanks and thanked < NOW and status != "pending_customer":
            messages.append(said(thanked, customer.name, matter.text.thanks))
    return tuple(messages)


def _filled(text: str, matter: Matter, customer: Customer, facts: Facts) -> str:
    product = facts.products[matter.product_id].name if matter.product_id else "part"
    return text.format(
        product=product,
        order=matter.order.id if matter.order else "my order",
        first=customer.first_name,
        carrier=matter.carrier,
        since=_spoken(matter.since, matter.at) if matter.since else "",
    )


def _spoken(moment: datetime, now: datetime) -> str:
    """A day as people say it: the weekday of the last days, a date before."""
    is_recent = now.date() - moment.date() < timedelta(days=6)
    return f"{moment:%A}" if is_recent else f"{moment:%B} {moment.day}"
