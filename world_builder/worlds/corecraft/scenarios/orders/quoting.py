"""The scenario `price-quote`: what some goods would cost a customer today."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import CORRECTNESS, changes_nothing, says_matching
from world_builder.worlds.corecraft.company import Company, Customer
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_prices import Items, Quote, quoted
from world_builder.worlds.corecraft.rules import SHIPPING_SERVICES
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import asked_by, is_only_name, requester
from world_builder.worlds.corecraft.scenarios.orders.finding import known_as
from world_builder.worlds.corecraft.scenarios.orders.items import (
    baskets,
    in_words,
    kind_of,
    price,
    small_baskets,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    SHIPPING,
    TOTAL,
    says_labelled,
)

_NUM = 18
_GOODS = r"(?:goods|items?|products?|parts?|merchandise|subtotal|list price)"
_PHRASINGS = (
    "{who} asks what we'd want for {items}, shipped {service}. Goods before discount, loyalty "
    "discount, shipping, total, and the tier you reckoned with, please.",
    "Price this for {who}: {items}. Service: {service}. I need the four figures (goods at list "
    "price, discount, shipping, total) and the customer's tier.",
    "what would {who} pay today for {items} with {service} shipping? list prices summed up, minus "
    "discount, plus shipping = total. which tier did you use?",
    "I have a customer on the line, {who}, who wants to hear a price before ordering: {items}, to "
    "be sent {service}. Tell me the sum of the goods, what comes off for the loyalty tier (and "
    "which tier that is), the shipping and what is to be paid in the end. Don't order anything.",
    "Please work out an offer. For: {who}. Goods: {items}. Shipping service: {service}. In the "
    "answer: tier, value of the goods, discount in dollars, shipping in dollars, final amount.",
    "Somebody at the front desk told {who} a price that can't be right. What are {items} really, "
    "by the rules, if they go out {service}? Goods, then the discount, then the shipping, then the "
    "total; say the tier, too.",
    "{items}: total for {who}, {service}? With its parts, so that I can explain it: goods, tier "
    "discount, shipping. And name the tier.",
    "Could you do the sums for me, my calculator and I disagree. The customer is {who} and would "
    "take {items}; the parcel should go {service}. I'd like to see the goods without any "
    "reduction, the loyalty reduction, the freight, the grand total and the level the customer is "
    "on.",
    "Nothing is ordered yet. {who} is only comparing shops, ours would be {items} by {service} "
    "shipping. Make me a small price list: tier, goods, discount, shipping, total.",
    "From a chat: 'how much all in all if I take {items} and you send it {service}?' That was "
    "{who}. Answer me, not the customer: goods before discount, the discount with its tier, "
    "shipping, total.",
)
_DETAILS = (
    "An older price list says otherwise, ignore it.",
    "No assembly, only the parts.",
    "They don't have a voucher or anything like that.",
    "The customer decides today.",
    "They'd pay by card.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Goods for a customer, and the service that brings them."""

    customer: Customer
    items: Items
    service: str


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("price-quote")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Every tier with every service by turns; goods close to free shipping first."""
    customers = list(company.customers)
    rng.shuffle(customers)
    customers.sort(key=lambda customer: is_only_name(company, customer))
    goods = [*small_baskets(company, rng, 12), *islice(baskets(company, rng), 60)]
    cases = []
    for i, customer in enumerate(customers):
        items = goods[i % len(goods)]
        is_close = i % len(goods) < 12
        service = "standard" if is_close else rng.choice(SHIPPING_SERVICES)
        cases.append(Case(customer=customer, items=items, service=service))
    turns = by_turns(cases, lambda c: (c.customer.loyalty_tier, c.service, kind_of(c.items)))
    turns = once_each(turns, lambda case: in_words(case.items))
    return by_turns(turns, lambda case: (case.customer.loyalty_tier, case.service))


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, customer = desk.model, case.customer
    quote = quoted(customer, case.items, case.service)
    session = desk.session()
    price(session, customer, case.items, case.service, quote)
    return Draft(
        title=f"A price for {in_words(case.items)}",
        keys=(customer.id,),
        slots={
            "who": known_as(company, customer, rng),
            "items": in_words(case.items),
            "service": case.service,
        },
        calls=session.calls,
        response=_answer(quote, customer.loyalty_tier, rng),
        criteria=(
            _says_tier(customer.loyalty_tier),
            says_labelled("goods", "the goods before discount", _GOODS, quote.goods_cents),
            says_labelled("discount", "the discount", "discount", quote.discount_cents),
            says_labelled("shipping", "the shipping", SHIPPING, quote.shipping_cents),
            says_labelled("total", "the total", TOTAL, quote.total_cents),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "product", "billing")),
    )


def _says_tier(tier: str) -> Criterion:
    word = r"(?:tier|member\w*|level|status|loyalty|discount|customer)"
    pattern = rf"\b{tier}\b[^.\n]{{0,24}}\b{word}\b|\b{word}\b[^.\n]{{0,24}}\b{tier}\b"
    return says_matching("tier", f"Names the tier: {tier}.", pattern, CORRECTNESS)


def _answer(quote: Quote, tier: str, rng: Random) -> str:
    goods, off = money(quote.goods_cents), money(quote.discount_cents)
    shipping, total = money(quote.shipping_cents), money(quote.total_cents)
    forms = (
        f"The tier is {tier}. The goods are {goods}, the discount is {off}. With shipping of "
        f"{shipping} the total is {total}.",
        f"Goods {goods}. Discount {off}, by the {tier} tier. Shipping {shipping}. Total {total}.",
        f"In total it is {total}. The goods are {goods}. The customer is on the {tier} tier, so "
        f"the discount is {off}. Shipping adds {shipping}.",
    )
    return rng.choice(forms)


PRICE_QUOTE: Scenario[Company] = Scenario(
    name="price-quote",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="Know what {items} would cost {who} today, sent {service}, with every part of the "
    "price.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
