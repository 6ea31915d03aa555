"""Answers about money: how a refund stands, why a card was declined, what was charged."""

from world_builder.expressions import money
from world_builder.worlds.corecraft.company import Company, Refund, Ticket
from world_builder.worlds.corecraft.scenarios.common import listed
from world_builder.worlds.corecraft.scenarios.tickets.answers import Answer, Fact
from world_builder.worlds.corecraft.scenarios.tickets.wording import money_pattern

_REASONS = {
    "card expired": r"expired",
    "security code does not match": r"(?:security code|cvv|cvc|code)\b.{0,40}"
    r"\b(?:not match|n['’]t match|mismatch|wrong|incorrect)",
    "3-D Secure was not confirmed": r"3-?d[- ]?secure\b.{0,40}\b(?:not|fail|missing|unconfirmed)"
    r"|(?:no|not|missing|without|failed|unconfirmed)\b.{0,40}3-?d[- ]?secure",
    "card declined by the bank": r"(?:declined|refused) by (?:the|your) bank"
    r"|bank (?:\w+ )?(?:declined|refused)",
    "insufficient funds": r"insufficient|not enough",
}
"""By reason on record: what names it in an answer."""


def refund_answer(company: Company, ticket: Ticket) -> Answer | None:
    """How the one refund of a ticket stands."""
    if ticket.order_id is None:
        return None
    found = [r for r in company.refunds_of(ticket.order_id) if r.ticket_id == ticket.id]
    if len(found) != 1 or found[0].status not in ("requested", "approved"):
        return None
    refund = found[0]
    is_approved = refund.status == "approved"
    told = "is approved" if is_approved else "is requested and waits for a decision"
    where = "original payment" if refund.destination == "original_payment" else "store credit"
    pattern = (
        r"\bapproved\b"
        if is_approved
        else r"\brequested\b|not (?:yet )?(?:been )?(?:approved|decided)|wait|pending|under review"
    )
    return Answer(
        ticket=ticket,
        kind=f"refund {refund.status}",
        question="how the refund stands, how much it is and where the money goes",
        calls=(("search_refunds", {"ticket_id": ticket.id}),),
        text=f"Your refund of {money(refund.amount_cents)} {told}. It goes {_destination(refund)}.",
        facts=(
            Fact(
                key="amount",
                told=f"the refund is {money(refund.amount_cents)}",
                pattern=money_pattern(refund.amount_cents),
            ),
            Fact(key="state", told=f"it {told}", pattern=pattern),
            Fact(
                key="where",
                told=f"it goes to the {where}",
                pattern=r"original|same (?:card|payment|way|account|method)|way you paid"
                if where == "original payment"
                else r"store credit",
            ),
        ),
        next_step="The next step is the payment itself; you need not do anything."
        if is_approved
        else "Next, a colleague decides about it, and we write here once that is done.",
        next_pattern=r"\bnext\b|once|as soon as|when (?:it|the)|will|you need|nothing",
        is_final=is_approved,
    )


def _destination(refund: Refund) -> str:
    if refund.destination == "store_credit":
        return "to your store credit"
    return "back to the original payment"


def declined_answer(company: Company, ticket: Ticket) -> Answer | None:
    """Why a card was declined, and what was paid since."""
    if ticket.order_id is None or "declines my card" not in ticket.messages[0].text:
        return None
    payments = company.payments_of(ticket.order_id)
    reasons = list(dict.fromkeys(p.failure_reason for p in payments if p.failure_reason))
    paid = [p for p in payments if p.status in ("captured", "partially_refunded", "refunded")]
    if not reasons or any(p.status in ("disputed", "authorized") for p in payments):
        return None
    amount = paid[0].amount_cents if paid else 0
    told = f"{money(amount)} was paid afterwards" if paid else "nothing has been paid yet"
    return Answer(
        ticket=ticket,
        kind="declined",
        question="why the card was declined (every reason on record) and what was paid since",
        calls=(("search_payments", {"order_id": ticket.order_id}),),
        text=f"The bank's {'reason' if len(reasons) == 1 else 'reasons'}: "
        f"{listed([f'“{reason}”' for reason in reasons])}. For your order {told}.",
        facts=(
            *(
                Fact(key=f"reason-{i}", told=f"a reason was “{reason}”", pattern=_REASONS[reason])
                for i, reason in enumerate(reasons, 1)
            ),
            Fact(
                key="paid",
                told=told,
                pattern=money_pattern(amount)
                if paid
                else r"(?:not|n['’]t|nothing|no)\b.{0,50}\b(?:paid|payment|charged|gone through)"
                r"|unpaid|pending",
            ),
        ),
        next_step="There is nothing more for you to do."
        if paid
        else "Please try the payment once more after a look at the card's data.",
        next_pattern=r"nothing (?:more|else|further|left)|no (?:further )?(?:action|need)|try|again"
        r"|you (?:need|can|do not|don['’]t)|\bnext\b|settled",
    )


def twice_answer(company: Company, ticket: Ticket) -> Answer | None:
    """That an order was charged once."""
    if ticket.order_id is None or "Did I pay twice" not in ticket.messages[0].text:
        return None
    paid = [p for p in company.payments_of(ticket.order_id) if p.status == "captured"]
    if len(paid) != 1:
        return None
    amount = paid[0].amount_cents
    return Answer(
        ticket=ticket,
        kind="twice",
        question="whether the order was charged twice, and how much was charged",
        calls=(("search_payments", {"order_id": ticket.order_id}),),
        text=f"Your order was charged once. The amount was {money(amount)}.",
        facts=(
            Fact(
                key="once",
                told="it was charged once",
                pattern=r"\bonce\b|one (?:charge|payment)|only one|single|not (?:charged )?twice",
            ),
            Fact(key="amount", told=f"{money(amount)} was charged", pattern=money_pattern(amount)),
        ),
        next_step="There is nothing more for you to do.",
        next_pattern=r"nothing (?:more|else|further|left)|no (?:further )?(?:action|need)"
        r"|you (?:need|can|do not|don['’]t)|\bnext\b|if\b",
    )
