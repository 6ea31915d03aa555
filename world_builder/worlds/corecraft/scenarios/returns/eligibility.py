"""The scenario `return-eligibility`: may an item come back by a change of mind, for how much?"""

from collections.abc import Iterator
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import changes_nothing, says_any
from world_builder.worlds.corecraft.company import Company, Line, Order
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import Ruling, ruling
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    balanced,
    days_to_edge,
    plain_items,
)
from world_builder.worlds.corecraft.scenarios.returns.wording import ruling_criteria, ruling_text

_CONDITIONS = ("unopened", "opened")
_NUM = 20
_WORDS = {"unopened": "never opened", "opened": "opened, all there"}

_PHRASINGS = (
    "The buyer of {order} changed their mind about the {product} ({state}). Can it come back? I "
    "need yes or no, the day it arrived, the last day of the window, what we'd pay back and the "
    "fee, or else the rule that is in the way.",
    "May I take back one {product} from {order}? Nothing wrong with it, simply not wanted any "
    "more, {state}. Tell me arrival date, deadline, refund and restocking fee, or why not.",
    "{order} / {product} / {state} / regret. Returnable? If so until when, how much back, any fee? "
    "If not, because of what? Arrival day either way.",
    "someone on the phone would like to send back the {product} out of {order}. just doesn't want "
    "it, box is {state}. yes/no + delivered when + last day + amount + fee pls, or the reason",
    "Check one for me before I promise anything: {product}, part of {order}, {state}, customer "
    "prefers the money. Decision, day of delivery, end of the return period, sum and what we keep.",
    "A change-of-mind case. Order {order}, item {product}, condition: {state}. I want the decision "
    "first, then when it got there, how long they have, the refund and whether there is a fee; for "
    "a no, the rule.",
    "What do I tell the customer of {order}? They'd rather not keep the {product} ({state}). Is "
    "the window still open, when did the parcel come, when does it close, what do they get, what "
    "does it cost them? And if it's a no: why?",
    "Please don't book anything yet. I only want to know if the {product} in {order} qualifies for "
    "a return without a defect, {state}: when delivered, until which day, amount and fee, or what "
    "speaks against it.",
    "Customer wrote a long mail, short version: bought the {product} with {order}, regrets it, "
    "it's {state}. Our answer? With the delivery day and, if we say yes, the final day, the amount "
    "and the restocking part.",
    "Would {order} allow a return of the {product}? State: {state}. No fault, pure regret. Give me "
    "the verdict, the arrival, the cut-off, the payout, the fee. Or the obstacle.",
)
_DETAILS = (
    "They sounded friendly about it.",
    "It is their first return with us, I think.",
    "A colleague said 14 days from ordering, which I doubt.",
    "They ask for the answer today.",
    "I have not opened the order myself yet.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("return-eligibility")
    for order, line, condition, found in _cases(desk.model, rng):
        yield _draft(desk, order, line, condition, found, rng)


def _cases(company: Company, rng: Random) -> list[tuple[Order, Line, str, Ruling]]:
    """Granted and refused by turns, windows near their edge first, one rule in the way at most."""
    found = []
    for item in plain_items(company):
        condition = rng.choice(_CONDITIONS)
        decided = ruling(company, item.order, item.line, "changed_mind", condition)
        if item.line.qty == 1 and item.arrived_on is not None and len(decided.problems) < 2:
            found.append((item.order, item.line, condition, decided))
    rng.shuffle(found)
    found.sort(key=lambda case: days_to_edge(company, case[3]))
    return balanced(
        found,
        lambda case: (case[3].problem or "", not case[3].problem and case[3].fee_cents > 0),
        lambda case: case[3].problem is None,
    )


def _draft(
    desk: Desk[Company], order: Order, line: Line, condition: str, found: Ruling, rng: Random
) -> Draft:
    company = desk.model
    product = company.product(line.product_id)
    asker = asked_by(company, rng, "support", "returns")
    session = desk.session()
    session.call("get_order", id=order.id)
    session.call("search_products", id=product.id)
    return Draft(
        title=f"May the {product.name} of {order.id} come back?",
        keys=(order.id,),
        slots={"order": order.id, "product": product.name, "state": _WORDS[condition]},
        calls=session.calls,
        response=f"{ruling_text(found, product)} The order is {order.id}.",
        criteria=(
            *ruling_criteria(found, product),
            says_any("product", f"Names the {product.name}.", product.name, product.id),
            says_any("order", f"Names the order: {order.id}.", order.id),
            changes_nothing(),
        ),
        requester=requester(asker),
    )


RETURN_ELIGIBILITY: Scenario[Company] = Scenario(
    name="return-eligibility",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=RETURNS_DESK,
    intent="Know, before anything is promised, whether the {product} of {order} may come back by "
    "a change of mind, and what the customer would get.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
