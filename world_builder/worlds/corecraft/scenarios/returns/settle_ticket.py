"""The scenario `settle-ticket`: a processed refund ends its ticket, any other one is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.frozen import Json
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
from world_builder.worlds.corecraft.company import Company, Employee, Refund, Ticket
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import found_employee, requester, staff
from world_builder.worlds.corecraft.scenarios.returns.calls import look_up, made, rows
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    ENDED,
    Item,
    item_of,
    spellings,
    told_by_name,
)
from world_builder.worlds.corecraft.scenarios.returns.wording import says_refund_status

_NUM = 18
_REPLIES = {
    "approved": (
        "your refund of {amount} for the {product} is approved. It has not been processed yet; we "
        "will write again when it has.",
        r"\bapproved\b",
        r"\b(?:is|was|has been|have been) (?:now |already )?(?:processed|paid|refunded|sent)\b",
    ),
    "requested": (
        "your refund of {amount} for the {product} has been requested. It is waiting for approval; "
        "we will write again when there is news.",
        r"\b(?:request|wait|await|pending|review|check|not (?:yet )?(?:been )?approved)",
        r"\b(?:is|was|has been|have been) (?:now |already )?(?:approved|processed|paid|refunded)\b",
    ),
    "denied": (
        "your refund of {amount} for the {product} was denied. Please answer this message if you "
        "have a question about it.",
        r"\b(?:denied|declined|refused|rejected)\b",
        r"\b(?:is|was|has been|have been) (?:now |already )?(?:approved|processed|paid|refunded)\b",
    ),
}
"""By status: what a reference writes, what a reply must say, and what it must not say."""

_PHRASINGS = (
    "{customer} has an open ticket about the {product}. Is the refund for it processed? If so, "
    "resolve the ticket as a refund in my name, with refund id and amount in the summary. If not, "
    "leave the ticket's status alone and reply to the customer with the amount and how far it "
    "is. Tell me refund, status, amount, ticket, and the resolution or that you replied.",
    "Please settle this: refund {product}, {customer}. Processed -> resolution of their open "
    "ticket for it (kind refund, refund linked, id + sum in the summary, by me). Otherwise -> "
    "ticket stays as it is, reply with sum and state. Back to me: refund id, state, sum, ticket "
    "id, resolution id or 'replied'.",
    "can u close the ticket of {customer} about the {product}? only if the refund really went "
    "through (processed), then as a refund with the refund no. and amount in the summary. if its "
    "not there yet dont close it, just answer them how much and where it stands. i need refund "
    "no, status, amount, ticket no. and resolution no. (or that they got an answer)",
    "I'd like one ticket less. It is the one {customer} has open on the {product}. Find the "
    "refund that belongs to it. When its status is processed, end the ticket with the refund, me "
    "as the one who resolves, the id and the amount in the summary. In any other status a message "
    "to the customer has to do, stating the sum and the present state, with no change of the "
    "ticket's status. Report refund id, status, sum, ticket id and what you made of it, with the "
    "id of a resolution.",
    "Money for the {product}: {customer} waits for word in a ticket. Word is either 'done' (then "
    "resolve it for me with kind refund, the refund attached, amount and refund number summed up) "
    "or 'not yet' (then write them the amount and the stage it has reached, and keep the ticket "
    "open). Which one was it? Give me the refund and its status, the amount, the ticket, the "
    "resolution if any, or a note that you wrote to them.",
    "Ticket hygiene, please, for {customer} and the {product}. Compare the refund with the open "
    "ticket. A processed refund means the ticket is answered: resolution of kind refund by me, "
    "naming refund and amount. A refund that isn't processed means: reply in the ticket, amount "
    "and state, nothing else. Then list refund id, its status, amount, ticket id, and resolution "
    "id or reply.",
    "Did we pay {customer} for the {product}? There's still a ticket open on it and I am supposed "
    "to know. Paid, meaning processed: finish the ticket with that refund under my name and put "
    "id and dollars into the summary. Not processed: tell {customer} in the ticket how much it "
    "will be and what its status is, and don't resolve anything. I want to read the refund's id "
    "and status, the dollars, the ticket's id, and the resolution's id or that a reply went out.",
    "Clear up the case {customer} / {product}. Look for (1) the refund, (2) the open ticket. If "
    "(1) is processed, (2) is resolved by me as refund with (1) linked and named in the summary, "
    "sum included. If (1) is anything else, (2) keeps its status and the customer gets a reply "
    "with sum and status. Confirm with both ids, the status, the sum, and the resolution id or "
    "'reply sent'.",
    "My lead counts open tickets, so: {customer}'s about the {product}. Honest answer only, "
    "please. Where the refund shows as processed, resolve with it (my name, kind refund, summary "
    "with refund id and amount). Where it doesn't, the ticket remains and the customer reads from "
    "us the amount and the stage. Send me refund id, stage, amount, ticket id, plus resolution "
    "id or the remark that they were answered.",
    "What became of the refund for the {product}? {customer} has a ticket open about that item "
    "and no end to it. Please bring it to one if you can: processed refund, resolved ticket (by "
    "me; refund attached; number and amount summarized). If you can't, because it is not "
    "processed, let them know in a reply what they will get and how far along we are, and leave "
    "it open. Then tell me: refund id, how far, amount, ticket id, resolution id or reply.",
    "For {customer}: the {product}, an open ticket, a refund somewhere. Match them. Resolve for "
    "me only on a processed refund (refund id and amount into the summary); on any other status "
    "write to the customer instead, amount and status, without touching the ticket's status. "
    "Output: refund, status, amount, ticket, and resolution or reply.",
)
_DETAILS = (
    "I have not written to them myself.",
    "They asked on another channel as well.",
    "Please promise no date.",
    "The part is back in the warehouse, as far as I know.",
    "It does not matter to me who has the ticket now.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    ticket: Ticket
    refund: Refund
    asker: Employee
    escalation_id: str | None
    """The open escalation that ends with the ticket; its owner is who asks."""


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("settle-ticket")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Processed, approved and requested refunds by turns."""
    cases = [case for ticket in company.tickets if (case := _case(company, ticket, rng))]
    told = {
        (item.order.id, item.product.id)
        for item in told_by_name(company, (case.item for case in cases))
    }
    clear = [case for case in cases if (case.item.order.id, case.item.product.id) in told]
    rng.shuffle(clear)
    return by_turns(clear, lambda case: case.refund.status)


def _case(company: Company, ticket: Ticket, rng: Random) -> _Case | None:
    """The case of an open ticket whose item has one refund, and one open ticket, else None."""
    if ticket.status in ENDED or ticket.priority == "urgent" or not ticket.product_id:
        return None
    order = company.order(ticket.order_id or "")
    line = order.line(ticket.product_id)
    refunds = [r for r in company.refunds_of(order.id) if r.product_id == ticket.product_id]
    same = [
        other
        for other in company.tickets_of(ticket.customer_id)
        if other.product_id == ticket.product_id and other.status not in ENDED
    ]
    if line is None or len(refunds) != 1 or len(same) != 1:
        return None
    open_ones = [e for e in company.escalations_of(ticket.id) if e.status != "resolved"]
    able = staff(company, "support", "returns", "escalations")
    if open_ones:
        able = [employee for employee in able if employee.id == open_ones[0].assigned_to_id]
    if not able:
        return None
    return _Case(
        item=item_of(company, order, line),
        ticket=ticket,
        refund=refunds[0],
        asker=rng.choice(able),
        escalation_id=open_ones[0].id if open_ones else None,
    )


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item, ticket, refund = case.item, case.ticket, case.refund
    session = desk.session()
    look_up(session, item)
    rows(session, "search_refunds", order_id=item.order.id, product_id=item.product.id)
    session.call("search_tickets", customer_id=item.customer.id, product_id=item.product.id)
    session.call("get_ticket", id=ticket.id)
    employee_id = found_employee(session, case.asker)
    amount = money(refund.amount_cents)
    criteria = (
        says_any("refund-id", f"Names the refund: {refund.id}.", refund.id),
        says_refund_status(refund.status),
        says_amount("amount", "what goes back", refund.amount_cents),
        says_any("ticket-id", f"Names the ticket: {ticket.id}.", ticket.id),
    )
    if refund.status == "processed":
        resolution = made(
            session,
            "create_resolution",
            "resolution",
            ticket_id=ticket.id,
            kind="refund",
            summary=f"Refund {refund.id} of {amount} was processed.",
            refund_id=refund.id,
            employee_id=employee_id,
        )
        response = rng.choice(
            (
                f"{refund.id} of {amount} is processed. I resolved {ticket.id} with it. The "
                f"resolution is {resolution['id']}.",
                f"{ticket.id} is resolved as {resolution['id']}. The refund {refund.id} is "
                f"processed. It came to {amount}.",
            )
        )
        criteria = (*_resolved(case, str(resolution["id"])), *criteria)
    else:
        told = _REPLIES[refund.status][0].format(amount=amount, product=item.product.name)
        session.call(
            "update_ticket",
            id=ticket.id,
            reply=f"Hello {item.customer.first_name}, {told}",
            employee_id=employee_id,
        )
        response = rng.choice(
            (
                f"The refund {refund.id} of {amount} is only {refund.status}. I replied to the "
                f"customer in {ticket.id}.",
                f"{refund.id} is {refund.status}. The amount is {amount}. {ticket.id} keeps its "
                "status, and the customer got a reply.",
            )
        )
        criteria = (*_replied(case), *criteria)
    return Draft(
        title=f"Ticket {ticket.id} and refund {refund.id}",
        keys=(ticket.id, item.order.id),
        slots={"customer": item.customer.name, "product": item.product.name},
        calls=session.calls,
        response=response,
        criteria=criteria,
        requester=requester(case.asker),
    )


def _resolved(case: _Case, resolution_id: str) -> tuple[Criterion, ...]:
    ticket, refund = case.ticket, case.refund
    amounts = _contains("c.after.summary", spellings(refund.amount_cents))
    return (
        creates_one(
            "resolved",
            f"Exactly one resolution is made: of {ticket.id}, of the kind refund.",
            "resolution",
            ticket_id=ticket.id,
            kind="refund",
        ),
        _of_resolution("refund-linked", f"It links {refund.id}.", refund_id=refund.id),
        _of_resolution(
            "resolved-by", f"It is by {case.asker.id}, who asks.", resolved_by_id=case.asker.id
        ),
        state_is(
            "summary",
            f"The summary names {refund.id} and {money(refund.amount_cents)}.",
            "created.exists(c, c.type == 'resolution' && "
            f"c.after.summary.contains('{refund.id}') && ({amounts}))",
        ),
        field_is(
            "ticket-status", f"{ticket.id} is resolved.", "support_ticket", ticket.id,
            status="resolved",
        ),
        changes_only(
            "Changes nothing but the ticket and what ends with it.",
            (ticket.id, *((case.escalation_id,) if case.escalation_id else ())),
            ("resolution",),
        ),
        says_any("resolution-id", f"Names the resolution: {resolution_id}.", resolution_id),
    )  # fmt: skip


def _of_resolution(key: str, text: str, **values: Json) -> Criterion:
    return creates_one(key, text, "resolution", **values)


def _replied(case: _Case) -> tuple[Criterion, ...]:
    ticket, refund = case.ticket, case.refund
    _, says, says_not = _REPLIES[refund.status]
    messages = f"lookup('support_ticket', '{ticket.id}').messages"
    last = f"{messages}[{len(ticket.messages)}]"
    one = f"{messages}.size() == {len(ticket.messages) + 1}"
    amounts = _contains(f"{last}.text", spellings(refund.amount_cents))
    unchanged: dict[str, Json] = {
        "status": ticket.status,
        "priority": ticket.priority,
        "assignee_id": ticket.assignee_id,
    }
    return (
        state_is(
            "replied",
            f"One reply by {case.asker.name} stands in {ticket.id}.",
            f"{one} && {last}.author == '{case.asker.name}'",
        ),
        state_is(
            "reply-amount",
            f"The reply names {money(refund.amount_cents)}.",
            f"{one} && ({amounts})",
        ),
        state_is(
            "reply-status",
            f"The reply says that the refund is {refund.status}, and no more than that.",
            f"{one} && {_matches(last, says)} && !{_matches(last, says_not)}",
        ),
        field_is(
            "ticket-as-it-was",
            f"{ticket.id} keeps its status, priority and assignee.",
            "support_ticket",
            ticket.id,
            **unchanged,
        ),
        changes_only("Changes nothing but the ticket's messages.", (ticket.id,)),
        says_matching(
            "told",
            "Says that the customer got a reply.",
            r"\b(?:repl|answer|wrote|written|told|inform|messag|sent|let (?:them|the customer))",
        ),
    )


def _contains(text: str, parts: tuple[str, ...]) -> str:
    return " || ".join(f"{text}.contains('{part}')" for part in parts)


def _matches(message: str, pattern: str) -> str:
    """CEL: whether a message's text matches, any case."""
    escaped = pattern.replace("\\", "\\\\")
    return f"{message}.text.matches('(?i){escaped}')"


SETTLE_TICKET: Scenario[Company] = Scenario(
    name="settle-ticket",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=RETURNS_DESK,
    intent="End the ticket of {customer} about the {product} if its refund is processed, and "
    "otherwise have the customer told where it stands.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
