"""The scenario `opened-return`: book the refund of an opened item with its fee, or refuse it."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import Ruling, ruling
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import requester
from world_builder.worlds.corecraft.scenarios.returns.booking import (
    Booking,
    Outcome,
    asker_for,
    book,
    booked_criteria,
    refusal,
    refused_criteria,
)
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    Item,
    balanced,
    days_to_edge,
    plain_items,
)
from world_builder.worlds.corecraft.scenarios.returns.wording import DESTINATION_WORDS, says_fee

_NUM = 18
_NEAR_DAYS = 5
_WISHES = {
    "original_payment": "the money back the way they paid",
    "store_credit": "store credit instead of money",
}
"""By destination: how the request puts the customer's wish."""

_PHRASINGS = (
    "Opened return for {order}: the {product}, tried out once, complete, the customer changed "
    "their mind and wants {wish}. If the rules allow it, book the refund with me as approver and "
    "report refund id, amount and restocking fee. Otherwise change nothing and give me the rule, "
    "the order and the delivery day.",
    "{order}, {product}, box open, all parts there, not wanted any more, wishes {wish}. Book under "
    "my name if permitted -> refund id, amount, fee. If not -> no booking; order, rule, delivered "
    "when.",
    "the cust of {order} unpacked the {product} and doesnt like it (no defect). would like {wish}. "
    "pls check and if ok make the refund, i approve it. tell me rfd number, what they get, what we "
    "keep. not ok = leave it, say order, why, when delivered",
    "Please handle this one to the end. A {product} from {order} came back opened; it works, they "
    "simply prefer something else and asked for {wish}. Where our rules permit it I want the "
    "refund created (approver: me) and its number, sum and fee. Where they forbid it I want to "
    "read order, delivery date and the rule, and see no change.",
    "What would you do with an unsealed {product}, order {order}, change of mind, {wish} desired? "
    "Do it: refund in my name, then id, amount and fee to me. Unless a rule speaks against it; "
    "then do nothing and tell me order, day of arrival and the rule.",
    "I promised the buyer of {order} an answer in ten minutes. They opened the {product}, put it "
    "back in the box and hope for {wish}. Refund it with my approval if that is allowed, with the "
    "right fee, and send me the refund's id, the payout and the fee. Should it be against the "
    "rules, keep the records as they are and name the order, the rule and when it got there.",
    "Return by regret, opened: {product} of {order}. Customer's wish: {wish}. Required: a correct "
    "booking with me as approver, or a reasoned no without any booking. For the booking: id, "
    "amount, fee. For the no: order, delivery day, ground.",
    "'Unboxed it, not my thing, could I have {wish}?' That's about the {product} in {order}. "
    "Decide. A yes is to be booked now (approved by me), and I'd like to hear the refund id, how "
    "much and which fee. A no stays unbooked, and I'd like to hear order, delivery date, reason.",
    "On {order} there is a {product} which the customer has used for an evening and now returns "
    "for {wish}; nothing is broken. Mind the fee and the exceptions. Book and tell me id, payout, "
    "fee, or refuse and tell me the order, the exception or deadline, and the delivery day. I "
    "approve whatever the rules approve.",
    "Opened box on my desk: {product}. Slip says {order}. Change of mind, asks for {wish}. Create "
    "the refund for me if it may be done and write down number, amount, restocking fee; if it may "
    "not, write down order, rule and date of delivery, nothing else happens.",
    "Could you finish the paperwork for {order}? The {product} was opened and is not wanted; they "
    "chose {wish}. I need either a refund that I approve, with its id, its amount and the fee in "
    "your answer, or, if a rule is in the way, an untouched order plus order id, rule and arrival.",
)
_DETAILS = (
    "I think we keep ten percent, but look it up.",
    "The shipping label is on its way to them.",
    "Nothing is scratched.",
    "They were told that every opened item costs a fee.",
    "I do not know their tier.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    found: Ruling
    destination: str


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("opened-return")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Granted and refused by turns; with a fee, without one, as money and as store credit."""
    cases = []
    for item in plain_items(company):
        found = ruling(company, item.order, item.line, "changed_mind", "opened")
        if item.line.qty == 1 and item.arrived_on is not None and len(found.problems) < 2:
            where = rng.choice(tuple(_WISHES))
            cases.append(_Case(item=item, found=found, destination=where))
    rng.shuffle(cases)
    cases = once_each(cases, lambda case: case.item.order.id)
    cases.sort(key=lambda case: days_to_edge(company, case.found) > _NEAR_DAYS)
    return balanced(cases, _kind, lambda case: case.found.problem is None)


def _kind(case: _Case) -> tuple[str, str]:
    problem = case.found.problem
    if problem is None:
        return str(case.found.fee_cents > 0), case.destination
    return problem, case.item.product.category if problem == "opened_part" else ""


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    asker = asker_for(desk.model, rng, case.found.amount_cents)
    session = desk.session()
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    response, criteria = _act(desk.model, session, case, asker, rng)
    return Draft(
        title=f"Opened {item.product.name} of {item.order.id}",
        keys=(item.order.id,),
        slots={
            "order": item.order.id,
            "product": item.product.name,
            "wish": _WISHES[case.destination],
        },
        calls=session.calls,
        response=response,
        criteria=criteria,
        requester=requester(asker),
    )


def _act(company: Company, session: Session, case: _Case, asker: Employee, rng: Random) -> Outcome:
    """Books or refuses."""
    item, found = case.item, case.found
    if found.problem is not None:
        return refusal(found, item), refused_criteria(found, item.order.id)
    booking = Booking(
        item=item,
        asker=asker,
        reason="changed_mind",
        condition="opened",
        amount_cents=found.amount_cents,
        fee_cents=found.fee_cents,
        destination=case.destination,
    )
    refund_id = book(session, booking)
    criteria = (*booked_criteria(company, booking, refund_id), says_fee(found.fee_cents))
    return _booked(refund_id, case, rng), criteria


def _booked(refund_id: str, case: _Case, rng: Random) -> str:
    amount, where = money(case.found.amount_cents), DESTINATION_WORDS[case.destination]
    fee = (
        f"We keep a restocking fee of {money(case.found.fee_cents)}."
        if case.found.fee_cents
        else "There is no restocking fee."
    )
    return rng.choice(
        (
            f"The refund {refund_id} of {amount} is booked. {fee}",
            f"Booked as {refund_id}. {amount} goes {where}. {fee}",
        )
    )


OPENED_RETURN: Scenario[Company] = Scenario(
    name="opened-return",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=RETURNS_DESK,
    intent="Have the refund for the opened {product} of {order} booked with the right fee and to "
    "the right place, or know the rule that forbids it.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
