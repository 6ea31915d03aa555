"""The scenario `reopen-ticket`: open a resolved ticket again, or say why it stays shut."""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import says_date
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.tickets import (
    ENDED,
    Reopening,
    is_at_work,
    reopening,
)
from world_builder.worlds.corecraft.rules import REOPEN_DAYS
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    found_employee,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.tickets.reopen_rubric import (
    opened_criteria,
    refusal,
    refused_criteria,
)

_NUM = 18
_SAID: dict[str, tuple[tuple[str, str], ...]] = {
    "return": (
        ("the label for the parcel never came", r"label"),
        ("nobody has picked the parcel up", r"pick|collect|parcel"),
    ),
    "refund": (
        ("the money has still not arrived", r"money|refund|amount|payment"),
        ("the refund is smaller than the customer expected", r"refund|smaller|amount|less"),
    ),
    "warranty": (
        ("the same fault is back since yesterday", r"fault|problem|issue|defect|back"),
        ("the part gave up again overnight", r"gave up|again|fail|part|overnight"),
    ),
    "shipping": (
        ("one thing is still missing", r"missing"),
        ("a neighbour has seen no parcel either", r"neighbou?r|parcel"),
    ),
    "compatibility": (
        ("it does not fit after all", r"fit"),
        ("the machine still does not start with it", r"start|boot"),
    ),
    "build": (
        ("the scraping noise is there again", r"nois|scrap"),
        ("the machine switches itself off now", r"switch|off|shut"),
    ),
    "billing": (
        ("the bank shows another line this week", r"bank|line|charge"),
        ("the invoice carries the wrong company name", r"invoice|name"),
    ),
    "account": (
        ("the old address is still in the account", r"address"),
        ("the account shows the wrong tier", r"tier"),
    ),
}
"""By category: what customers say later, and what speaks of it in a reply."""
_PHRASINGS = (
    "The customer of {ticket} wrote to me directly: {said}. If the ticket may still be opened "
    "again, do it and answer there that it is open again and that we look into this (take up what "
    "was said). Tell me the day of its last change until now, the last day on which it could be "
    "opened and who has it. If it may not, change nothing and tell me the day of the last change, "
    "why not, and what the customer gets instead.",
    "Reopen {ticket}? New message by phone: {said}. Allowed: status back to open, a reply to the "
    "customer that takes up the point and says it is open again. Not allowed: hands off, and "
    "which rule, and what do we offer. I need the date of the last change in any case, and if it "
    "worked, the last possible day and the assignee.",
    "{ticket} was done, now {said}. pls open it again + reply to the customer (mention what it's "
    "about and that it's open again) if we're still allowed to. tell me: last changed when, until "
    "when it was possible, who's got it. not allowed -> leave it, tell me why + last changed when "
    "+ what they get instead",
    "Could you check by our rules whether {ticket} can come back to life? The reason: {said}. If "
    "yes, please bring it back with a message to the customer which says so and names the reason, "
    "and write me when it had been changed last, until which day it could be brought back and in "
    "whose hands it is. If no, leave it untouched and write me the date of the last change, the "
    "rule, and what happens for the customer instead.",
    "A customer is not satisfied with the end of {ticket}, because {said}. Open it again with a "
    "reply that says so and takes up exactly that, or don't, as the rules demand. From you I "
    "expect the last change (day), the deadline for opening (day) and the assignee when it is "
    "open, or the last change (day), the obstacle and the way out when it can't be.",
    "Task: {ticket}, open again.\n"
    "Grounds: {said}.\n"
    "Reply to the customer: open again, we look into the above.\n"
    "Report: day of last change before, last day allowed, assignee.\n"
    "If rules forbid it: no change; report day of last change, the rule, what the customer gets.",
    "We thought {ticket} was finished, but {said}. I'd rather continue there than begin from "
    "scratch. Is that allowed? Then please do: set it to open and write the customer that it is, "
    "repeating what is wrong so that they see we understood. Let me know the day it was last "
    "changed, until which day one could have done this, and who looks after it. Otherwise let me "
    "know that same day, why it has to stay shut and what we do for the customer.",
    "For {ticket} there is news: {said}. Within the rules on opening tickets again, please do so "
    "and write the customer a line (that it's open again, and that it is about this). Outside of "
    "them, nothing is changed. I would like to read: when last changed; in the first case until "
    "what day it was possible and who has it; in the second why not and what comes instead.",
    "Does {ticket} still count as one that we may reopen? If it does, reopen, tell the customer "
    "on the ticket that we did and that we know that {said}, and give me assignee, last change "
    "before today and the final day for reopening. If it doesn't, tell me last change, reason and "
    "alternative, without changing anything.",
    "Chat from a customer this morning: {said}. It belongs to {ticket}, which is ended in our "
    "system. See if it can be opened. Can: open + reply (subject above, ticket open again), then "
    "last-changed date, limit date, assignee to me. Can't: reason, last-changed date, and what to "
    "tell the customer to do or expect instead; nothing changes.",
)
_DETAILS = (
    "The customer was friendly about it.",
    "I told them that somebody would write today.",
    "The message came in this morning.",
    "It need not be escalated.",
    "The resolution as such stays on file.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("reopen-ticket")
    for ticket, ruling in _cases(desk.model, rng):
        yield _draft(desk, ticket, ruling, rng)


def _cases(company: Company, rng: Random) -> list[tuple[Ticket, Reopening]]:
    """Allowed and refused by turns, near the fourteenth day first.

    Left out: tickets that changed 15 calendar days but not 15 times 24 hours ago, and tickets of
    people who are not at work.
    """
    found = []
    for ticket in company.tickets:
        assignee = company.employee(ticket.assignee_id) if ticket.assignee_id else None
        if ticket.status not in ENDED or assignee is None or not is_at_work(assignee):
            continue
        ruling = reopening(company, ticket)
        full_days = (company.now - ticket.updated_at).days
        if (full_days > REOPEN_DAYS) == (company.now.date() > ruling.last_day):
            found.append((ticket, ruling))
    rng.shuffle(found)
    found.sort(key=lambda case: abs((company.now.date() - case[1].last_day).days))
    refused = once_each(
        [case for case in found if case[1].problem],
        lambda case: (case[1], case[0].updated_at.date()),
    )
    refused = by_turns(refused, lambda case: case[1].problem)
    allowed = [case for case in found if case[1].problem is None]
    return by_turns([*allowed, *refused], lambda case: case[1].problem is None)


def _draft(desk: Desk[Company], ticket: Ticket, ruling: Reopening, rng: Random) -> Draft:
    company = desk.model
    asker = asked_by(company, rng, "support", "returns")
    said, pattern = rng.choice(_SAID[ticket.category])
    session = desk.session()
    session.call("get_ticket", id=ticket.id)
    criteria: Iterator[Criterion]
    if ruling.problem is None:
        response = _opened(company, session, ticket, ruling, said, asker)
        criteria = opened_criteria(company, ticket, ruling, pattern, asker)
    else:
        response = refusal(ticket, ruling)
        criteria = refused_criteria(ticket, ruling)
    changed = ticket.updated_at.date().isoformat()
    return Draft(
        title=f"Open {ticket.id} again",
        keys=(ticket.id,),
        slots={"ticket": ticket.id, "said": said},
        calls=session.calls,
        response=response,
        criteria=(*criteria, says_date("changed", "the day of the last change", changed)),
        requester=requester(asker),
    )


def _opened(
    company: Company,
    session: Session,
    ticket: Ticket,
    ruling: Reopening,
    said: str,
    asker: Employee,
) -> str:
    employee_id = found_employee(session, asker)
    session.call("search_employees", id=ticket.assignee_id)
    first_name = company.customer(ticket.customer_id).first_name
    session.call(
        "update_ticket",
        id=ticket.id,
        status="open",
        reply=f"Hello {first_name}, we have opened your ticket again and look into it: you told us "
        f"that {said}. CoreCraft Support",
        employee_id=employee_id,
    )
    assignee = company.employee(ticket.assignee_id or "")
    return (
        f"The ticket is open again. Its last change before "
        f"was on {spoken_day(ticket.updated_at)}, so it could be opened until "
        f"{spoken_day(ruling.last_day)}. {assignee.name} has it."
    )


REOPEN_TICKET: Scenario[Company] = Scenario(
    name="reopen-ticket",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="The customer of {ticket} is heard again, on the old ticket if that is still allowed.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
