"""The criteria on a ticket that a refund answers: resolved with it, or replied to."""

from dataclasses import dataclass

from world_builder.expressions import money
from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    changes_only,
    creates_one,
    field_is,
    says_any,
    says_matching,
    state_is,
)
from world_builder.worlds.corecraft.company import Customer, Employee, Refund, Ticket
from world_builder.worlds.corecraft.scenarios.returns.choosing import Item, spellings

REPLIES = {
    "approved": (
        "your refund of {amount} for {thing} is approved. It has not been processed yet; we "
        "will write again when it has.",
        r"\bapproved\b",
        r"\b(?:is|was|has been|have been) (?:now |already )?(?:processed|paid|refunded|sent)\b",
    ),
    "requested": (
        "your refund of {amount} for {thing} has been requested. It is waiting for approval; "
        "we will write again when there is news.",
        r"\b(?:request|wait|await|pending|review|check|not (?:yet )?(?:been )?approved)",
        r"\b(?:is|was|has been|have been) (?:now |already )?(?:approved|processed|paid|refunded)\b",
    ),
    "denied": (
        "your refund of {amount} for {thing} was denied. Please answer this message if you "
        "have a question about it.",
        r"\b(?:denied|declined|refused|rejected)\b",
        r"\b(?:is|was|has been|have been) (?:now |already )?(?:approved|processed|paid|refunded)\b",
    ),
}
"""By status: what a reference writes, what a reply must say, and what it must not say."""
_LATER = r"\b(?:once|when|until|after|before|as soon as|if)\b[^.!?]{0,60}\b(?:is|was|been) "
"""What is said of a time to come claims nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """An open ticket, the refund that answers it, and who asks."""

    customer: Customer
    item: Item | None
    """What the refund is for; None: for the late delivery."""
    ticket: Ticket
    refund: Refund
    asker: Employee
    escalation_id: str | None
    """The open escalation that ends with the ticket; its owner is who asks."""

    @property
    def thing(self) -> str:
        """What the refund is for, in words."""
        if self.item is None:
            return f"the late delivery of {self.refund.order_id}"
        return f"the {self.item.product.name}"


def resolved_criteria(case: Settling, resolution_id: str) -> tuple[Criterion, ...]:
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


def replied_criteria(case: Settling) -> tuple[Criterion, ...]:
    ticket, refund = case.ticket, case.refund
    _, says, says_not = REPLIES[refund.status]
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
            f"{one} && {_matches(last, says)} "
            f"&& (!{_matches(last, says_not)} || {_matches(last, _LATER)})",
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
