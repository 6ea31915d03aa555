"""The scenario `return-above-limit`: book a refund within the asker's limit, else escalate it."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import says_any
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import requester
from world_builder.worlds.corecraft.scenarios.returns.booking import (
    Booking,
    Outcome,
    book,
    booked_criteria,
)
from world_builder.worlds.corecraft.scenarios.returns.calls import look_up
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    balanced,
    clean_items,
    told_by_name,
)
from world_builder.worlds.corecraft.scenarios.returns.escalating import (
    Handing,
    escalation_criteria,
    hand_on,
    owner_of,
)
from world_builder.worlds.corecraft.scenarios.returns.limit_cases import LimitCase, limit_cases

_NUM = 18
_STATES = {
    ("changed_mind", "unopened"): "unopened, simply not wanted any more",
    ("changed_mind", "opened"): "opened and complete, simply not wanted any more",
    ("defective", "defective"): "defective, as the ticket says",
}
"""By reason and condition: how the request puts it."""

_PHRASINGS = (
    "{customer} returns the {product} ({state}). Their ticket on that order is still open. Do "
    "what my limit allows: book the refund with that ticket's number, or, if it is too much for "
    "me, pass the ticket up as the rules say with item and amount in the reason. Tell me the "
    "ticket, the amount, and the refund id or the escalation id with who has it now.",
    "Refund case: {customer}, {product}, {state}, money back the way they paid. Mind my limit. "
    "Within it: refund linked to the open ticket of that order. Above it: no refund, escalate "
    "that ticket, reason with product and sum. I want ticket id, sum, and refund id / escalation "
    "id + new owner.",
    "pls sort out the {product} for {customer}, its {state}. there is an open ticket on the "
    "order. if im allowed to refund that much do it w/ the ticket no., if not escalate the ticket "
    "(say what item and how much). need ticket no, amount, then rfd id or esc id and who has it "
    "now",
    "I am not sure whether I may refund this one myself. {customer} sends back the {product}; "
    "{state}. Work out the amount and look at my limit. Either create the refund for me and put "
    "the customer's open ticket of that order on it, or hand the ticket on to whoever the rules "
    "name and write item and amount into the reason. Report ticket, amount, id of what you made, "
    "and in the second case the person.",
    "Take the return of {customer} through to its end, please: {product}, {state}, original "
    "payment. My own limit decides. It fits: booked in my name with their open ticket for that "
    "order. It does not fit: that ticket goes up one level by the rules and says which item and "
    "how much. What I need back is the ticket id, the sum and either id, plus the new owner if "
    "there is one.",
    "'When do I get my money for the {product}?' {customer} asks on the phone ({state}). There "
    "must be a ticket of theirs on that order that nobody has closed. If the sum is within what I "
    "may approve, approve it under that ticket. If it isn't, I can't, so escalate the ticket and "
    "name item and sum there. Then tell me ticket, sum, refund or escalation, and who takes over "
    "if somebody does.",
    "Return of a {product} by {customer}, {state}. Ticket: the open one on the same order. "
    "Approver: me. Check the sum against my limit, act on it (refund with ticket, or escalation "
    "with item and amount as reason), send me: ticket id, amount, new id, and the colleague whom "
    "an escalation went to.",
    "My limit is what it is, so please look it up before you touch anything. {customer} is owed a "
    "refund for the {product}, {state}. Should I be able to approve it, enter it with their open "
    "ticket on that order. Should it be beyond me, that ticket has to go where such tickets go, "
    "with product and dollars in the reason. Answer with ticket, dollars, and the refund's or "
    "escalation's id (and its owner).",
    "Can I do this alone? {product}, {customer}, {state}. If yes: refund to the original payment, "
    "under the ticket that is open for the order, and I get refund id, ticket id, amount. If no: "
    "escalate that very ticket, quoting product and amount, and I get escalation id, ticket id, "
    "amount and the name of who decides now. No splitting, please.",
    "For {customer}, about the {product}: comes back, {state}, and the rules are on their side. "
    "One of their tickets is open on this order; tie everything to it. Refund it on my say if my "
    "limit covers it, otherwise escalate with the item and the sum spelled out. Let me have the "
    "ticket's id, the sum, the id of refund or escalation, and whoever is in charge of it then.",
    "Next in my queue is {customer} with a {product}, {state}. They get back what the rules give "
    "them. Book it with me as approver and their open ticket of the order as ticket, unless it is "
    "more than I may give; then it is the ticket that moves up, with item and amount written in. "
    "Ticket id, amount and the new id to me, and the name of the next in charge where that is "
    "somebody else.",
)
_DETAILS = (
    "The customer has waited long enough.",
    "Please no second ticket.",
    "A colleague offered to split it in two, I said no.",
    "They want no store credit.",
    "I have not told them any amount.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("return-above-limit")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[LimitCase]:
    """Within and above the limit by turns, each by different roles."""
    items = told_by_name(company, clean_items(company))
    cases = [case for item in items for case in limit_cases(company, item, rng)]
    rng.shuffle(cases)
    mixed = balanced(cases, lambda case: (case.asker.role, case.reason), lambda case: case.may_book)
    return once_each(mixed, lambda case: (case.item.order.id, case.item.product.id))


def _draft(desk: Desk[Company], case: LimitCase, rng: Random) -> Draft:
    item = case.item
    session = desk.session()
    look_up(session, item)
    session.call("search_tickets", order_id=item.order.id)
    session.call("get_ticket", id=case.ticket.id)
    act = _book if case.may_book else _hand_on
    response, criteria = act(desk.model, session, case, rng)
    return Draft(
        title=f"{item.product.name} of {item.order.id} for {case.asker.name}",
        keys=(item.order.id,),
        slots={
            "customer": item.customer.name,
            "product": item.product.name,
            "state": _STATES[(case.reason, case.condition)],
        },
        calls=session.calls,
        response=response,
        criteria=criteria,
        requester=requester(case.asker),
    )


def _book(company: Company, session: Session, case: LimitCase, rng: Random) -> Outcome:
    """Books the refund with the ticket."""
    ticket_id = case.ticket.id
    booking = Booking(
        item=case.item,
        asker=case.asker,
        reason=case.reason,
        condition=case.condition,
        amount_cents=case.found.amount_cents,
        fee_cents=case.found.fee_cents,
        ticket_id=ticket_id,
    )
    refund_id = book(session, booking)
    amount = money(case.found.amount_cents)
    told = (
        f"Booked as {refund_id} with {ticket_id}. {amount} goes back.",
        f"The refund {refund_id} of {amount} is booked. It names {ticket_id}.",
    )
    named = says_any("ticket-id", f"Names the ticket: {ticket_id}.", ticket_id)
    return rng.choice(told), (*booked_criteria(company, booking, refund_id), named)


def _hand_on(company: Company, session: Session, case: LimitCase, rng: Random) -> Outcome:
    """Escalates the ticket."""
    handing = Handing(
        ticket=case.ticket,
        product=case.item.product,
        amount_cents=case.found.amount_cents,
        asker=case.asker,
    )
    owner = owner_of(company, handing)
    escalation_id = hand_on(session, handing, owner)
    criteria = escalation_criteria(handing, escalation_id, owner)
    return _escalated(case, escalation_id, owner, rng), criteria


def _escalated(case: LimitCase, escalation_id: str, owner: Employee, rng: Random) -> str:
    amount = money(case.found.amount_cents)
    return rng.choice(
        (
            f"The refund of {amount} is above your limit. {case.ticket.id} is escalated as "
            f"{escalation_id}. {owner.name} has it now.",
            f"{amount} is more than your limit allows. I passed {case.ticket.id} on to "
            f"{owner.name}. The escalation is {escalation_id}.",
        )
    )


RETURN_ABOVE_LIMIT: Scenario[Company] = Scenario(
    name="return-above-limit",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EXPERT,
    system_prompt=RETURNS_DESK,
    intent="Get the refund of {customer} for the {product} made by somebody who may make it: the "
    "asker within their limit, else the manager through the open ticket.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
