"""The scenario `settle-ticket`: a processed refund ends its ticket, any other one is told."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import says_amount, says_any
from world_builder.worlds.corecraft.company import Company, Refund, Ticket
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import found_employee, requester, staff
from world_builder.worlds.corecraft.scenarios.returns.booking import Outcome
from world_builder.worlds.corecraft.scenarios.returns.calls import look_up, made
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    ENDED,
    item_of,
    told_by_name,
)
from world_builder.worlds.corecraft.scenarios.returns.settling import (
    REPLIES,
    Settling,
    replied_criteria,
    resolved_criteria,
)
from world_builder.worlds.corecraft.scenarios.returns.wording import says_refund_status

_NUM = 16
_PHRASINGS = (
    "{customer} has an open ticket about {thing}. Is the refund for it processed? If so, "
    "resolve the ticket as a refund in my name, with refund id and amount in the summary. If not, "
    "leave the ticket's status alone and reply to the customer with the amount and how far it "
    "is. Tell me refund, status, amount, ticket, and the resolution or that you replied.",
    "Please settle this: refund for {thing}, {customer}. Processed -> resolution of their open "
    "ticket for it (kind refund, refund linked, id + sum in the summary, by me). Otherwise -> "
    "ticket stays as it is, reply with sum and state. Back to me: refund id, state, sum, ticket "
    "id, resolution id or 'replied'.",
    "can u close the ticket of {customer} about {thing}? only if the refund really went "
    "through (processed), then as a refund with the refund no. and amount in the summary. if its "
    "not there yet dont close it, just answer them how much and where it stands. i need refund "
    "no, status, amount, ticket no. and resolution no. (or that they got an answer)",
    "I'd like one ticket less. It is the one {customer} has open on {thing}. Find the "
    "refund that belongs to it. When its status is processed, end the ticket with the refund, me "
    "as the one who resolves, the id and the amount in the summary. In any other status a message "
    "to the customer has to do, stating the sum and the present state, with no change of the "
    "ticket's status. Report refund id, status, sum, ticket id and what you made of it, with the "
    "id of a resolution.",
    "Money for {thing}: {customer} waits for word in a ticket. Word is either 'done' (then "
    "resolve it for me with kind refund, the refund attached, amount and refund number summed up) "
    "or 'not yet' (then write them the amount and the stage it has reached, and leave the "
    "ticket's status as it is). Which one was it? Give me the refund and its status, the amount, "
    "the ticket, the resolution if any, or a note that you wrote to them.",
    "Ticket hygiene, please, for {customer} and {thing}. Compare the refund with the open "
    "ticket. A processed refund means the ticket is answered: resolution of kind refund by me, "
    "naming refund and amount. A refund that isn't processed means: reply in the ticket, amount "
    "and state, nothing else. Then list refund id, its status, amount, ticket id, and resolution "
    "id or reply.",
    "Did we pay {customer} for {thing}? There's still a ticket open on it and I am supposed "
    "to know. Paid, meaning processed: finish the ticket with that refund under my name and put "
    "id and dollars into the summary. Not processed: tell {customer} in the ticket how much it "
    "will be and what its status is, and don't resolve anything. I want to read the refund's id "
    "and status, the dollars, the ticket's id, and the resolution's id or that a reply went out.",
    "Clear up the case {customer} / {thing}. Look for (1) the refund, (2) the open ticket. If "
    "(1) is processed, (2) is resolved by me as refund with (1) linked and named in the summary, "
    "sum included. If (1) is anything else, (2) keeps its status and the customer gets a reply "
    "with sum and status. Confirm with both ids, the status, the sum, and the resolution id or "
    "'reply sent'.",
    "My lead counts open tickets, so: {customer}'s about {thing}. Honest answer only, "
    "please. Where the refund shows as processed, resolve with it (my name, kind refund, summary "
    "with refund id and amount). Where it doesn't, the ticket remains as it is and the customer "
    "reads from us the amount and the stage. Send me refund id, stage, amount, ticket id, plus "
    "resolution id or the remark that they were answered.",
    "What became of the refund for {thing}? {customer} has a ticket open about that "
    "and no end to it. Please bring it to one if you can: processed refund, resolved ticket (by "
    "me; refund attached; number and amount summarized). If you can't, because it is not "
    "processed, let them know in a reply what they will get and how far along we are, and leave "
    "its status alone. Then tell me: refund id, how far, amount, ticket id, resolution id or "
    "reply.",
    "For {customer}: {thing}, an open ticket, a refund somewhere. Match them. Resolve for "
    "me only on a processed refund (refund id and amount into the summary); on any other status "
    "write to the customer instead, amount and status, without touching the ticket's status. "
    "Output: refund, status, amount, ticket, and resolution or reply.",
)
_DETAILS = (
    "I have not written to them myself.",
    "They asked on another channel as well.",
    "Please promise no date.",
    "The warehouse has nothing more to do with it, I think.",
    "It does not matter to me who has the ticket now.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("settle-ticket")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Settling]:
    """Processed, approved and requested refunds by turns."""
    cases = [case for ticket in company.tickets if (case := _case(company, ticket, rng))]
    items = [case.item for case in cases if case.item is not None]
    told = [item.order.id for item in told_by_name(company, items)]
    clear = [case for case in cases if case.item is None or case.item.order.id in told]
    rng.shuffle(clear)
    return by_turns(clear, lambda case: case.refund.status)


def _case(company: Company, ticket: Ticket, rng: Random) -> Settling | None:
    """The case of an open ticket that has one refund and no other ticket beside it, else None."""
    if ticket.status in ENDED or ticket.priority == "urgent" or ticket.order_id is None:
        return None
    order = company.order(ticket.order_id)
    line = order.line(ticket.product_id) if ticket.product_id else None
    refunds = [refund for refund in company.refunds_of(order.id) if _answers(refund, ticket)]
    same = [
        other
        for other in company.tickets_of(ticket.customer_id)
        if (other.order_id, other.product_id) == (order.id, ticket.product_id)
        and other.status not in ENDED
    ]
    open_ones = [e for e in company.escalations_of(ticket.id) if e.status != "resolved"]
    owners = {e.assigned_to_id for e in open_ones}
    able = [
        employee
        for employee in staff(company, "support", "returns", "escalations")
        if not owners or employee.id in owners
    ]
    if len(refunds) != 1 or len(same) != 1 or not able:
        return None
    return Settling(
        customer=company.customer(ticket.customer_id),
        item=item_of(company, order, line) if line else None,
        ticket=ticket,
        refund=refunds[0],
        asker=rng.choice(able),
        escalation_id=open_ones[0].id if open_ones else None,
    )


def _answers(refund: Refund, ticket: Ticket) -> bool:
    if ticket.product_id is not None:
        return refund.product_id == ticket.product_id
    return refund.ticket_id == ticket.id


def _draft(desk: Desk[Company], case: Settling, rng: Random) -> Draft:
    ticket, refund, customer = case.ticket, case.refund, case.customer
    session = desk.session()
    if case.item is not None:
        look_up(session, case.item)
    else:
        session.call("search_customers", text=customer.name)
        session.call("get_order", id=refund.order_id)
    session.call("search_refunds", order_id=refund.order_id)
    session.call("search_tickets", customer_id=customer.id, order_id=refund.order_id)
    session.call("get_ticket", id=ticket.id)
    employee_id = found_employee(session, case.asker)
    act = _resolve if refund.status == "processed" else _reply
    response, acted = act(session, case, employee_id, rng)
    return Draft(
        title=f"Ticket {ticket.id} and refund {refund.id}",
        keys=(ticket.id, refund.order_id),
        slots={"customer": customer.name, "thing": case.thing},
        calls=session.calls,
        response=response,
        criteria=(
            *acted,
            says_any("refund-id", f"Names the refund: {refund.id}.", refund.id),
            says_refund_status(refund.status),
            says_amount("amount", "what goes back", refund.amount_cents),
            says_any("ticket-id", f"Names the ticket: {ticket.id}.", ticket.id),
        ),
        requester=requester(case.asker),
    )


def _resolve(session: Session, case: Settling, employee_id: str, rng: Random) -> Outcome:
    """Ends the ticket with its refund; the report and the criteria on it."""
    ticket_id, refund = case.ticket.id, case.refund
    amount = money(refund.amount_cents)
    resolution = made(
        session,
        "create_resolution",
        "resolution",
        ticket_id=ticket_id,
        kind="refund",
        summary=f"Refund {refund.id} of {amount} was processed.",
        refund_id=refund.id,
        employee_id=employee_id,
    )
    resolution_id = str(resolution["id"])
    told = (
        f"{refund.id} of {amount} is processed. I resolved {ticket_id} with it. The resolution is "
        f"{resolution_id}.",
        f"{ticket_id} is resolved as {resolution_id}. The refund {refund.id} is processed. It came "
        f"to {amount}.",
    )
    return rng.choice(told), resolved_criteria(case, resolution_id)


def _reply(session: Session, case: Settling, employee_id: str, rng: Random) -> Outcome:
    """Tells the customer how far the refund is; the report and the criteria on it."""
    ticket_id, refund = case.ticket.id, case.refund
    amount = money(refund.amount_cents)
    text = REPLIES[refund.status][0].format(amount=amount, thing=case.thing)
    session.call(
        "update_ticket",
        id=ticket_id,
        reply=f"Hello {case.customer.first_name}, {text}",
        employee_id=employee_id,
    )
    told = (
        f"The refund {refund.id} of {amount} is only {refund.status}. I replied to the customer in "
        f"{ticket_id}.",
        f"{refund.id} is {refund.status}. The amount is {amount}. {ticket_id} keeps its status, "
        "and the customer got a reply.",
    )
    return rng.choice(told), replied_criteria(case)


SETTLE_TICKET: Scenario[Company] = Scenario(
    name="settle-ticket",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=RETURNS_DESK,
    intent="End the ticket of {customer} about {thing} if its refund is processed, and "
    "otherwise have the customer told where it stands.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
