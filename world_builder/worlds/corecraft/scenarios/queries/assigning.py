"""The scenario `query-assign`: hand a ticket to a colleague who is there, or to nobody."""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    field_is,
    says_any,
    says_date,
    says_how_many,
    says_matching,
    says_reason,
    says_right_not_wrong,
    state_is,
)
from world_builder.templates.phrases import REFUSAL
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.rules import TICKET_PRIORITIES
from world_builder.worlds.corecraft.scenarios.common import asked_by, counted, requester, staff
from world_builder.worlds.corecraft.scenarios.queries.wording import queried_employee
from world_builder.worlds.corecraft.tools import GENERIC_SURFACE

_TEAMS = ("support", "returns", "builds", "billing")
_PHRASINGS = (
    "Give {ticket} to {colleague} with priority {priority}, and note inside how many orders the "
    "customer has placed with us so far. Report the customer's name and that number.",
    "{ticket} -> {colleague}, prio {priority}, internal note w/ the customer's number of orders. "
    "tell me who the customer is and how many",
    "Please assign {ticket} to {colleague}, set its priority to {priority} and leave an internal "
    "note that says how often this customer has ordered (all orders count). I would like to hear "
    "the name and the number too.",
    "{colleague} takes {ticket}. Priority {priority}. In the internal note: number of orders by "
    "that customer, cancelled ones included. Confirm with customer and count.",
    "Could {ticket} go over to {colleague} at priority {priority}? Put the count of the customer's "
    "orders into the internal note so that {colleague} sees at once whom they are dealing with. "
    "Then tell me count and name.",
    "Move {ticket} to {colleague}'s pile, priority becomes {priority}; note for us: how many "
    "orders does the customer have in all? Answer with that and the customer's name.",
    "For {ticket} I want {colleague} as assignee and {priority} as priority. Also write down "
    "internally how many orders the customer ever placed. Name the customer in your answer, and "
    "the number.",
    "who has {ticket}? doesn't matter, hand it to {colleague}, {priority} priority, internal note "
    "with the number of orders of that customer. then give me name + number",
    "Handing over {ticket}: new assignee {colleague}, new priority {priority}, new internal note "
    "with the customer's order count. Customer and count also in your reply, please.",
)
_DETAILS = (
    "If that colleague can't take it, leave the ticket alone and tell me why.",
    "No message to the customer.",
    "I lost track of who is in this week.",
    "The team is fine with it.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("query-assign")
    company = desk.model
    tickets = [t for t in company.tickets if t.status in ("new", "open", "pending_customer")]
    rng.shuffle(tickets)
    here = staff(company, *_TEAMS, roles=("agent", "senior_agent", "specialist"))
    gone = [
        e
        for e in company.employees
        if (not e.is_active or e.out_of_office) and e.team in ("support", "returns", "builds")
    ]
    for i, ticket in enumerate(tickets):
        colleague = gone[i % len(gone)] if i % 3 == 1 else rng.choice(here)
        others = [p for p in TICKET_PRIORITIES if p != ticket.priority]
        if colleague.id != ticket.assignee_id:
            yield _draft(desk, ticket, colleague, rng.choice(others), rng)


def _draft(
    desk: Desk[Company], ticket: Ticket, colleague: Employee, priority: str, rng: Random
) -> Draft:
    company = desk.model
    asker = asked_by(company, rng, "support", "escalations")
    session = desk.session(GENERIC_SURFACE)
    session.call("get_record", type="support_ticket", id=ticket.id)
    queried_employee(session, colleague)
    is_there = colleague.is_active and colleague.out_of_office is None
    if is_there:
        response, criteria = _assigned(session, company, ticket, colleague, priority, asker)
    else:
        response, criteria = _refused(ticket, colleague)
    return Draft(
        title=f"Hand {ticket.id} to {colleague.name}",
        keys=(ticket.id,),
        slots={"ticket": ticket.id, "colleague": colleague.name, "priority": priority},
        calls=session.calls,
        response=response,
        criteria=(*criteria, says_any("ticket", f"Names the ticket: {ticket.id}.", ticket.id)),
        requester=requester(asker),
    )


def _assigned(
    session: Session, company: Company, ticket: Ticket, colleague: Employee, priority: str,
    asker: Employee,
) -> tuple[str, tuple[Criterion, ...]]:  # fmt: skip
    customer = company.customer(ticket.customer_id)
    orders = len(company.orders_of(customer.id))
    session.call("get_record", type="customer", id=customer.id)
    session.call("find_records", type="order", field="customer_id", value=customer.id)
    session.call(
        "update_ticket", id=ticket.id, assignee_id=colleague.id, priority=priority,
        internal_note=f"The customer has placed {counted(orders, 'order')} so far.",
        employee_id=queried_employee(session, asker),
    )  # fmt: skip
    note = f"lookup('support_ticket', '{ticket.id}').internal_note"
    return (
        f"{ticket.id} is now with {colleague.name} at priority {priority}. The customer is "
        f"{customer.name}, with {counted(orders, 'order')} so far. The internal note says so.",
        (
            field_is("assignee", f"The ticket is with {colleague.name}.", "support_ticket",
                     ticket.id, assignee_id=colleague.id),
            field_is("priority", f"Its priority is {priority}.", "support_ticket", ticket.id,
                     priority=priority),
            field_is("status", "Its status is as before.", "support_ticket", ticket.id,
                     status=ticket.status),
            state_is("note", f"The internal note gives the number of orders: {orders}.",
                     f"{note} != null && {note}.matches('(^|[^0-9]){orders}($|[^0-9])')"),
            state_is("no-reply", "The customer gets no message.",
                     f"lookup('support_ticket', '{ticket.id}').messages.size() == "
                     f"{len(ticket.messages)}"),
            says_any("customer", f"Names the customer: {customer.name}.", customer.name),
            says_how_many("orders", f"Says how many orders: {orders}.", orders, "order"),
            says_any("colleague", f"Names {colleague.name}.", colleague.name),
            says_matching("told-priority", f"Says that the priority is {priority}.",
                          rf"\b{priority}\b"),
            says_matching("told-note", "Says that a note was left.", r"\bnot(?:e|ed)\b"),
            changes_only("Changes nothing but the ticket.", ids=(ticket.id,)),
        ),
    )  # fmt: skip


def _refused(ticket: Ticket, colleague: Employee) -> tuple[str, tuple[Criterion, ...]]:
    name = colleague.name
    criteria = [
        says_right_not_wrong(
            "decision", f"Says that the ticket cannot go to {name}.", REFUSAL, _GIVEN
        ).model_copy(update={"is_critical": True}),
        says_any("colleague", f"Names {name}.", name),
        changes_nothing(),
    ]
    if not colleague.is_active:
        reason = says_reason(
            "Says that the colleague no longer works here.",
            r"no longer (?:works|with|here|employed)|left|not (?:active|work|employed)|inactive",
        )
        why = "no longer works here"
        return (
            f"{ticket.id} cannot go to {name}, who {why}. Please name somebody else. I have left "
            "the ticket as it was.",
            (*criteria, reason, _left_alone(), _other()),
        )
    away = str(colleague.out_of_office)
    until, cover = away.split(" until ")[1].split(";")[0], away.split("; ")[1].split(" covers")[0]
    reason = says_reason("Says that the colleague is away.", r"\baway|\bleave\b|absent|training"
                         r"|out of (?:the )?office|not (?:in|there|here)")  # fmt: skip
    return (
        f"{ticket.id} cannot go to {name}, who is away until {until}. {cover} stands in "
        "meanwhile. I have left the ticket as it was.",
        (
            *criteria,
            reason,
            _left_alone(),
            says_date("until", "until when", until),
            says_any("cover", f"Names who covers: {cover}.", cover),
        ),
    )


_GIVEN = r"\bcan (?:go|take|have)\b|\bis now with\b|\bhas been (?:assigned|handed)\b"


def _left_alone() -> Criterion:
    pattern = r"as it was|unchanged|untouched|alone|nothing (?:was |has been )?changed|not changed"
    return says_matching("left-alone", "Says that the ticket was left as it was.", pattern)


def _other() -> Criterion:
    pattern = r"\b(?:somebody|someone|another|other|else|instead|alternative|different)\b"
    return says_matching("other", "Asks for somebody else.", pattern)


QUERY_ASSIGN: Scenario[Company] = Scenario(
    name="query-assign",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=BACK_OFFICE,
    intent="{ticket} goes to {colleague} with what they should know, unless they are not there.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=15,
    is_unseen=True,
    tool_surface=GENERIC_SURFACE,
)
