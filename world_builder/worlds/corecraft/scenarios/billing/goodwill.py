"""The scenario `goodwill`: give a small sum back, if the rules allow it."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    creates_one,
    field_is,
    says_amount,
    says_any,
    says_matching,
    says_no,
)
from world_builder.worlds.corecraft.company import Company, Employee, Order, Payment
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.rules import GOODWILL_LIMIT_CENTS
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, found_employee, requester

_OBSTACLES = {
    "given": (
        "goodwill was already given once on this order",
        r"already|once per order|second|before|earlier",
    ),
    "too_much": (
        f"goodwill is at most {money(GOODWILL_LIMIT_CENTS)}",
        r"(?:at most|no more than|maximum|limit|cap\b|up to|exceed|more than|above)[^.]{0,40}"
        r"\$25(?:\.00)?(?![\d.]\d)|\$25(?:\.00)?(?![\d.]\d)[^.]{0,40}(?:most|maximum|limit|cap\b)",
    ),
    "disputed": ("its payment is disputed", r"disput"),
}
"""By what is in the way: how a reference says it, and what says it in an answer."""
_PHRASINGS = (
    "Give {amount} of goodwill on {order}, please: {story}. Report the refund's number. If the "
    "rules don't allow it, leave it and tell me which one. In either case I want the payment's id "
    "and how much of it has gone back by then.",
    "goodwill {amount} on {order} ({story}). ok by the rules? then book it, tell me refund id. if "
    "not, why. and always: payment id + total refunded on it",
    "I'd like to do something for the customer of {order}, because {story}. {amount}, as goodwill. "
    "Book it if we may and give me the id, otherwise the reason; and name the payment with the sum "
    "that has gone back on it, booked or not.",
    "{order}: {story}. {amount} as a gesture. Please make sure that it is within our rules before "
    "it is booked. I need the refund id, or the rule against it, plus payment id and refunded "
    "amount as they stand afterwards.",
    "A gesture of {amount} for {order}? The reason: {story}. If it's fine, enter it under my name "
    "and tell me its number. If it isn't, change nothing and explain. Finish with the payment (id) "
    "and how much of it has gone back in all.",
    "Please book {amount} goodwill for {order} under my name. What happened: {story}. I want to "
    "hear the refund's id or what forbids it, and what is refunded on which payment once you are "
    "done.",
    "The customer of {order} deserves a little something ({story}). Make it {amount}. Goodwill, "
    "approved by me. Say what you booked or what is in the way, and the payment's id with its "
    "refunded total.",
    "{amount}, goodwill, {order}, because {story}. Check, book, report (refund id). No booking if "
    "a rule says no; then name it. Payment id and refunded-so-far in any case.",
    "Can we spare {amount} for {order} as goodwill? {story}, that's why. Yes: do it, with id. No: "
    "leave it, with the rule. And both ways: which payment, and what of it has gone back.",
)
_DETAILS = (
    "To the original payment.",
    "No mail to the customer, I'll call.",
    "It's not about any of the items.",
    "They didn't even ask for it.",
)
_STORIES = (
    "they waited on the phone for forty minutes",
    "we sent them three different answers",
    "our confirmation went to an old address",
    "somebody here was short with them",
    "the box looked as if it had been chewed, goods fine",
    "they had to explain the same thing twice",
)
_AMOUNTS = (1000, 1500, 2000, 2500, 500, 1250)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    order: Order
    paid: Payment | None
    amount: int
    obstacle: str


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("goodwill")
    company = desk.model
    cases = [_case(company, order, rng) for order in company.orders[-330:]]
    rng.shuffle(cases)
    granted = [case for case in cases if not case.obstacle]
    refused = by_turns([c for c in cases if c.obstacle in _OBSTACLES], lambda c: c.obstacle)
    for pair in zip(granted, refused, strict=False):
        for case in pair:
            yield _draft(desk, case, rng)


def _case(company: Company, order: Order, rng: Random) -> _Case:
    paid = next((p for p in company.payments_of(order.id) if p.status != "failed"), None)
    amount = rng.choice(_AMOUNTS)
    if rng.random() < 0.15:
        amount = GOODWILL_LIMIT_CENTS + rng.choice((1, 250, 500, 1500))
    return _Case(
        order=order, paid=paid, amount=amount, obstacle=_obstacle(company, order, paid, amount)
    )


def _obstacle(company: Company, order: Order, paid: Payment | None, amount: int) -> str:
    if paid is None or paid.status == "authorized":
        return "uncharged"
    if paid.status == "disputed":
        return "disputed"
    if any(r.reason == "goodwill" and r.status != "denied" for r in company.refunds_of(order.id)):
        return "given"
    if amount > GOODWILL_LIMIT_CENTS:
        return "too_much"
    return "refunded" if paid.refunded_cents + amount > paid.amount_cents else ""


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    asker = asked_by(desk.model, rng, "support", "returns")
    order = case.order
    session = desk.session()
    session.call("get_order", id=order.id)
    if case.paid is None:
        raise LookupError(f"{order.id} has no payment")
    if case.obstacle:
        response, criteria = _refused(case, case.paid)
    else:
        response, criteria = _given(session, case, case.paid, asker)
    return Draft(
        title=f"Goodwill of {money(case.amount)} on {order.id}",
        keys=(order.id,),
        slots={
            "order": order.id, "amount": money(case.amount), "story": rng.choice(_STORIES),
        },
        calls=session.calls,
        response=response,
        criteria=(
            *criteria,
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_amount("amount", "the amount", case.amount),
        ),
        requester=requester(asker),
    )  # fmt: skip


def _refused(case: _Case, paid: Payment) -> tuple[str, tuple[Criterion, ...]]:
    why, pattern = _OBSTACLES[case.obstacle]
    return (
        f"{money(case.amount)} of goodwill cannot be given on {case.order.id}, because {why}. Of "
        f"{paid.id}, {money(paid.refunded_cents)} has gone back.",
        (
            says_no("Says that the goodwill cannot be given."),
            says_matching("reason", f"Says why: {why}.", pattern),
            says_any("paid-with", f"Names the payment: {paid.id}.", paid.id),
            says_amount("total", "what has gone back on the payment", paid.refunded_cents),
            changes_nothing(),
        ),
    )  # fmt: skip


def _given(
    session: Session, case: _Case, paid: Payment, asker: Employee
) -> tuple[str, tuple[Criterion, ...]]:
    order, total = case.order, paid.refunded_cents + case.amount
    made = session.call(
        "create_refund", order_id=order.id, reason="goodwill", amount_cents=case.amount,
        approved_by_id=found_employee(session, asker),
    )["refund"]  # fmt: skip
    if not isinstance(made, dict):
        raise TypeError("create_refund shows no refund")
    refund_id = str(made["id"])
    return (
        f"{refund_id} gives {money(case.amount)} of goodwill on {order.id}. With it {money(total)} "
        f"of {paid.id} has gone back.",
        (
            creates_one("booked", f"A goodwill refund of {money(case.amount)} is approved by the "
                        "asker.", "refund", order_id=order.id, reason="goodwill",
                        amount_cents=case.amount, approved_by_id=asker.id, product_id=None,
                        destination="original_payment", restocking_fee_cents=0, ticket_id=None,
                        condition=None),
            field_is("payment", f"{money(total)} of the payment has gone back.", "payment",
                     paid.id, refunded_cents=total),
            changes_only("Changes nothing but the payment.", ids=(paid.id,), new=("refund",)),
            says_any("refund", f"Names the refund: {refund_id}.", refund_id),
            says_amount("total", "what has gone back on the payment", total),
            says_any("paid-with", f"Names the payment: {paid.id}.", paid.id),
            says_matching("goodwill", "Calls it goodwill.", r"good ?will|gesture"),
        ),
    )  # fmt: skip


GOODWILL: Scenario[Company] = Scenario(
    name="goodwill",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=RETURNS_DESK,
    intent="Do something kind for the customer of {order}, within the rules.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=18,
)
