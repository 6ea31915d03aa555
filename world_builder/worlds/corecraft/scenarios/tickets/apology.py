"""The scenario `apology-email`: to a customer whose ticket has waited for too long."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    has_subject,
    is_email,
    leaves_out,
    says_any,
    says_matching,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company, Customer, Employee, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.tickets import (
    calendar_days,
    is_at_work,
    is_open,
    open_escalation,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    is_only_name,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.tickets.wording import (
    SIGNATURE,
    day_pattern,
    never_says,
)

_NUM = 18
_MOST_WORDS = 120
_FEWEST_DAYS = 2
_OUR_MOVE = ("open", "escalated")
_SORRY = ("We are sorry", "We apologise", "Please accept our apologies")
_PROMISE = (
    r"promis|guarante|\bby (?:tomorrow|tonight|monday|tuesday|wednesday|thursday|friday|the end)"
    r"|\b(?:within|in) (?:the next )?(?:\d+|one|two|three|a few|24|48) (?:hour|day|business)"
    r"|\btomorrow\b|\bvoucher|\bdiscount|\bcompensat|\$ ?\d"
)
_BLAME = r"\bfault\b|\bblame|forg[eo]t|careless|neglect|\blazy\b|incompeten|should have been"
_NEXT = (
    r"\bnext\b|answer|get back|hear from|reply|write(?:s)? to you|contact|look(?:s|ing)? into"
    r"|in touch|check(?:s|ing)?\b|work(?:s|ing)? on|follow"
)

_PHRASINGS = (
    "{customer} has a ticket that has been open for more than {days}. Write the e-mail that says "
    "sorry for it: which ticket, since which day it has waited, who has it now (by name), what "
    "happens next. No blame on anybody, no promise of a day or a gift. Subject line with the "
    "ticket, at most 120 words.",
    "Please apologise in writing to {customer}, whose ticket waits for longer than {days}. "
    "Subject naming the ticket; then ticket number, the date since when, the name of the "
    "colleague who has it today, the next step. Don't accuse, don't promise. Up to 120 words.",
    "apology mail for {customer}, their oldest open ticket is over {days} old. needs: ticket id "
    "(also in the subject), waiting since, who's on it now, what's next. pls no excuses about "
    "colleagues & no dates we can't keep, max 120 words",
    "I am a bit ashamed: {customer} wrote to us more than {days} ago and the ticket is still not "
    "resolved. Would you draft an e-mail for me? An honest sorry, the id in subject and text, the "
    "day it came in, the first and last name of whoever looks after it at present, and how it "
    "goes on, without pointing at somebody and without promising anything. 120 words are enough.",
    "E-mail to {customer}.\n"
    "Occasion: ticket open longer than {days}.\n"
    "Content: apology, ticket, since when (day), person in charge now, next step.\n"
    "Not in it: blame, promises.\n"
    "Subject with the ticket id; 120 words at most.",
    "Somebody has to write to {customer}. Of the tickets that are open there, one has waited for "
    "more than {days}; that one I mean. Say sorry, name it in the subject and in the text, tell "
    "them since what date it has been with us and in whose hands it is, and what comes next. It "
    "should blame nobody and promise nothing, within 120 words.",
    "Can I have a kind e-mail of no more than 120 words for {customer}? We let a ticket of theirs "
    "wait (more than {days} by now). It must hold the apology, the ticket id, the day since when, "
    "the name of whoever is responsible for it at the moment and the step that follows, the id in "
    "the subject as well. Leave out whose mistake it was and any date in the future.",
    "Over {days} without a result for {customer} in an open ticket. That deserves a letter: "
    "sorry, your ticket such-and-such, here since such a day, now with such a colleague, and next "
    "this. Put the ticket in the subject. Neither excuses at the cost of others nor promises; 120 "
    "words is the limit.",
    "What would a good apology to {customer} look like? Background: a ticket unresolved for over "
    "{days}. I want subject (with id), greeting, regret, id and first day of the ticket, current "
    "owner by name, what follows, closing. 120 words maximum, and nothing that puts the blame on "
    "a person or binds us to a date.",
    "Find the open ticket of {customer} that is older than {days} and write them about it before "
    "they write again. Tell them that we regret the wait, the ticket id (subject, too), the date "
    "it was opened, the colleague it is with, and the next step; be careful not to blame or "
    "promise. Not more than 120 words.",
)
_DETAILS = (
    "I send it from our shared address.",
    "They have been patient, I think.",
    "Younger tickets of theirs are not the point.",
    "Please leave the ticket as it is.",
    "Our usual style, of course.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """A customer's ticket that has waited, the only open one for so long."""

    customer: Customer
    ticket: Ticket
    owner: Employee
    days: int
    """Longer than this; its other open tickets are not older than that."""
    others: tuple[Ticket, ...]


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("apology-email")
    for wait in _cases(desk.model, rng):
        yield _draft(desk, wait, rng)


def _cases(company: Company, rng: Random) -> list[_Wait]:
    """One ticket of each customer; several open tickets and shared names first."""
    found = [w for c in company.customers if (w := _wait_of(company, c, rng)) is not None]
    rng.shuffle(found)
    found.sort(key=lambda wait: (not wait.others, is_only_name(company, wait.customer)))
    return by_turns(found, lambda w: (bool(w.others), w.ticket.status))


def _wait_of(company: Company, customer: Customer, rng: Random) -> _Wait | None:
    waiting = sorted(
        (t for t in company.tickets_of(customer.id) if is_open(t)), key=lambda t: t.created_at
    )
    if not waiting or waiting[0].status not in _OUR_MOVE or waiting[0].priority == "urgent":
        return None
    ticket, others = waiting[0], tuple(waiting[1:])
    age = calendar_days(ticket.created_at, company.now)
    second = calendar_days(others[0].created_at, company.now) if others else 0
    least = max(second, _FEWEST_DAYS)
    owner = _owner(company, ticket)
    if age - 2 < least or not is_at_work(owner):
        return None
    return _Wait(
        customer=customer,
        ticket=ticket,
        owner=owner,
        days=rng.randint(least, age - 2),
        others=others,
    )


def _owner(company: Company, ticket: Ticket) -> Employee:
    """Who has it now: the owner of its open escalation, or its assignee."""
    escalation = open_escalation(company, ticket)
    if escalation is not None:
        return company.employee(escalation.assigned_to_id)
    return company.employee(ticket.assignee_id or "")


def _draft(desk: Desk[Company], wait: _Wait, rng: Random) -> Draft:
    company, customer, ticket = desk.model, wait.customer, wait.ticket
    session = desk.session()
    session.call("search_customers", text=customer.name)
    session.call("search_tickets", customer_id=customer.id, limit=50)
    session.call("get_ticket", id=ticket.id)
    session.call("search_employees", id=wait.owner.id)
    town = f"{customer.name} from {customer.address.city}, {customer.address.state}"
    known = rng.choice((town, f"{customer.name} ({customer.email})"))
    return Draft(
        title=f"Apology to {customer.name}",
        keys=(customer.id,),
        slots={"customer": known, "days": f"{wait.days} days"},
        calls=session.calls,
        response=_mail(wait, rng.choice(_SORRY)),
        criteria=tuple(_criteria(wait)),
        requester=requester(asked_by(company, rng, "support", "escalations")),
        difficulty=Difficulty.MEDIUM if wait.others else Difficulty.EASY,
    )


def _mail(wait: _Wait, sorry: str) -> str:
    ticket = wait.ticket
    return (
        f"Subject: Your ticket {ticket.id}\n\nHello {wait.customer.first_name},\n\n{sorry} that "
        f"your ticket {ticket.id} has been waiting since {spoken_day(ticket.created_at)}. "
        f"{wait.owner.name} has it now. Next, you get an answer on the ticket.\n\n"
        f"Kind regards,\n{SIGNATURE}"
    )


def _criteria(wait: _Wait) -> Iterator[Criterion]:
    ticket, owner = wait.ticket, wait.owner
    yield is_email(_MOST_WORDS)
    yield has_subject(ticket.id)
    yield greets(wait.customer.first_name)
    yield says_matching("sorry", "Apologises.", r"\bsorry\b|apolog|regret")
    told = f"Names the ticket in the text: {ticket.id}."
    yield says_matching("ticket", told, rf"(?s)\n\s*\S.*{ticket.id}")
    since = day_pattern(ticket.created_at.date())
    yield says_matching("since", f"Says since when: {ticket.created_at.date()}.", since)
    yield says_any("owner", f"Names who has it now: {owner.name}.", owner.name)
    yield says_matching("next-step", "Says what happens next.", _NEXT)
    yield signs_off(SIGNATURE)
    yield never_says("no-promise", "Promises no day and no gift.", _PROMISE)
    yield never_says("no-blame", "Blames nobody.", _BLAME)
    if wait.others:
        ids = [other.id for other in wait.others]
        yield leaves_out("others", "Names no other ticket.", *ids)
    yield changes_nothing()


APOLOGY_EMAIL: Scenario[Company] = Scenario(
    name="apology-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="{customer} hears that the ticket is not forgotten, from us and before complaining.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
