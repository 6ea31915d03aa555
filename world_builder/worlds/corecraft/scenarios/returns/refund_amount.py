"""The scenario `refund-amount`: what goes back for some items of a line, and what is left then."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_amount,
    says_any,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import Ruling, qty_back, ruling
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    Item,
    balanced,
    charged,
    plain_items,
)
from world_builder.worlds.corecraft.scenarios.returns.patterns import REASONS
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    REASON_TEXTS,
    reason_of,
    says_fee,
    says_refused,
    says_window,
)

_NUM = 18
_STATES = {
    ("changed_mind", "unopened"): "unopened, no longer wanted",
    ("changed_mind", "opened"): "opened but complete, no longer wanted",
    ("defective", "defective"): "defective",
}
"""By reason and condition: how the request puts it."""

_PHRASINGS = (
    "How much goes back for {count} of the {product} from {order} ({state})? Show me what was paid "
    "for that after the loyalty discount, the restocking fee, the refund, and what would be left "
    "on which payment afterwards. If nothing goes back, the reason and what stays on the payment.",
    "{order}: return of {count}, {product}, {state}. Paid? Fee? Refund? Left on the payment after "
    "it, and the payment's id? (or why not, and what the payment holds)",
    "please do the maths for me, i keep getting cents wrong. {product} out of {order}, {count} of "
    "them, {state}. what they paid for it, what we keep, what they get, & then pay id + rest on "
    "it. if it's a no say why + what is on the payment now",
    "For {order} I must write a figure into the form before the boxes arrive: {count} of "
    "{product}, {state}. Figures wanted are price paid net of discount, restocking fee, amount "
    "back and the balance of the payment after that (with payment id). No refund possible? Then "
    "the rule and the balance as it is.",
    "A customer wants a number, not a story. They'd return {count} of the {product} in {order}; "
    "condition: {state}. Mind discount, fee and whatever went back on this order before. Give me "
    "paid, kept, refunded, payment id, remainder; or the obstacle and the remainder.",
    "What is {count} of {product} worth to the buyer of {order} today, {state}? I'd like the sum "
    "with its parts: paid after discount, fee kept, refund, and the rest that could still be "
    "refunded on the payment, named by id. When the rules say no I'd like to know which one, and "
    "the present rest.",
    "Calculation please, no booking. Order {order}. Item {product}. Quantity back: {count}. State: "
    "{state}. Output: amount paid for these, restocking fee, amount to refund, payment, amount "
    "left on it; in case of a refusal the cause and the amount left.",
    "I told them 'roughly the price' and regret it already. It is {count} of the {product}, "
    "{state}, order {order}. Exact amounts, please: what they paid for it, our fee, the payout, "
    "plus what remains of the payment (id too) once it is paid out. Or the rule that makes it "
    "nothing, with what remains anyway.",
    "Could billing expect a refund on {order}? The talk is of {count} of {product}, {state}. They "
    "want to see the payment id, how much of it would remain, the refund itself, the fee and the "
    "discounted price it comes from. If none is due, then why, and how much remains now.",
    "{product}, {count}, from {order}, {state}: does money go back, and how much exactly? Break it "
    "down into price after discount, fee and refund, and finish with the payment and its balance "
    "after the refund. Should it be refused, name the ground and the unchanged balance.",
    "Refund preview for {order}, {count} of {product} ({state}): (a) paid, (b) fee, (c) back to "
    "customer, (d) payment id, (e) still on that payment after (c). For a no: ground, (d) and (e).",
)
_DETAILS = (
    "Something on that order may have been refunded before.",
    "Shipping is not part of the question.",
    "They pay for the way back themselves.",
    "I do not need dates.",
    "The catalogue price may have changed since.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    qty: int
    reason: str
    condition: str
    found: Ruling
    payment_id: str
    left_cents: int
    """What can be refunded on the payment after this."""
    has_earlier: bool
    """Whether something went back on the order before."""


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("refund-amount")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Lines of several items and orders with earlier refunds, granted and refused by turns."""
    found = [case for item in plain_items(company) for case in _cases_of(company, item)]
    rng.shuffle(found)
    found = once_each(found, lambda case: case.item.order.id)
    found.sort(key=lambda case: -(case.has_earlier + (case.item.line.qty > 1)))
    return balanced(found, _kind, lambda case: case.found.problem is None)


def _kind(case: _Case) -> tuple[object, ...]:
    found = case.found
    if found.problem is not None:
        return found.problem, found.problem == "too_late" and case.reason
    return case.condition, found.fee_cents > 0


def _cases_of(company: Company, item: Item) -> Iterator[_Case]:
    refunds = company.refunds_of(item.order.id)
    has_earlier = any(refund.product_id for refund in refunds)
    is_open = any(refund.status == "requested" for refund in refunds)
    if item.arrived_on is None or is_open or not (item.line.qty > 1 or has_earlier):
        return
    payment = charged(company, item.order)
    on_it = payment.amount_cents - payment.refunded_cents
    for reason, condition in _STATES:
        for qty in range(1, item.line.qty + 1):
            found = ruling(company, item.order, item.line, reason, condition, qty)
            left = item.line.qty - qty_back(company, item.order.id, item.product.id)
            rest = on_it - (0 if found.problem else found.amount_cents)
            is_told_apart = rest not in (found.paid_cents, found.amount_cents)
            if len(found.problems) > 1 or 0 < left < qty or not is_told_apart:
                continue
            yield _Case(
                item=item,
                qty=qty,
                reason=reason,
                condition=condition,
                found=found,
                payment_id=payment.id,
                left_cents=rest,
                has_earlier=has_earlier,
            )


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    session = desk.session()
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    return Draft(
        title=f"Amount for {case.qty} of {item.product.name} in {item.order.id}",
        keys=(item.order.id,),
        slots={
            "order": item.order.id,
            "product": item.product.name,
            "count": f"{case.qty} of {item.line.qty}",
            "state": _STATES[(case.reason, case.condition)],
        },
        calls=session.calls,
        response=_response(case, rng),
        criteria=_criteria(case),
        requester=requester(asked_by(desk.model, rng, "support", "returns", "billing")),
    )


def _response(case: _Case, rng: Random) -> str:
    found, left = case.found, money(case.left_cents)
    if found.problem is not None:
        why = _reason_of(case)
        return f"This cannot come back. The reason: {why}. {left} stays on {case.payment_id}."
    paid, amount, fee = (
        money(cents) for cents in (found.paid_cents, found.amount_cents, found.fee_cents)
    )
    if not found.fee_cents:
        return (
            f"The {paid} that was paid for this after the discount goes back. There is no "
            f"restocking fee. {left} is then left on {case.payment_id}."
        )
    return rng.choice(
        (
            f"{amount} goes back. The customer paid {paid} for this after the discount. The "
            f"restocking fee is {fee}. {left} is then left on {case.payment_id}.",
            f"{paid} was paid for this. A restocking fee of {fee} comes off. The refund is "
            f"{amount}. After that, {case.payment_id} has {left} left.",
        )
    )


def _reason_of(case: _Case) -> str:
    if case.found.problem == "too_late" and case.reason == "defective":
        return f"the {case.found.window_days} days for a refund of defects are over"
    return reason_of(case.found, case.item.product)


def _criteria(case: _Case) -> tuple[Criterion, ...]:
    found = case.found
    balance = (
        says_any("payment", f"Names the payment: {case.payment_id}.", case.payment_id),
        says_amount("left", "what is left on the payment", case.left_cents),
        changes_nothing(),
    )
    if found.problem is not None:
        return (
            says_refused("Says that nothing goes back."),
            says_reason(REASON_TEXTS[found.problem], REASONS[found.problem]),
            *says_window(found),
            *balance,
        )
    return (
        says_amount("refund", "what goes back", found.amount_cents),
        says_amount("paid", "what was paid for the items", found.paid_cents),
        says_fee(found.fee_cents),
        *balance,
    )


REFUND_AMOUNT: Scenario[Company] = Scenario(
    name="refund-amount",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=RETURNS_DESK,
    intent="Name to the cent what {count} of the {product} from {order} brings back, after "
    "discount, fee and earlier refunds.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
