"""The scenario `orders-after-ticket`: orders placed soon after a ticket was created.

Source: paper section 5.2, the example of a 30-day window with a status constraint.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_all,
    says_matching,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Order, Ticket
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.reckoning.order_history import placed_after, window_end
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    iso_day,
    requester,
)
from world_builder.worlds.corecraft.scenarios.orders.finding import told_ticket
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    amount_pattern,
    is_in_table,
    leaves_others,
    row_pattern,
    says_moment,
    time_pattern,
)

_NUM = 18
_RULES: dict[str, tuple[str, ...]] = {
    "not cancelled": ("pending_payment", "processing", "shipped", "delivered"),
    "delivered": ("delivered",),
    "shipped or delivered": ("shipped", "delivered"),
    "in processing": ("processing",),
}
"""By what is asked for: the statuses that fit."""
_DAYS = (7, 10, 14, 21, 30, 45, 60)
_CLOSE = timedelta(hours=36)
_NUM_EMPTY = 6
_PHRASINGS = (
    "Which orders did the customer behind {ticket} place after that ticket was created, but within "
    "{days} days of it (to the minute), and that are {state}? A table with order id, date and time "
    "placed, total. If there is none, just say so. Either way tell me date and time of the "
    "window's beginning and of its end, and name no orders outside of it.",
    "We want to know if people buy again after complaining. For {ticket}: orders by the same "
    "customer from the moment of its creation up to {days} days later (times matter, not only "
    "dates), if they are {state}. Table please: id, placed at, total. Plus from when to when that "
    "was, exactly. 'None' is a possible answer. Leave other orders out of it.",
    "{ticket}, then + {days} days, exact to the time of day. list in a table every order of that "
    "customer placed inside, if {state}: id / placed date + time / total. also write when the "
    "window opens and closes (day, time). nothing found = say none. no other orders pls.",
    "Take the creation time of {ticket}. Add {days} days. Give me both moments. Now the orders "
    "that this customer placed later than the first and not later than the second, only those "
    "{state}. As a table of ids, times with dates, and totals, or the word none. Don't mention the "
    "rest.",
    "For a study of follow-up sales I need one row per order: number, day and time it was placed, "
    "total. It counts if the customer of {ticket} placed it after the ticket came in and no more "
    "than {days} times 24 hours after, and if it is {state}. Above the table, start and end of "
    "that period with date and time. It may well be that there isn't any; orders that don't count "
    "stay out.",
    "Could you check what happened after {ticket}? Same customer, orders placed strictly after it "
    "was created and at most {days} days after, compared with the clock and not by calendar day, "
    "whose status today is {state}. Table with id, placed (date, time), total; the two moments "
    "between which you looked with it. No hits, no table, then a sentence or two. Other orders "
    "don't belong in the answer.",
    "Somebody claims the customer of {ticket} ordered again right away. Did they? Look at the "
    "{days} days that follow the ticket's creation, counted from its exact time. Show orders that "
    "are {state} in a table (id, when placed with time, total), or tell me there were none. I also "
    "need when exactly those days began and were over. Nothing on orders before or later.",
    "Before vs. after, part two. Ticket: {ticket}. Window: opens when the ticket was created, "
    "closes {days} days later at the same time of day; write down both with date and time. Inside "
    "it and {state}: which orders of the customer? Table: id, placed on (with time), total. An "
    "empty window is a result too. Only what is inside.",
    "My spreadsheet compares dates without times and gets {ticket} wrong, I think. By the clock: "
    "which orders did its customer place after it was created and within {days} days, counting "
    "only orders that are {state}? I'd like a table of order id, time and date placed, total, and "
    "the first and the last moment that count, with date and time. If it stays empty, say that no "
    "order qualifies. Skip all others.",
)
_DETAILS = (
    "It doesn't matter what the ticket was about.",
    "All times are New York's, as in the system.",
    "An order from earlier on the same day does not count.",
    "The order that the ticket is about isn't of interest in itself.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question about what followed a ticket, with its answer."""

    ticket: Ticket
    days: int
    state: str
    found: tuple[Order, ...]
    risk: int
    """How easily it is answered wrongly."""


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("orders-after-ticket")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Hours that decide, and 30 days, first; each fourth window is empty."""
    cases = []
    for ticket in company.tickets:
        if len(company.orders_of(ticket.customer_id)) > 1:
            cases += [c for days in _DAYS for c in _of_ticket(company, ticket, days)]
    rng.shuffle(cases)
    cases.sort(key=lambda case: -case.risk)
    turns = by_turns(cases, lambda case: (min(len(case.found), 3), case.days == 30))
    empty = once_each((c for c in turns if not c.found), _customer_of)[:_NUM_EMPTY]
    taken = {_customer_of(case) for case in empty}
    rest = [c for c in turns if c.found and _customer_of(c) not in taken]
    found = once_each(rest, _customer_of)
    return [c for i, case in enumerate(empty) for c in (*found[3 * i : 3 * i + 3], case)]


def _customer_of(case: Case) -> str:
    return case.ticket.customer_id


def _of_ticket(company: Company, ticket: Ticket, days: int) -> Iterator[Case]:
    end = window_end(ticket, days)
    if end.utcoffset() != ticket.created_at.utcoffset() or end > company.now + timedelta(days=20):
        return
    orders = company.orders_of(ticket.customer_id)
    inside = [o for o in orders if ticket.created_at < o.placed_at <= end]
    edges = sum(_is_close(o.placed_at, end) or _is_same_day(o, ticket) for o in orders)
    for state, statuses in _RULES.items():
        found = tuple(placed_after(company, ticket, days, statuses))
        num_barred = len(inside) - len(found)
        if found or edges or num_barred:
            risk = 4 * edges + 2 * min(num_barred, 2) + len(found)
            yield Case(ticket=ticket, days=days, state=state, found=found, risk=risk)


def _is_close(moment: datetime, end: datetime) -> bool:
    return abs(moment - end) < _CLOSE


def _is_same_day(order: Order, ticket: Ticket) -> bool:
    return order.placed_at.date() == ticket.created_at.date()


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, ticket = desk.model, case.ticket
    end = window_end(ticket, case.days)
    session = desk.session()
    slot = told_ticket(company, session, ticket, rng)
    session.call("get_ticket", id=ticket.id)
    session.call(
        "search_orders",
        customer_id=ticket.customer_id,
        placed_after=ticket.created_at.isoformat(),
        limit=20,
    )
    return Draft(
        title=f"Orders of the {case.days} days after {ticket.id}",
        keys=(ticket.customer_id,),
        slots={"ticket": slot, "days": str(case.days), "state": case.state},
        calls=session.calls,
        response=_answer(case, end),
        criteria=(
            *_of_result(company, case),
            *says_moment("start", "the beginning of the window", ticket.created_at),
            *says_moment("end", "the end of the window", end),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "product", "escalations")),
    )


def _of_result(company: Company, case: Case) -> tuple[Criterion, ...]:
    if not case.found:
        ids = [order.id for order in company.orders_of(case.ticket.customer_id)]
        return (
            says_right_not_wrong(
                "none",
                "Says that no order qualifies, and names none.",
                r"\b(?:none|no(?:t a single| such| matching| qualifying| further)? orders?|no hits?"
                r"|nothing|zero|not any|(?:did not|didn['’]t|never) (?:place|order))\b"
                r"|(?<![\w$.,-])0 orders",
                "|".join(map(re.escape, ids)),
            ),
        )
    rows = [
        says_matching(
            f"row-{order.id}",
            f"Has a row for {order.id} with the time {order.placed_at:%H:%M} and "
            f"{money(order.total_cents)}.",
            row_pattern(
                rf"{order.id}(?!\d)",
                time_pattern(order.placed_at),
                amount_pattern(order.total_cents),
            ),
        )
        for order in case.found
    ]
    days = sorted({iso_day(order.placed_at) for order in case.found})
    return (
        *rows,
        says_all("days", "States the days on which they were placed.", *days),
        is_in_table(len(case.found)),
        *leaves_others(company, *case.found),
    )


def _answer(case: Case, end: datetime) -> str:
    start, end_ = (f"{iso_day(m)} at {m:%H:%M:%S}" for m in (case.ticket.created_at, end))
    window = f"The window began on {start} and ended on {end_}."
    if end > NOW:
        window = f"The window began on {start} and ends on {end_}."
    if not case.found:
        return f"There is none. {window}"
    rows = "\n".join(
        f"| {o.id} | {iso_day(o.placed_at)} {o.placed_at:%H:%M:%S} | {money(o.total_cents)} |"
        for o in case.found
    )
    return f"{window}\n\n| order | placed | total |\n|---|---|---|\n{rows}"


ORDERS_AFTER_TICKET: Scenario[Company] = Scenario(
    name="orders-after-ticket",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=BACK_OFFICE,
    intent="Know which orders that are {state} followed {ticket} within {days} days, compared by "
    "date and time.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
