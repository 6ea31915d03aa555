"""The scenario `handover-note`: what waits with a colleague, told to whoever takes over."""

from collections.abc import Iterator
from dataclasses import dataclass
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
    says_any,
    says_matching,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.tickets import (
    PRESSING,
    calendar_days,
    open_escalation,
    tickets_by_assignee,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    counted,
    found_employee,
    requester,
    staff,
)
from world_builder.worlds.corecraft.scenarios.tickets.wording import in_one_line, whole

_NUM = 18
_FEWEST, _MOST = 2, 7
_OURS = r"\b(?:answer|repl(?:y|ies)|respond|response|write|ours?|we|us)\b"
_THEIRS = r"\bwait\w*|\bpending\b|customer(?:['’]s turn| must| has to| should| needs to| to \w+)"
_NOT_OURS = r"\bwait\w* (?:for|on) (?:the |an? )?(?:customer|reply|answer)|\bpending\b"

_PHRASINGS = (
    "{to} takes over from {absent}. Write a short hand-over note on {which}: whatever is not "
    "resolved and not closed, the oldest first, a line each with ticket, customer, subject, age "
    "in days (by the calendar) and the next step. The step follows from the status: we answer, or "
    "we wait for the customer, or it lies with whoever it was escalated to (name).",
    "note for {to} please about {which} of {absent}, the open ones (neither resolved nor closed). "
    "per line: id, customer, subject, calendar days since created, what's next = our answer / "
    "waiting for customer / escalated to whom. oldest on top. say whose tickets they are",
    "I need something to give {to}, who will look after {which} of {absent}. One line per ticket "
    "that isn't ended (resolved, closed): number, name of the customer, subject, how many days "
    "old by date, and whose move it is: ours (we owe an answer), the customer's (we wait), or the "
    "colleague's to whom it has been escalated, with the name. From the oldest to the newest, "
    "addressed to {to}, with a word on whose tickets these are.",
    "Handover {absent} -> {to}. Internal, brief. Rows sorted by creation, earliest first: ticket "
    "/ customer / subject / days since the day of creation / next step (answer by us; wait for "
    "the customer; name of the person who has the escalation). It covers {which} that are neither "
    "resolved nor closed. Name both colleagues in it.",
    "Could you brief {to} in writing? {absent} leaves {which} behind, and {to} should see for "
    "each that is unfinished, beginning with the oldest: its id, who the customer is, the "
    "subject, its age (today's date minus the date it came, in days), and what has to happen: an "
    "answer from us, patience until the customer writes, or nothing as long as it sits with the "
    "person it was escalated to, who should be named. Skip finished ones (resolved or closed).",
    "What must {to} know about the desk of {absent}? Put it into a note that starts with {to}'s "
    "name and says whose desk it is. It is about {which}. Every one with status new, open, "
    "pending_customer or escalated gets one line in order of age, oldest at the top: ticket, "
    "customer, subject, age in whole calendar days, next step by status (answer / wait for "
    "customer / with the named owner of the escalation).",
    "Shift change: {absent} out, {to} in. List what is unfinished of {which}, i.e. neither "
    "resolved nor closed. For each: ticket no., customer, subject, days by the calendar since "
    "creation, step that comes next (we answer, customer must answer so we wait, or X has it by "
    "escalation). Start with the one that is oldest. It goes to {to} as a note, so mention who "
    "hands over to whom.",
    "My idea is a note of a few lines with which {to} can go straight to work on what {absent} "
    "leaves behind, meaning {which}. Lines from old to new, each holding the ticket, the "
    "customer's name, the subject, the number of days since it was created (dates only, no hours) "
    'and what to do next. That last part: "answer" where it is new or open, "wait for the '
    'customer" where pending, and the name of whoever has the escalation where it is escalated. '
    "Resolved and closed ones don't belong there.",
    "Please prepare the hand-over from {absent} to {to}; both names belong in it. It covers "
    "{which} not yet resolved or closed, sorted so that the oldest comes first. I expect for "
    "every one of them, on a line of its own, id, customer, subject, age (calendar days) and who "
    "is to act: we with an answer, the customer while we wait, or the owner of the escalation by "
    "name.",
    "{to} asked what is lying on {absent}'s pile ({which}). Answer with a note to {to}: bullets, "
    "oldest to newest, ticket + customer + subject + age in calendar days + next step (ours: "
    "answer; theirs: wait for the customer; escalated: who has it). Nothing that is resolved or "
    "closed.",
)
_DETAILS = (
    "The texts of the messages can stay out.",
    "Nothing is reassigned for now.",
    "It is for internal eyes only.",
    "How they reached us does not matter.",
    "I will forward it as it is.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pile:
    """Tickets that somebody hands over."""

    absent: Employee
    which: str
    tickets: list[Ticket]


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("handover-note")
    for pile in _cases(desk.model, rng):
        yield _draft(desk, pile, rng)


def _cases(company: Company, rng: Random) -> list[_Pile]:
    """Everything of people with few tickets, parts of what others have."""
    waiting = tickets_by_assignee(company)
    piles = [
        _Pile(absent=employee, which=which, tickets=tickets)
        for employee in company.employees
        for which, tickets in _parts(waiting[employee.id])
        if _FEWEST <= len(tickets) <= _MOST
    ]
    rng.shuffle(piles)
    return by_turns(piles, lambda pile: pile.absent.id)


def _parts(tickets: list[Ticket]) -> Iterator[tuple[str, list[Ticket]]]:
    if len(tickets) <= _MOST:
        yield "all tickets", tickets
        return
    for category in sorted({ticket.category for ticket in tickets}):
        yield f"the {category} tickets", [t for t in tickets if t.category == category]
    pressing = [ticket for ticket in tickets if ticket.priority in PRESSING]
    yield "the tickets of high or urgent priority", pressing


def _draft(desk: Desk[Company], pile: _Pile, rng: Random) -> Draft:
    company, absent, tickets = desk.model, pile.absent, pile.tickets
    colleagues = [e for e in staff(company, absent.team) if e.id != absent.id]
    successor = rng.choice([e for e in colleagues if e.role not in ("manager", "team_lead")])
    leads = staff(company, "support", "returns", absent.team, roles=("team_lead", "manager"))
    session = desk.session()
    session.call("search_tickets", assignee_id=found_employee(session, absent), limit=50)
    for customer_id in dict.fromkeys(ticket.customer_id for ticket in tickets):
        session.call("search_customers", id=customer_id)
    for ticket in tickets:
        if (escalation := open_escalation(company, ticket)) is not None:
            session.call("get_ticket", id=ticket.id)
            session.call("search_employees", id=escalation.assigned_to_id)
    return Draft(
        title=f"Hand-over from {absent.name} to {successor.name}",
        keys=(f"{absent.id} {pile.which}",),
        slots={"absent": absent.name, "to": successor.name, "which": pile.which},
        calls=session.calls,
        response=_note(company, absent, successor, tickets),
        criteria=tuple(_criteria(company, absent, successor, tickets)),
        requester=requester(rng.choice(leads)),
    )


def _note(company: Company, absent: Employee, successor: Employee, tickets: list[Ticket]) -> str:
    rows = [
        f"- {t.id}, {company.customer(t.customer_id).name}, “{t.subject}”: "
        f"{counted(calendar_days(t.created_at, company.now), 'day')} old, {_step(company, t)[0]}"
        for t in tickets
    ]
    return "\n".join((f"{successor.name}, these are the tickets of {absent.name}:", *rows))


def _step(company: Company, ticket: Ticket) -> tuple[str, str, str]:
    """The next step as a note says it, what says it, and what must not stand beside it."""
    escalation = open_escalation(company, ticket)
    if escalation is not None:
        owner = company.employee(escalation.assigned_to_id)
        return f"escalated to {owner.name}", whole(owner.name), _NOT_OURS
    if ticket.status == "pending_customer":
        return "wait for the customer", _THEIRS, r"\bescalated to\b"
    return "we answer", _OURS, _NOT_OURS


def _criteria(
    company: Company, absent: Employee, successor: Employee, tickets: list[Ticket]
) -> Iterator[Criterion]:
    num = len(tickets)
    yield either(
        "rows",
        f"Gives {counted(num, 'line')}, one for each ticket, as a list or table.",
        Format(format=FormatKind.LIST, minimum=num, maximum=num),
        Format(format=FormatKind.TABLE, minimum=num, maximum=num),
    )
    yield says_any("whose", f"Says whose tickets they are: {absent.name}.", absent.name)
    told = f"Is addressed to {successor.name}."
    yield says_matching("reader", told, rf"\b{successor.first_name}\b")
    yield lists_in_order("order", "Begins with the oldest.", [ticket.id for ticket in tickets])
    for i, ticket in enumerate(tickets, 1):
        yield _row(company, i, ticket)
    ids = {ticket.id for ticket in tickets}
    others = [t.id for t in company.tickets if t.assignee_id == absent.id and t.id not in ids]
    if others:
        yield leaves_out("others", f"Names no other ticket of {absent.name}.", *others)
    yield changes_nothing()


def _row(company: Company, number: int, ticket: Ticket) -> Criterion:
    age = calendar_days(ticket.created_at, company.now)
    name = company.customer(ticket.customer_id).name
    step, pattern, strange = _step(company, ticket)
    return in_one_line(
        f"row-{number}",
        f"Gives for {ticket.id} the customer {name}, the subject, {counted(age, 'day')} and the "
        f"step: {step}.",
        whole(ticket.id),
        whole(name),
        whole(ticket.subject),
        rf"{count_pattern(age)}|\btoday\b" if age == 0 else count_pattern(age),
        pattern,
        never=strange,
    )


HANDOVER_NOTE: Scenario[Company] = Scenario(
    name="handover-note",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="{to} can go on with what {absent} leaves, without reading every thread.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
