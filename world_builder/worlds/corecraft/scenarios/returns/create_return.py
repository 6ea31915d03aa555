"""The scenario `create-return`: book the refund of an unopened item, if the rules allow it."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import says_any
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
from world_builder.worlds.corecraft.scenarios.returns.calls import look_up
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    Item,
    balanced,
    days_to_edge,
    plain_items,
    shared_names,
    told_by_name,
)

_NUM = 18
_NEAR_DAYS = 4

_PHRASINGS = (
    "{customer} sends back the {product}, unopened, no fault, just not needed. If the rules let "
    "us, please book the refund in my name, to the payment it came from, and tell me the order, "
    "the refund id and the amount. If they don't, book nothing; then I need the order, the rule "
    "and the day it was delivered.",
    "Return to book: {product}, customer {customer}, sealed box, change of mind, money back the "
    "way they paid. Report order + refund id + amount. Not allowed? Leave it, and report order, "
    "delivery day and the rule.",
    "pls refund {customer} for the {product} if its still ok to return, it was never opened and "
    "they just dont want it. original payment. i want order no, refund no and sum. if its not ok "
    "touch nothing and say which rule + when it was delivered + order no",
    "There is an unopened {product} on my counter that {customer} has no use for. Would you see "
    "whether it may come back and, if yes, do the refund for me on the original payment? Order "
    "number, refund number and amount for the label, please. If no: hands off, just the order, "
    "the reason and the day of delivery.",
    "Refund request, change of mind, item never unwrapped. Buyer: {customer}. Product: {product}. "
    "Check it against the rules first. Pass: create the refund under my name (same payment) and "
    "give me id, order, amount. Fail: no changes; give me order, delivery date, rule.",
    "'Could I still return it? I haven't even opened the box', asks {customer}, meaning the "
    "{product}. You decide by the rules. Yes means that you book it right away for me, back to the "
    "way of payment, and send me order, refund id and amount. No means that nothing happens and I "
    "get the order, the day they received it and what stands in the way.",
    "I have {customer} waiting. They regret the {product}; unused, unopened. Take care of all of "
    "it if it can be done: refund to the original payment with me as the one who approves. What "
    "I read out to them is order number, refund number, dollars - or order number, delivery date "
    "and the rule, with nothing booked.",
    "Take back the {product} of {customer}? Condition: as new, seal intact; they changed their "
    "mind. Where permitted, enter the refund (I approve, it goes where the money came from), then "
    "tell me its id, the amount and which order. Where not, leave the books alone and name order, "
    "rule, delivery.",
    "{customer} / {product} / unopened / regret. Book it or block it, by the book. Booked: refund "
    "id, order, amount, to the card or whatever they used. Blocked: order, delivered on, because "
    "of. I'm the approver.",
    "Somebody called {customer} left the {product} at the reception, still in its wrap, with a "
    "note saying 'not for me'. Please work out which order it is from and whether we owe a refund. "
    "If so, create it on the original payment, approved by me, and give me both ids and the sum. "
    "If not, tell me order, delivery day and the rule, and change nothing.",
    "We need a decision and, where it is positive, a booking for {customer}: unopened {product}, "
    "unwanted. My approval, original payment. Answer with the order plus either refund id and "
    "amount or delivery date and obstacle. In the second case the system stays as it is.",
)
_DETAILS = (
    "They have no ticket open for it that I know of.",
    "They asked for no store credit.",
    "Somebody told them it would be fine, I was not there.",
    "I have no order number, they threw the slip away.",
    "Their tier may matter, I did not look.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    found: Ruling


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("create-return")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Granted and refused by turns; names that occur twice and windows near their edge first."""
    shared = shared_names(company)
    cases = [
        _Case(item=item, found=found)
        for item in told_by_name(company, plain_items(company))
        if item.line.qty == 1
        and item.arrived_on is not None
        and len((found := _ruling(company, item)).problems) < 2
    ]
    rng.shuffle(cases)
    cases = once_each(cases, lambda case: case.item.order.id)
    cases.sort(
        key=lambda case: (
            case.item.customer.name not in shared and days_to_edge(company, case.found) > _NEAR_DAYS
        )
    )
    return balanced(cases, _kind, lambda case: case.found.problem is None)


def _ruling(company: Company, item: Item) -> Ruling:
    return ruling(company, item.order, item.line, "changed_mind", "unopened")


def _kind(case: _Case) -> str:
    return case.found.problem or case.item.tier


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    asker = asker_for(desk.model, rng, case.found.amount_cents)
    session = desk.session()
    look_up(session, item)
    response, criteria = _act(desk.model, session, case, asker, rng)
    return Draft(
        title=f"Take back the {item.product.name} of {item.customer.name}",
        keys=(item.order.id, item.customer.id),
        slots={"customer": item.customer.name, "product": item.product.name},
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
        condition="unopened",
        amount_cents=found.amount_cents,
    )
    refund_id = book(session, booking)
    named = says_any("order", f"Names the order: {item.order.id}.", item.order.id)
    return (
        _booked(refund_id, item.order.id, found.amount_cents, rng),
        (*booked_criteria(company, booking, refund_id), named),
    )


def _booked(refund_id: str, order_id: str, cents: int, rng: Random) -> str:
    amount = money(cents)
    return rng.choice(
        (
            f"Booked: {refund_id} for {order_id}. {amount} goes back to the original payment.",
            f"The refund {refund_id} of {amount} for {order_id} is approved.",
        )
    )


CREATE_RETURN: Scenario[Company] = Scenario(
    name="create-return",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=RETURNS_DESK,
    intent="Have the refund for the unopened {product} of {customer} booked, or know the rule that "
    "forbids it.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
