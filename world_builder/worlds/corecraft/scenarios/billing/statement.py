"""The scenario `company-statement`: what a firm ordered in a period, and what went back."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_table,
    leaves_out,
    pairs,
    says_amount,
    says_how_many,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Customer, Order
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.rules import TIME_ZONE
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    requester,
    spoken_day,
)

_PERIODS = (
    (date(2025, 7, 1), date(2025, 9, 14)),
    (date(2025, 1, 1), date(2025, 9, 14)),
    (date(2024, 7, 1), date(2025, 6, 30)),
    (date(2025, 4, 1), date(2025, 8, 31)),
    (date(2024, 1, 1), date(2024, 12, 31)),
)
_PHRASINGS = (
    "Statement for {firm}: all orders from {first} to {last} (both included) that were not "
    "cancelled, as a table of id and total; their number, their sum, the refunds approved or "
    "processed on them, and what remains.",
    "{firm}, {first} - {last}, table: order id | total. no cancelled ones. under it count, sum, "
    "refunded (approved/processed only), net",
    "The bookkeeper of {firm} needs figures for {first} through {last}. Orders with totals in a "
    "table, without cancelled ones; then how many, how much, what went back on them (approved and "
    "processed refunds) and the difference.",
    "Please draw up what {firm} bought between {first} and {last}, first and last day included. A "
    "table (order, total), and after that the count, the sum, the refunds on those orders and the "
    "net. Cancelled orders and undecided refunds stay out.",
    "For {firm} I have to confirm the turnover of {first} to {last}. Tabulate the orders, skip the "
    "cancelled, add up, subtract refunds that are approved or processed, and give me all four "
    "figures: number, gross, refunds, net.",
    "turnover of {firm} pls, orders placed {first} up to and incl {last}. table w/ id + total. "
    "number, sum, minus refunds (approved or processed) = net",
    "How much business did {firm} do with us from {first} until {last}? I want to see the single "
    "orders (table with totals, no cancelled ones), how many they are, the sum, the refunds given "
    "on them and what is left.",
    "Year-end letters: {firm}. Period {first} to {last}. Orders by id with totals in a table; "
    "count and sum; refunds on those orders, approved or processed; net amount.",
    "{firm} disputes our statement. Rebuild it: orders of {first} through {last} that stand, in a "
    "table with totals; their number and sum; refunds (approved, processed) on exactly those; "
    "balance.",
)
_DETAILS = (
    "The day of ordering decides, not the delivery.",
    "Their own bookkeeping is a mess.",
    "No names, just the numbers.",
    "I attach it to a letter.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("company-statement")
    company = desk.model
    firms = [c for c in company.customers if c.company and company.orders_of(c.id)]
    rng.shuffle(firms)
    for rank in range(2):
        for customer in firms:
            best = sorted(_PERIODS, key=lambda p: -len(_placed(company, customer, *p)))[rank]
            if len(_standing(company, customer, *best)) >= 2:
                yield _draft(desk, customer, *best, rng)


def _placed(company: Company, customer: Customer, first: date, last: date) -> list[Order]:
    start = datetime(first.year, first.month, first.day, tzinfo=TIME_ZONE)
    return [
        order
        for order in company.orders_of(customer.id)
        if order.placed_at >= start and order.placed_at.date() <= last
    ]


def _standing(company: Company, customer: Customer, first: date, last: date) -> list[Order]:
    return [o for o in _placed(company, customer, first, last) if o.status != "cancelled"]


def _draft(desk: Desk[Company], customer: Customer, first: date, last: date, rng: Random) -> Draft:
    company, firm = desk.model, str(customer.company)
    orders = _standing(company, customer, first, last)
    others = [o.id for o in company.orders_of(customer.id) if o not in orders]
    gross = sum(order.total_cents for order in orders)
    back = sum(
        refund.amount_cents
        for order in orders
        for refund in company.refunds_of(order.id)
        if refund.status in ("approved", "processed")
    )
    session = desk.session()
    session.call("search_customers", text=firm)
    session.call(
        "search_orders", customer_id=customer.id, placed_after=first.isoformat(),
        placed_before=(last + timedelta(days=1)).isoformat(), limit=50,
    )  # fmt: skip
    session.call("search_refunds", customer_id=customer.id, limit=50)
    rows = [f"| {order.id} | {money(order.total_cents)} |" for order in orders]
    table = "\n".join(("| order | total |", "| --- | --- |", *rows))
    return Draft(
        title=f"Statement for {firm}",
        keys=(customer.id,),
        slots={"firm": firm, "first": spoken_day(first), "last": spoken_day(last)},
        calls=session.calls,
        response=f"{table}\n\n{counted(len(orders), 'order')}, sum {money(gross)}. Refunds on them "
        f"come to {money(back)}, so the net is {money(gross - back)}.",
        criteria=(
            is_table(),
            *(pairs(f"row-{i}", f"Lists {o.id} with {money(o.total_cents)}.", o.id,
                    money(o.total_cents)) for i, o in enumerate(orders, 1)),
            *((leaves_out("only-these", "Lists no other order of the firm.", *others),)
              if others else ()),
            says_how_many("count", f"Says that there are {len(orders)}.", len(orders), "order"),
            says_amount("gross", "the sum of the orders", gross),
            says_amount("refunds", "what went back", back),
            says_matching("net", f"States what remains: {money(gross - back)}.",
                          _remains(gross - back)),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "billing")),
    )  # fmt: skip


def _remains(cents: int) -> str:
    """What remains is named as such, or stands last."""
    amount = money(cents).replace("$", r"\$").replace(".", r"\.").replace(",", ",?")
    name = r"\b(?:net|remain\w*|balance|left|difference|after refunds)\b"
    return rf"{name}[^\n.]{{0,40}}?{amount}(?!\d)|{amount}(?!\d)[^\n.]{{0,30}}{name}"


COMPANY_STATEMENT: Scenario[Company] = Scenario(
    name="company-statement",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=BACK_OFFICE,
    intent="Tell {firm} what its orders from {first} to {last} came to after refunds.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=12,
    is_unseen=True,
)
