"""The scenario `order-status`: which order is meant, and how does it stand?"""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import changes_nothing, is_short, says_amount, says_date
from world_builder.worlds.corecraft.company import Company, Order
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    is_only_name,
    iso_day,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.orders.finding import (
    Hint,
    hints,
    known_as,
    opened,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    STATUS_WORDS,
    leaves_others,
    names_order,
    says_status,
)

_NUM = 18
_PHRASINGS = (
    "{who} wants to know how things stand with {which}. Which order is that, what is its status, "
    "on what day was it placed and what did it come to? Only this one, I don't need the rest of "
    "their history.",
    "Find {which} for me; the customer is {who}. Number, status, day it was placed, total. Leave "
    "their other orders out.",
    "{who}, {which}: order number? status? date placed? total? just that order.",
    "I have {who} on the phone about {which} and was too slow to find it. Tell me its id, where it "
    "stands at the moment, when it was ordered and the amount. Nothing about further orders of "
    "theirs, that only confuses me.",
    "Could you look something up? A customer, {who}, mentions {which} but gives no number. I'd "
    "need that number plus the day of ordering, the sum and the present status, for that single "
    "order.",
    "voicemail: 'hello, this is about {which}, is it coming or what.' caller was {who}. id + "
    "status + placed on + total of that one order, so i can call back.",
    "What has become of {which}? Customer: {who}. One order is meant, so one order in the answer, "
    "with its number, current status, date and total.",
    "For my call-back list I have '{who} / {which}' and four empty columns: order id, status, day "
    "placed, total. Please fill them for this order and no other.",
    "Somebody wrote to us without an order number, {who}, and refers to {which}. Identify it and "
    "give me the basics in two sentences: number, day placed, amount, and how it stands now. What "
    "else they bought is not the question.",
    "One check before lunch: {which}, bought by {who}. I have to read out the number, the total, "
    "when it was placed and what state it is in. That order only.",
)
_DETAILS = (
    "They only remember that much.",
    "It may be an old one.",
    "They were friendly about it.",
    "I'm in the wrong system, otherwise I'd look myself.",
    "No need to write to them, I'll call.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("order-status")
    for order, hint in _cases(desk.model, rng):
        yield _draft(desk, order, hint, rng)


def _cases(company: Company, rng: Random) -> list[tuple[Order, Hint]]:
    """Two orders on one day, and names that occur twice, first; all statuses and hints."""
    orders = [o for o in company.orders if len(company.orders_of(o.customer_id)) > 1]
    rng.shuffle(orders)
    found = [(o, h) for o in orders for h in hints(company, o, rng).values() if h.kind != "total"]
    found.sort(key=lambda case: case[1].kind != "twin" and _is_plain(company, case[0]))
    turns = by_turns(found, lambda case: (case[1].kind, case[0].status))
    return once_each(turns, lambda case: case[0].customer_id)


def _is_plain(company: Company, order: Order) -> bool:
    return is_only_name(company, company.customer(order.customer_id))


def _draft(desk: Desk[Company], order: Order, hint: Hint, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(order.customer_id)
    session = desk.session()
    opened(session, customer, order)
    who = known_as(company, customer, rng)
    return Draft(
        title=f"How does {hint.text} stand?",
        keys=(order.customer_id,),
        slots={"who": who, "which": hint.text},
        calls=session.calls,
        response=_answer(order, rng),
        criteria=(
            names_order(order),
            says_status(order),
            says_date("placed", "the day on which it was placed", iso_day(order.placed_at)),
            says_amount("total", "the total", order.total_cents),
            *leaves_others(company, order),
            is_short(90),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "warehouse", "billing")),
    )


def _answer(order: Order, rng: Random) -> str:
    day, total = spoken_day(order.placed_at), money(order.total_cents)
    status = STATUS_WORDS[order.status]
    forms = (
        f"That is {order.id}, which {status}. It was placed on {day} and comes to {total}.",
        f"The order is {order.id}. Placed on {day}, total {total}. It {status}.",
        f"{order.id} {status}. It dates from {iso_day(order.placed_at)}; its total is {total}.",
    )
    return rng.choice(forms)


ORDER_STATUS: Scenario[Company] = Scenario(
    name="order-status",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="Know which order of {who} is meant by {which}, and how it stands, without mixing it "
    "up with another.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
