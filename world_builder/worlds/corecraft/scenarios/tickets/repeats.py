"""The scenario `repeat-contacts`: did a customer write about one order again within some days?"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from world_builder.checks import Format, FormatKind
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    either,
    leaves_out,
    lists_in_order,
    says_right_not_wrong,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Order, Ticket
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.reckoning.tickets import calendar_days, is_open
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    counted,
    requester,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.tickets.wording import (
    STATUS_PATTERNS,
    day_pattern,
    in_one_line,
    whole,
)

_NUM = 12
_LONGEST_GAP = 30
_MOST_TICKETS = 4
_KIND_PATTERNS = {
    "refund": r"refund",
    "replacement": r"replace",
    "information": r"information|informed|\binfo\b",
    "repair": r"repair",
    "exchange": r"exchang",
    "discount": r"discount",
    "no_action": r"no[ _-]?action|without action|nothing (?:was )?done",
}
"""By kind of resolution: what names it in an answer."""

_PHRASINGS = (
    "Has the customer of {order} written about it again within {days}? Yes or no, please, and "
    "below it all tickets about that order, oldest first, one line each: id, the day it was "
    "created, days since the one before (calendar days), and how it ended (kind of resolution) "
    "or, if it has not, its status. Within means that two neighbours lie no more than {days} "
    "apart.",
    "Repeat contact on {order}? I count it as one if two tickets about the order in a row are "
    "{days} apart or less, by the calendar. List the tickets from first to last with created day, "
    "gap to the previous, end (resolution kind; status where still open), a line for each. "
    "Verdict: yes or no.",
    "for the quality report: {order}. did they have to write more than once within {days} "
    "(calendar, from one ticket to the next, {days} itself still counts)? yes/no. tickets as "
    "bullets in order of creation w/ date, gap in days, resolution kind or status if not ended",
    "I suspect that we did not solve the matter of {order} the first time. Would you put together "
    "all tickets that belong to this order, in the order in which they came, each on a line with "
    "its creation date, the number of calendar days after the previous one, and how it was "
    "resolved, or its present status if nobody has? And then answer with yes or no: was there a "
    "second contact at most {days} after one before it?",
    "{order}, first-contact resolution. Yes if any ticket on it came {days} or fewer (calendar) "
    "after the previous one, otherwise no. Evidence as a list, earliest first: ticket id, created "
    "on, gap, kind of resolution respectively status when unresolved.",
    "How often did we hear from the buyer about {order}, and how far apart? A line per ticket "
    "please, old to new: id, day, days since the last one (dates only), outcome as the kind in "
    "the resolution, or the status as long as there is none. What I finally need is a yes or a no "
    "to: twice within {days}, with {days} exactly counting as within?",
    "Question from the management about {order}: is it a repeat case, that is, are there two "
    "consecutive tickets with at most {days} of calendar between their creation? Answer yes or "
    "no. Give the chain as a list in time order with ids, creation days, gaps and endings; an "
    "ending is the resolution's kind, and for tickets without one the status.",
    "Check the contacts on {order}. Order them by creation. For each, on its own line: ticket, "
    "date, gap in days to the ticket before it (by date), ended as what kind of resolution, or "
    "still in which status. If a gap is {days} or smaller say yes, it is a repeat contact, if "
    "none is say no.",
)
_DETAILS = (
    "Tickets about other orders of the same customer don't belong in it.",
    "I don't need the texts.",
    "It goes into the monthly figures.",
    "Who answered is not important here.",
    "A colleague said that it was only one long thread.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """The tickets about an order, and the days within which a second counts as a repeat."""

    order: Order
    tickets: tuple[Ticket, ...]
    days: int

    @property
    def gaps(self) -> list[int]:
        moments = [ticket.created_at for ticket in self.tickets]
        return [calendar_days(a, b) for a, b in pairwise(moments)]

    @property
    def is_repeat(self) -> bool:
        return min(self.gaps) <= self.days


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("repeat-contacts")
    for chain in _cases(desk.model, rng):
        yield _draft(desk, chain, rng)


def _cases(company: Company, rng: Random) -> list[_Chain]:
    """Both verdicts by turns, at the edge: a gap of exactly the days, and one day too long."""
    found = []
    for order in company.orders:
        of_order = [t for t in company.tickets_of(order.customer_id) if t.order_id == order.id]
        tickets = tuple(sorted(of_order, key=lambda t: t.created_at))
        if not 2 <= len(tickets) <= _MOST_TICKETS:
            continue
        chain = _Chain(order=order, tickets=tickets, days=0)
        if 2 <= min(chain.gaps) <= _LONGEST_GAP:
            found.append(chain)
    rng.shuffle(found)
    found.sort(key=lambda c: (-len(c.tickets), not _has_other_tickets(company, c)))
    return [
        _Chain(
            order=chain.order,
            tickets=chain.tickets,
            days=min(chain.gaps) - i % 2 + (2 if i % 6 == 4 else 0),
        )
        for i, chain in enumerate(by_turns(found, lambda c: (len(c.tickets), _is_mixed(c))))
    ]


def _has_other_tickets(company: Company, chain: _Chain) -> bool:
    return len(company.tickets_of(chain.order.customer_id)) > len(chain.tickets)


def _is_mixed(chain: _Chain) -> bool:
    """Whether some ended and some have not."""
    return len({is_open(ticket) for ticket in chain.tickets}) == 2


def _draft(desk: Desk[Company], chain: _Chain, rng: Random) -> Draft:
    company = desk.model
    session = desk.session()
    session.call("search_tickets", order_id=chain.order.id, limit=50)
    for ticket in chain.tickets:
        session.call("get_ticket", id=ticket.id)
    leads = staff(company, "support", "returns", "escalations", roles=("team_lead", "manager"))
    return Draft(
        title=f"Contacts on {chain.order.id} within {counted(chain.days, 'day')}",
        keys=(chain.order.id,),
        slots={"order": chain.order.id, "days": counted(chain.days, "day")},
        calls=session.calls,
        response=_response(company, chain),
        criteria=tuple(_criteria(company, chain)),
        requester=requester(rng.choice(leads)),
    )


def _ending(company: Company, ticket: Ticket) -> tuple[str, str]:
    """How a ticket ended or stands, and what says so."""
    if is_open(ticket):
        return ticket.status, STATUS_PATTERNS[ticket.status]
    kind = company.resolutions_of(ticket.id)[-1].kind
    return f"{ticket.status} with {kind}", _KIND_PATTERNS[kind]


def _response(company: Company, chain: _Chain) -> str:
    rows = []
    for ticket, gap in zip(chain.tickets, [None, *chain.gaps], strict=True):
        after = "" if gap is None else f", {counted(gap, 'day')} after the one before"
        rows.append(
            f"- {ticket.id}, created {spoken_day(ticket.created_at)}{after}: "
            f"{_ending(company, ticket)[0]}"
        )
    verdict = (
        "Yes, this is a repeat contact." if chain.is_repeat else "No, this is no repeat contact."
    )
    return "\n".join((verdict, "", *rows))


def _criteria(company: Company, chain: _Chain) -> Iterator[Criterion]:
    yield _verdict(chain.is_repeat)
    num = len(chain.tickets)
    yield either(
        "lines",
        f"Gives {num} lines, one for each ticket, as a list or table.",
        Format(format=FormatKind.LIST, minimum=num),
        Format(format=FormatKind.TABLE, minimum=num, maximum=num),
    )
    yield lists_in_order("order", "Begins with the oldest.", [t.id for t in chain.tickets])
    for i, (ticket, gap) in enumerate(zip(chain.tickets, [None, *chain.gaps], strict=True), 1):
        ending, pattern = _ending(company, ticket)
        day = ticket.created_at.date()
        yield in_one_line(
            f"ticket-{i}",
            f"Gives for {ticket.id} its day {day} and its end: {ending}.",
            whole(ticket.id),
            day_pattern(day),
            pattern,
        )
        if gap is not None:
            yield in_one_line(
                f"gap-{i}",
                f"Says that {ticket.id} came {counted(gap, 'day')} after the one before.",
                whole(ticket.id),
                rf"{count_pattern(gap)}[ -]?(?:calendar )?(?:days?\b|d\b)|\bgap\W{{1,4}}{gap}\b",
            )
    ids = {ticket.id for ticket in chain.tickets}
    others = [t.id for t in company.tickets_of(chain.order.customer_id) if t.id not in ids]
    if others:
        yield leaves_out("others", "Names no ticket about another order.", *others)
    yield changes_nothing()


def _verdict(is_repeat: bool) -> Criterion:
    yes, no = (
        r"\byes\b",
        (r"^\W*no\b|\b(?:verdict|answer)\W{1,6}no\b|\n\W*no[.,:;!]|\bno repeat|not a repeat"),
    )
    right, wrong = (yes, no) if is_repeat else (no, yes)
    told = f"Says that it {'is a' if is_repeat else 'is no'} repeat contact."
    return says_right_not_wrong("verdict", told, right, wrong).model_copy(
        update={"is_critical": True}
    )


REPEAT_CONTACTS: Scenario[Company] = Scenario(
    name="repeat-contacts",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=BACK_OFFICE,
    intent="Know whether the customer of {order} had to write again within {days}, with proof.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
    is_unseen=True,
)
