"""What the policies say of tickets: which are open, due for tier_2, or may be opened again.

Worked out from typed values, apart from the tools' expressions, so that the two check each other.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from world_builder.worlds.corecraft.company import Company, Employee, Escalation, Ticket
from world_builder.worlds.corecraft.rules import LONG_OPEN_HOURS, REOPEN_DAYS

ENDED = ("resolved", "closed")
PRESSING = ("high", "urgent")
"""Priorities that may not wait for long."""


def is_open(ticket: Ticket) -> bool:
    """Whether it is neither resolved nor closed."""
    return ticket.status not in ENDED


def tickets_by_assignee(company: Company) -> defaultdict[str, list[Ticket]]:
    """The open tickets by the id of whoever has them, oldest first."""
    found: defaultdict[str, list[Ticket]] = defaultdict(list)
    for ticket in sorted(company.tickets, key=lambda t: (t.created_at, t.id)):
        if ticket.assignee_id is not None and is_open(ticket):
            found[ticket.assignee_id].append(ticket)
    return found


def open_escalation(company: Company, ticket: Ticket) -> Escalation | None:
    """The escalation that is not resolved yet, or None."""
    found = company.escalations_of(ticket.id)
    return next((item for item in found if item.status != "resolved"), None)


def hours_open(company: Company, ticket: Ticket) -> float:
    """Hours since it was created."""
    return (company.now - ticket.created_at) / timedelta(hours=1)


def calendar_days(earlier: datetime, later: datetime) -> int:
    """Days from one date to another, whatever the time of day."""
    return (later.date() - earlier.date()).days


def tier_2_obstacles(company: Company, ticket: Ticket) -> tuple[str, ...]:
    """What keeps a ticket from tier_2: `ended`, `escalated`, `priority`, `age`; empty when due."""
    broken = {
        "ended": not is_open(ticket),
        "escalated": open_escalation(company, ticket) is not None,
        "priority": ticket.priority not in PRESSING,
        "age": hours_open(company, ticket) <= LONG_OPEN_HOURS,
    }
    return tuple(name for name, is_broken in broken.items() if is_broken)


@dataclass(frozen=True, slots=True)
class Reopening:
    """Whether an ended ticket may be opened again."""

    problem: str | None
    """`closed` or `too_late`; None when it may."""
    last_day: date
    """The last day on which a resolved ticket may be opened again."""


def reopening(company: Company, ticket: Ticket) -> Reopening:
    """The ruling on an ended ticket today. Raises ValueError for an open one."""
    if is_open(ticket):
        raise ValueError(f"{ticket.id} is {ticket.status}")
    last_day = ticket.updated_at.date() + timedelta(days=REOPEN_DAYS)
    if ticket.status == "closed":
        return Reopening("closed", last_day)
    return Reopening("too_late" if company.now.date() > last_day else None, last_day)


def covering(company: Company, employee: Employee) -> Employee | None:
    """Who covers for somebody who is away, by the note of absence; None without one."""
    note = employee.out_of_office or ""
    return next((e for e in company.employees if f"{e.name} covers" in note), None)


def is_at_work(employee: Employee) -> bool:
    return employee.is_active and employee.out_of_office is None


def away_until(employee: Employee) -> date | None:
    """The day named in the note of absence; None without one."""
    found = re.search(r"\d{4}-\d\d-\d\d", employee.out_of_office or "")
    return date.fromisoformat(found[0]) if found else None
