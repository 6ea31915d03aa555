"""How references hand a refund on that is above the asker's limit, and the criteria on it."""

from dataclasses import dataclass

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.templates import Session
from world_builder.templates.criteria import (
    changes_only,
    creates_one,
    field_is,
    says_amount,
    says_any,
    says_matching,
    state_is,
)
from world_builder.worlds.corecraft.company import Company, Employee, Product, Ticket
from world_builder.worlds.corecraft.scenarios.common import found_employee
from world_builder.worlds.corecraft.scenarios.returns.calls import made
from world_builder.worlds.corecraft.scenarios.returns.choosing import spellings

_ABOVE = (
    r"\b(?:above|over|exceeds?|exceeding|beyond|higher|larger|more than|greater)\b[^.]{0,60}\b"
    r"(?:limit|allowed|may|authori[sz]ed)|\blimit\b[^.!?\n]{0,80}(?:\b(?:exceed\w*|below|under|only"
    r"|not|lower|up to|none|no)\b|n['’]t\b|\$)|\b(?:no|without)\b[^.]{0,20}\b(?:limit|authority)"
    r"|\bnot (?:allowed|authori[sz]ed|permitted)\b|\b(?:cannot|can['’]t|may not) approve\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """A ticket that goes to the manager because of a refund for a product."""

    ticket: Ticket
    product: Product
    amount_cents: int
    asker: Employee


def owner_of(company: Company, handing: Handing) -> Employee:
    """The manager of the assignee's team, or of the asker's while nobody is assigned."""
    assignee = handing.ticket.assignee_id
    team = company.employee(assignee).team if assignee else handing.asker.team
    return next(
        e for e in company.employees if e.team == team and e.role == "manager" and e.is_active
    )


def hand_on(session: Session, handing: Handing, owner: Employee) -> str:
    """Escalates; the id of the escalation. Raises LookupError when it does not go to the owner."""
    employee_id = found_employee(session, handing.asker)
    session.call("search_knowledge_base", topic="refunds", status="current")
    escalation = made(
        session,
        "create_escalation",
        "escalation",
        ticket_id=handing.ticket.id,
        level="manager",
        reason=f"Refund of {money(handing.amount_cents)} for the {handing.product.name} is above "
        f"the limit of {handing.asker.name}.",
        employee_id=employee_id,
    )
    if escalation["assigned_to_id"] != owner.id:
        raise LookupError(f"{escalation['id']} does not go to {owner.id}")
    return str(escalation["id"])


def escalation_criteria(
    handing: Handing, escalation_id: str, owner: Employee
) -> tuple[Criterion, ...]:
    ticket, product, cents = handing.ticket, handing.product, handing.amount_cents
    created = "created.exists(c, c.type == 'escalation' && ({}))"
    amounts = [f"c.after.reason.contains('{text}')" for text in spellings(cents)]
    names = [
        f"lower(c.after.reason).contains('{text.lower()}')" for text in (product.name, product.id)
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
            f"The reason names the item: {product.name}.",
            created.format(" || ".join(names)),
        ),
        creates_one(
            "raised-by",
            f"The escalation is raised by {handing.asker.id}, who asks.",
            "escalation",
            raised_by_id=handing.asker.id,
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
