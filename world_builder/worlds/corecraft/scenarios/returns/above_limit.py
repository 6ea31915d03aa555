"""The scenario `return-above-limit`: book a refund as far as the asker's limit goes, else escalate.

The ticket that it belongs to is one that the customer has open on the order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_only,
    creates_one,
    field_is,
    says_amount,
    says_any,
    says_matching,
    state_is,
)
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import Ruling, ruling
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import found_employee, requester, staff
from world_builder.worlds.corecraft.scenarios.returns.booking import (
    Booking,
    book,
    booked_criteria,
)
from world_builder.worlds.corecraft.scenarios.returns.calls import look_up, made
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    ENDED,
    Item,
    balanced,
    clean_items,
    spellings,
    told_by_name,
)

_NUM = 18
_STATES = {
    ("changed_mind", "unopened"): "unopened, simply not wanted any more",
    ("changed_mind", "opened"): "opened and complete, simply not wanted any more",
    ("defective", "defective"): "defective, as the ticket says",
}
"""By reason and condition: how the request puts it."""
_DEFECTS = ("worked fine and now it doesn't", "is dead. No lights")
_HARMLESS = ("compatibility", "shipping", "billing", "build", "account")
"""Categories of tickets that say nothing against a return of their product."""
_TEAMS = ("support", "returns", "escalations", "billing")
_ABOVE = (
    r"\b(?:above|over|exceeds?|exceeding|beyond|higher|larger|more than|greater)\b[^.]{0,60}\b"
    r"(?:limit|allowed|may|authori[sz]ed)|\blimit\b[^.]{0,80}\b(?:exceed|below|under|only|not|n['’]t"
    r"|lower|up to|none|no|\$)|\b(?:no|without)\b[^.]{0,20}\blimit"
)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    ticket: Ticket
    reason: str
    condition: str
    found: Ruling
    asker: Employee

    @property
    def may_book(self) -> bool:
        return self.asker.refund_limit_cents >= self.found.amount_cents


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("return-above-limit")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Within and above the limit by turns, each by different roles."""
    items = told_by_name(company, clean_items(company))
    cases = [case for item in items for case in _cases_of(company, item, rng)]
    rng.shuffle(cases)
    mixed = balanced(cases, lambda case: (case.asker.role, case.reason), lambda case: case.may_book)
    return once_each(mixed, lambda case: (case.item.order.id, case.item.product.id))


def _cases_of(company: Company, item: Item, rng: Random) -> Iterator[_Case]:
    """The returns of an item that the rules allow, as asked by people with and without limit."""
    open_ones = [
        ticket
        for ticket in company.tickets_of(item.customer.id)
        if ticket.order_id == item.order.id and ticket.status not in ENDED
    ]
    if len(open_ones) != 1 or item.line.qty != 1:
        return
    if open_ones[0].status == "escalated" or open_ones[0].priority == "urgent":
        return
    for reason, condition in _grounds(open_ones[0], item):
        found = ruling(company, item.order, item.line, reason, condition)
        if found.problem is None:
            for asker in _askers(company, found.amount_cents, rng):
                yield _Case(
                    item=item,
                    ticket=open_ones[0],
                    reason=reason,
                    condition=condition,
                    found=found,
                    asker=asker,
                )


def _grounds(ticket: Ticket, item: Item) -> list[tuple[str, str]]:
    """What an item may come back for, as far as the open ticket does not say otherwise."""
    if ticket.product_id == item.product.id and ticket.category not in _HARMLESS:
        opening = ticket.messages[0].text
        is_defect = any(words in opening for words in _DEFECTS)
        return [("defective", "defective")] if is_defect else []
    return [("changed_mind", "unopened"), ("changed_mind", "opened")]


def _askers(company: Company, amount_cents: int, rng: Random) -> list[Employee]:
    """Somebody whose limit is too low, and the least of those whose limit is enough."""
    able = staff(company, *_TEAMS)
    low = [e for e in able if e.refund_limit_cents < amount_cents]
    enough = [e for e in able if e.refund_limit_cents >= amount_cents]
    least = min(e.refund_limit_cents for e in enough)
    chosen = [rng.choice([e for e in enough if e.refund_limit_cents == least])]
    return [*chosen, rng.choice(low)] if low else chosen


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    session = desk.session()
    look_up(session, item)
    session.call("search_tickets", order_id=item.order.id)
    session.call("get_ticket", id=case.ticket.id)
    amount = money(case.found.amount_cents)
    if case.may_book:
        booking = Booking(
            item=item,
            asker=case.asker,
            reason=case.reason,
            condition=case.condition,
            amount_cents=case.found.amount_cents,
            fee_cents=case.found.fee_cents,
            ticket_id=case.ticket.id,
        )
        refund_id = book(session, booking)
        response = f"Booked as {refund_id} with {case.ticket.id}. {amount} goes back."
        criteria = (
            *booked_criteria(desk.model, booking, refund_id),
            says_any("ticket-id", f"Names the ticket: {case.ticket.id}.", case.ticket.id),
        )
    else:
        employee_id = found_employee(session, case.asker)
        session.call("search_knowledge_base", topic="refunds", status="current")
        escalation = made(
            session,
            "create_escalation",
            "escalation",
            ticket_id=case.ticket.id,
            level="manager",
            reason=f"Refund of {amount} for the {item.product.name} is above the limit of "
            f"{case.asker.name}.",
            employee_id=employee_id,
        )
        owner = _owner(desk.model, case)
        if escalation["assigned_to_id"] != owner.id:
            raise LookupError(f"{escalation['id']} does not go to {owner.id}")
        response = _escalated(case, str(escalation["id"]), owner, rng)
        criteria = _escalation_criteria(case, str(escalation["id"]), owner)
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


def _owner(company: Company, case: _Case) -> Employee:
    """The manager of the assignee's team, or of the asker's while nobody is assigned."""
    assignee = case.ticket.assignee_id
    team = company.employee(assignee).team if assignee else case.asker.team
    return next(
        e for e in company.employees if e.team == team and e.role == "manager" and e.is_active
    )


def _escalated(case: _Case, escalation_id: str, owner: Employee, rng: Random) -> str:
    amount = money(case.found.amount_cents)
    return rng.choice(
        (
            f"The refund of {amount} is above your limit. {case.ticket.id} is escalated as "
            f"{escalation_id}. {owner.name} has it now.",
            f"{amount} is more than your limit allows. I passed {case.ticket.id} on to "
            f"{owner.name}. The escalation is {escalation_id}.",
        )
    )


def _escalation_criteria(case: _Case, escalation_id: str, owner: Employee) -> tuple[Criterion, ...]:
    ticket, item, cents = case.ticket, case.item, case.found.amount_cents
    created = "created.exists(c, c.type == 'escalation' && ({}))"
    amounts = [f"c.after.reason.contains('{text}')" for text in spellings(cents)]
    names = [
        f"lower(c.after.reason).contains('{text.lower()}')"
        for text in (item.product.name, item.product.id)
    ]
    return (
        creates_one(
            "escalated",
            f"Exactly one escalation is made: of {ticket.id} to the level manager.",
            "escalation",
            ticket_id=ticket.id,
            level="manager",
        ),
        state_is(
            "reason-amount",
            f"The reason names the amount: {money(cents)}.",
            created.format(" || ".join(amounts)),
        ),
        state_is(
            "reason-item",
            f"The reason names the item: {item.product.name}.",
            created.format(" || ".join(names)),
        ),
        creates_one(
            "raised-by",
            f"The escalation is raised by {case.asker.id}, who asks.",
            "escalation",
            raised_by_id=case.asker.id,
        ),
        field_is(
            "ticket-status", f"{ticket.id} is escalated.", "support_ticket", ticket.id,
            status="escalated",
        ),
        changes_only("Books no refund and changes nothing else.", (ticket.id,), ("escalation",)),
        says_matching("limit", "Says that the amount is above the limit.", _ABOVE),
        says_amount("amount", "the amount", cents),
        says_any("ticket-id", f"Names the ticket: {ticket.id}.", ticket.id),
        says_any("escalation-id", f"Names the escalation: {escalation_id}.", escalation_id),
        says_any("owner", f"Names {owner.name}, who has it now.", owner.name, owner.id),
    )  # fmt: skip


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
