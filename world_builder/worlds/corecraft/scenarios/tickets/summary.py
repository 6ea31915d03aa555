"""The scenario `ticket-summary`: what a ticket is about, who has it, who wrote last."""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_any,
    says_count,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.tickets.wording import (
    STATUS_PATTERNS,
    day_pattern,
    whole,
)

_NUM = 18
_NOBODY = r"nobody|no[- ]one|unassigned|not (?:yet )?(?:been )?assigned|no assignee|none"
_OWNS = (
    r"assign\w*|owner|has (?:it|the ticket)|in charge|responsible|works? on|looks after|handle\w*"
)
_LAST = r"\b(?:last|latest|newest|recent)\b"

_PHRASINGS = (
    "What is {ticket} about? Customer, order, product, category, status, priority, who has it, "
    "how many messages there are, and who wrote the last one on which day.",
    "I am taking over {ticket} from the phone queue and would like the short version: whose it "
    "is, which order and which part it concerns, its category, priority and status, the colleague "
    "in charge, the number of messages plus author and day of the newest.",
    "{ticket} at a glance please: cust / order / product / category / status / prio / assignee / "
    "message count / last message by whom, when",
    "Could you open {ticket} for me and list the basics? Name of the customer, the order with the "
    "product, category, priority and status, the person it is assigned to. Then count the "
    "messages and say whose is the latest and what day it came.",
    "Somebody asks me about {ticket} and I have no system in front of me. Tell me who the "
    "customer is, what was ordered under which number, its category, status and priority, who of "
    "us has it, and how the conversation looks: how many messages, last from whom, which day.",
    "summary of {ticket}. i need: the customer's name, order no, product, category, status, "
    "priority, assignee, no. of messages, last writer + date. bullets are fine",
    "Before the stand-up: {ticket}. Is anybody on it, and who? For which customer, order and "
    "product? Category, priority, status? And who had the last word, on what date, after how many "
    "messages in all?",
    "Customer / order / product / category / status and priority / assigned to / message count / "
    "last message by / last message on. A card like that for {ticket}, filled in.",
    "Who wrote last in {ticket}, and when? While you are there I also want the number of "
    "messages, the colleague who has it, its status, priority and category, and of course the "
    "customer, the order and the product.",
    "Short briefing on ticket {ticket}, nothing more than the facts in the record: person, order, "
    "item, category, state, priority, owner on our side, message count, latest message (author "
    "and day).",
)
_DETAILS = (
    "I do not need the text of the messages.",
    "It came up in the meeting this morning.",
    "Somebody told me it is done, but I would like to see it myself.",
    "Names rather than employee numbers, please.",
    "I only glanced at the subject line.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("ticket-summary")
    for ticket in _cases(desk.model, rng):
        yield _draft(desk, ticket, rng)


def _cases(company: Company, rng: Random) -> list[Ticket]:
    """States, lengths and kinds by turns; tickets touched after their last message first."""
    tickets = [t for t in company.tickets if t.status == "new" or t.assignee_id is not None]
    rng.shuffle(tickets)
    tickets = once_each(tickets, lambda t: t.customer_id)
    tickets.sort(key=lambda t: t.updated_at.date() == t.messages[-1].at.date())
    mixed = by_turns(tickets, lambda t: (t.status, len(t.messages)))
    without_order = [t for t in mixed if t.order_id is None][:2]
    return [*without_order, *(t for t in mixed if t.order_id is not None)]


def _draft(desk: Desk[Company], ticket: Ticket, rng: Random) -> Draft:
    company = desk.model
    session = desk.session()
    session.call("get_ticket", id=ticket.id)
    if ticket.product_id is not None:
        session.call("search_products", id=ticket.product_id)
    if ticket.assignee_id is not None:
        session.call("search_employees", id=ticket.assignee_id)
    return Draft(
        title=f"What {ticket.id} is about",
        keys=(ticket.id,),
        slots={"ticket": ticket.id},
        calls=session.calls,
        response=rng.choice((_briefly, _in_parts))(company, ticket),
        criteria=(*_criteria(company, ticket), changes_nothing()),
        requester=requester(asked_by(company, rng, "support", "escalations", "returns")),
    )


def _briefly(company: Company, ticket: Ticket) -> str:
    article = "an" if ticket.category == "account" else "a"
    return (
        f"It is {article} {ticket.category} ticket of {company.customer(ticket.customer_id).name} "
        f"{_matter(company, ticket)}. Its status is {ticket.status}, its priority "
        f"{ticket.priority}, and {_assignee(company, ticket) or 'nobody'} has it. It holds "
        f"{_conversation(ticket)}."
    )


def _in_parts(company: Company, ticket: Ticket) -> str:
    name = _assignee(company, ticket)
    return (
        f"The customer is {company.customer(ticket.customer_id).name}, writing "
        f"{_matter(company, ticket)}. Category {ticket.category}, priority {ticket.priority}, "
        f"status {ticket.status}. {name or 'Nobody'} is the assignee. "
        f"So far there {'is' if len(ticket.messages) == 1 else 'are'} {_conversation(ticket)}."
    )


def _matter(company: Company, ticket: Ticket) -> str:
    product = company.product(ticket.product_id).name if ticket.product_id else None
    if ticket.order_id is None:
        return f"about the {product} and no order" if product else "about no order and no product"
    if product is None:
        return f"about {ticket.order_id}, with no product named"
    return f"about the {product} of {ticket.order_id}"


def _conversation(ticket: Ticket) -> str:
    last, num = ticket.messages[-1], len(ticket.messages)
    which = "" if num == 1 else "the last "
    return f"{counted(num, 'message')}, {which}by {last.author} on {spoken_day(last.at)}"


def _assignee(company: Company, ticket: Ticket) -> str | None:
    return company.employee(ticket.assignee_id).name if ticket.assignee_id else None


def _criteria(company: Company, ticket: Ticket) -> Iterator[Criterion]:
    customer = company.customer(ticket.customer_id).name
    yield _in_role("customer", f"Names the customer: {customer}.", customer, r"customer|buyer")
    yield _about("order", ticket.order_id)
    yield _about("product", company.product(ticket.product_id).name if ticket.product_id else None)
    yield says_any("category", f"Gives the category: {ticket.category}.", ticket.category)
    status = STATUS_PATTERNS[ticket.status]
    yield says_matching("status", f"Gives the status: {ticket.status}.", status)
    priority = rf"\b{ticket.priority}\b"
    yield says_matching("priority", f"Gives the priority: {ticket.priority}.", priority)
    name = _assignee(company, ticket)
    told = f"Says that {name or 'nobody'} has the ticket."
    yield (
        _in_role("assignee", told, name, _OWNS)
        if name
        else (says_matching("assignee", told, _NOBODY))
    )
    yield says_count("messages", "the number of messages", len(ticket.messages))
    yield _last_message(company, ticket)


def _about(key: str, value: str | None) -> Criterion:
    if value is not None:
        return says_any(key, f"Names the {key}: {value}.", value)
    pattern = (
        rf"\b(?:no|not|without|neither)\b[^.\n]{{0,25}}\b{key}"
        rf"|\b{key}\b[^.\n]{{0,25}}(?:\b(?:no|none|not|n/a|without)\b|[-–—]\s*(?:$|[,;|/\n]))"
    )
    return says_matching(key, f"Says that there is no {key}.", pattern)


def _in_role(key: str, text: str, name: str, role: str) -> Criterion:
    """The name stands by its role, or in a sentence before any word of who wrote last."""
    person = whole(name)
    alone = rf"(?:^|[.;!?\n]\s*)(?:(?!{_LAST})[^\n.;!?])*?{person}"
    beside = rf"(?:{role})[^\n.]{{0,40}}?{person}|{person}[^\n.]{{0,40}}?(?:{role})"
    return says_matching(key, text, f"{alone}|{beside}")


def _last_message(company: Company, ticket: Ticket) -> Criterion:
    """Author and day of the last message, with nobody else named in between."""
    last = ticket.messages[-1]
    customer, assignee = company.customer(ticket.customer_id).name, _assignee(company, ticket)
    is_customer = last.author == customer
    other = assignee if is_customer else customer
    author = rf"{whole(last.author)}|\b{last.author.split()[0]}\b"
    author += r"|\bcustomer\b" if is_customer else r"|\bassignee\b"
    near = rf"(?:{f'(?!{whole(other)})' if other else ''}[\s\S]){{0,90}}?"
    day = day_pattern(last.at.date())
    told = f"Says that {last.author} wrote last, on {last.at.date()}."
    return says_matching("last-message", told, rf"(?:{author}){near}{day}|{day}{near}(?:{author})")


TICKET_SUMMARY: Scenario[Company] = Scenario(
    name="ticket-summary",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=CARE_DESK,
    intent="Know what {ticket} is about, how it stands and who wrote last, without reading it all.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
