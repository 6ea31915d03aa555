"""The scenario `customer-spend`: what a customer's orders of a period come to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    changes_nothing,
    says_amount,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Customer, Order
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.reckoning.order_history import placed_between
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    is_only_name,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.orders.finding import found_orders, known_as
from world_builder.worlds.corecraft.scenarios.orders.wording import says_how_many

_NUM = 18
_DAY = timedelta(days=1)
_PHRASINGS = (
    "What did {who} spend with us on orders placed {period}? Cancelled ones don't count. I need "
    "the sum of the order totals, the number of orders, and the largest of them with number and "
    "total.",
    "Orders of {who} placed {period}, without cancelled ones: how many, what do they come to "
    "together, and which one is the largest (id, total)?",
    "{who} claims to be one of our best customers. Please add up the totals of everything ordered "
    "{period} and not cancelled, say how many orders that is, and name the biggest with its "
    "amount.",
    "sum of totals + count + biggest order for {who}, placed {period}. leave out whatever was "
    "cancelled. for the biggest i need order no. and total.",
    "For the bonus list I'm missing one line. Customer: {who}. Time: orders placed {period}. Three "
    "entries: number of orders that were not cancelled, their totals added up, the largest order "
    "with its total.",
    "Would you reckon up {who} for me? Count every order placed {period}, unless it was cancelled, "
    "and give me the overall amount (shipping and fees are part of it, so order totals), the "
    "number of orders and the single largest one.",
    "A question from accounting that sounds easy and isn't: how much came in through {who}, going "
    "by orders placed {period}? By order totals, before refunds, cancelled orders out. Please add "
    "how many orders and which was the largest, with its total.",
    "Take the order history of {who}, keep what was placed {period}, throw out the cancelled, then "
    "tell me: total of all, how many, top order by total (number and amount).",
    "I owe {who} a letter that begins 'you have placed so many orders worth so much, the largest "
    "being ...'. It is about orders placed {period} that weren't cancelled, by their totals. Only "
    "the facts, I'll write the letter.",
    "Is it true that {who} buys less lately? Start with orders placed {period}, not counting "
    "cancelled ones. How many, what do their totals add up to, and the largest with number and "
    "total, please.",
)
_DETAILS = (
    "Refunds play no part in this.",
    "The time of day does not matter, only the day does.",
    "I tried it by hand and got two different sums.",
    "It is for an internal list, nobody outside sees it.",
    "A rough figure won't do.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days with a way to say them; None leaves an end open."""

    kind: str
    text: str
    first: date | None
    last: date | None


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("customer-spend")
    for customer, period, orders in _cases(desk.model, rng):
        yield _draft(desk, customer, period, orders, rng)


def _cases(company: Company, rng: Random) -> list[tuple[Customer, Period, list[Order]]]:
    """Periods that begin or end on the day of an order or right beside one, by turns."""
    found = []
    for customer in company.customers:
        history = company.orders_of(customer.id)
        if len(history) < 3:
            continue
        for period in _periods(history):
            kept = placed_between(company, customer.id, period.first, period.last)
            totals = sorted(order.total_cents for order in kept)
            if 2 <= len(kept) < len(history) and totals[-1] > totals[-2]:
                found.append((customer, period, kept))
    rng.shuffle(found)
    found.sort(key=lambda case: -_tightness(company, case))
    turns = by_turns(found, lambda case: (min(len(case[2]), 5), case[1].kind))
    return once_each(turns, lambda case: case[0].id)


def _periods(history: list[Order]) -> Iterator[Period]:
    days = sorted({order.placed_at.date() for order in history})
    for i, first in enumerate(days):
        yield Period(
            kind="since",
            text=f"from {spoken_day(first)} on (that day included)",
            first=first,
            last=None,
        )
        yield Period(
            kind="until",
            text=f"up to and including {spoken_day(first)}",
            first=None,
            last=first,
        )
        yield Period(
            kind="before",
            text=f"before {spoken_day(first)} (that day not included)",
            first=None,
            last=first - _DAY,
        )
        for last in days[i + 1 :]:
            yield Period(
                kind="both",
                text=f"from {spoken_day(first)} to {spoken_day(last)} (both days included)",
                first=first,
                last=last,
            )
            yield Period(
                kind="between",
                text=f"after {spoken_day(first)} and before {spoken_day(last)} (neither "
                "day included)",
                first=first + _DAY,
                last=last - _DAY,
            )


def _tightness(company: Company, case: tuple[Customer, Period, list[Order]]) -> int:
    """How easily the case goes wrong: cancelled orders inside, orders just outside, late hours,
    a name that occurs twice.
    """
    customer, period, kept = case
    inside = {order.id for order in kept}
    score = 0 if is_only_name(company, customer) else 6
    for order in company.orders_of(customer.id):
        day = order.placed_at.date()
        is_edge = day in (period.first, period.last)
        if order.id in inside:
            score += is_edge and order.placed_at.hour >= 17
        elif _holds(period, day):
            score += 4
        else:
            gaps = [abs((day - end).days) for end in (period.first, period.last) if end]
            score += 3 if min(gaps) <= 1 else min(gaps) <= 5
    return score


def _holds(period: Period, day: date) -> bool:
    return (period.first is None or day >= period.first) and (
        period.last is None or day <= period.last
    )


def _draft(
    desk: Desk[Company], customer: Customer, period: Period, orders: list[Order], rng: Random
) -> Draft:
    company = desk.model
    session = desk.session()
    found_orders(session, customer, *orders)
    largest = max(orders, key=lambda order: order.total_cents)
    session.call("get_order", id=largest.id)
    total = sum(order.total_cents for order in orders)
    return Draft(
        title=f"What the orders of {customer.name} placed {period.text} come to",
        keys=(customer.id,),
        slots={"who": known_as(company, customer, rng), "period": period.text},
        calls=session.calls,
        response=_answer(orders, largest, total, rng),
        criteria=(
            says_amount("sum", "what the orders come to", total),
            says_how_many("count", "how many orders", len(orders), "orders?"),
            _names_largest(largest),
            says_amount("largest-total", "the total of the largest order", largest.total_cents),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "billing", "product")),
    )


def _names_largest(order: Order) -> Criterion:
    word = r"\b(?:largest|biggest|highest|dearest|top|most expensive)\b"
    gap = r"(?:(?![.!?]\s|\n\s*\n|\n\s*[-*•\d|]|ord-)[\s\S]){0,100}?"
    pattern = rf"{word}{gap}{order.id}(?!\d)|{order.id}(?!\d){gap}{word}"
    return says_matching("largest", f"Says that {order.id} is the largest.", pattern, CORRECTNESS)


def _answer(orders: list[Order], largest: Order, total: int, rng: Random) -> str:
    num, top = counted(len(orders), "order"), money(largest.total_cents)
    forms = (
        f"They come to {money(total)}. That is {num}. The largest is {largest.id}, which came to "
        f"{top}.",
        f"Not counting cancelled ones there are {num}. Together they make {money(total)}. The "
        f"largest order was {largest.id} with {top}.",
        f"Counting gives {num}. The sum of their totals is {money(total)}. {largest.id} is the "
        f"largest at {top}.",
    )
    return rng.choice(forms)


CUSTOMER_SPEND: Scenario[Company] = Scenario(
    name="customer-spend",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BACK_OFFICE,
    intent="Know what the orders of {who} placed {period} come to, with the borders of that time "
    "kept exactly and cancelled orders left out.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
