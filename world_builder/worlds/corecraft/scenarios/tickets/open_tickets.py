"""The scenario `open-tickets-of`: all tickets of a customer that still wait, and no others."""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_list,
    leaves_out,
    says_any,
    says_count,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Customer, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.tickets import is_open
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    is_only_name,
    requester,
)
from world_builder.worlds.corecraft.scenarios.tickets.wording import (
    STATUS_PATTERNS,
    in_one_line,
    whole,
)

_NUM = 18
_NUM_WITHOUT = 4
"""How many of the cases have nothing open."""
_NONE = r"\b(?:no|none|nothing|zero|not any|0)\b"

_PHRASINGS = (
    "Which tickets of {customer} are still open? One line each with id, category and status. Open "
    "means neither resolved nor closed. I also need the customer id, how many are open and how "
    "many tickets there have been in all.",
    "{customer} is on the line. Give me everything of theirs that nobody has finished (so not "
    "resolved, not closed) as a list: ticket, category, status. First the customer id, the number "
    "open and the number ever.",
    "open tickets for {customer}? list pls: id - category - status, w/o the resolved and closed "
    "ones. plus cust id, count open, count total. if none say none",
    "I would like to answer all that {customer} is waiting for in one go. Would you look up under "
    "which customer id they are, how many tickets they have written altogether and how many of "
    "these are still unsettled, and list the unsettled ones, a line for each, with category and "
    "status? A resolved or closed ticket counts as settled.",
    "Customer: {customer}. Wanted: customer id; total of tickets; total of open tickets; a list "
    "of the open ones (id, category, status). Leave the resolved and closed ones out of the list.",
    "Does {customer} have anything open with us at the moment? They say so, I can't see it. Count "
    "whatever is not resolved or closed, against all tickets on file, name the customer id and "
    "put the open ones underneath, one per line, each with its category and its status.",
    "Please list, for {customer}, the tickets in status new, open, pending_customer or escalated, "
    "each on its own line with category and status. On top: customer id, number of those, number "
    "of tickets overall. No finished ones in the list.",
    "Getting ready to call {customer}. What's unfinished there? Id, category and status of each "
    'ticket that is not yet resolved or closed, in bullets, headed by the customer id and "so '
    'many open out of so many".',
    "A complaint says that we never answer {customer}. So: how many tickets in total, how many of "
    "them not resolved and not closed, under what customer id, and these open ones one by one (id "
    "/ category / status).",
    "All unresolved tickets of {customer}, bulleted, with category and status, closed ones do not "
    "interest me. Tell me the two numbers, open and overall, and the id of the customer record "
    "you looked at.",
)
_DETAILS = (
    "There may be somebody else of that name.",
    "They write under that address and no other.",
    "They have been with us for a while.",
    "The subject lines are not needed.",
    "I believe at least one was settled last month.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("open-tickets-of")
    for customer in _cases(desk.model, rng):
        yield _draft(desk, customer, rng)


def _cases(company: Company, rng: Random) -> list[Customer]:
    """Customers with open and ended tickets, shared names and many tickets first."""
    customers = list(company.customers)
    rng.shuffle(customers)
    customers.sort(key=lambda c: (is_only_name(company, c), -len(_open(company, c))))
    mixed = [c for c in customers if 0 < len(_open(company, c)) < len(company.tickets_of(c.id))]
    without = [c for c in customers if not _open(company, c) and len(company.tickets_of(c.id)) > 1]
    by_number = by_turns(mixed, lambda c: (is_only_name(company, c), len(_open(company, c))))
    first = by_number[: _NUM - _NUM_WITHOUT]
    return [*first, *without[:_NUM_WITHOUT], *by_number[len(first) :]]


def _open(company: Company, customer: Customer) -> list[Ticket]:
    return [ticket for ticket in company.tickets_of(customer.id) if is_open(ticket)]


def _draft(desk: Desk[Company], customer: Customer, rng: Random) -> Draft:
    company = desk.model
    tickets = company.tickets_of(customer.id)
    session = desk.session()
    session.call("search_customers", text=customer.name)
    session.call("get_customer_history", customer_id=customer.id)
    town = f"{customer.name} from {customer.address.city}, {customer.address.state}"
    known = rng.choice((town, f"{customer.name} ({customer.email})"))
    waiting = _open(company, customer)
    return Draft(
        title=f"Open tickets of {customer.name}",
        keys=(customer.id,),
        slots={"customer": known},
        calls=session.calls,
        response=_response(customer, waiting, len(tickets)),
        criteria=(
            says_any("customer", f"Names the customer id: {customer.id}.", customer.id),
            *_criteria(waiting, len(tickets)),
            *_misses([t for t in tickets if not is_open(t)]),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "returns", "billing")),
    )


def _response(customer: Customer, waiting: list[Ticket], total: int) -> str:
    if not waiting:
        return f"On file are {total} tickets for {customer.id}, but no open one."
    rows = [f"- {t.id}: {t.category}, {t.status}" for t in waiting]
    head = f"{customer.id} has {counted(len(waiting), 'open ticket')}, out of {total} in all:"
    return "\n".join((head, *rows))


def _criteria(waiting: list[Ticket], total: int) -> Iterator[Criterion]:
    yield says_count("total", "the number of all tickets", total)
    if not waiting:
        pattern = (
            rf"{_NONE}[^.\n]{{0,60}}\b(?:open|unresolved|unfinished|waiting|outstanding)\b"
            r"|\bopen\b[^.\n]{0,30}\b(?:none|no|zero|0)\b"
            r"|\b(?:all|both)\b[^.\n]{0,40}\b(?:resolved|closed|settled)\b"
        )
        yield says_matching("none", "Says that no ticket is open.", pattern)
        return
    yield says_count("open", "the number of open tickets", len(waiting))
    yield is_list(len(waiting))
    for i, ticket in enumerate(waiting, 1):
        yield in_one_line(
            f"ticket-{i}",
            f"Lists {ticket.id} with its category {ticket.category} and status {ticket.status}.",
            whole(ticket.id),
            rf"\b{ticket.category}\b",
            STATUS_PATTERNS[ticket.status],
        )


def _misses(ended: list[Ticket]) -> Iterator[Criterion]:
    ids = [ticket.id for ticket in ended]
    if ids:
        yield leaves_out("ended", "Lists no ticket that is resolved or closed.", *ids)


OPEN_TICKETS_OF: Scenario[Company] = Scenario(
    name="open-tickets-of",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=CARE_DESK,
    intent="Answer all that {customer} still waits for at once, without stirring up what is done.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
