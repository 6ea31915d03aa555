"""The scenario `compare-parts`: a table of the parts on sale that meet some wishes."""

import re
from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_table,
    lists_in_order,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Product
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.replacements import on_sale, warned_of
from world_builder.worlds.corecraft.scenarios.builds.wishes import WISHES, Wish
from world_builder.worlds.corecraft.scenarios.builds.wording import an_asker
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import requester

_NUM = 18
_MIN_ROWS, _MAX_ROWS = 3, 6
_BOUNDS = (6000, 8000, 10000, 12000, 16000, 20000, 25000, 30000, 35000, 40000, 45000, 60000)
_PHRASINGS = (
    "Please make me a table of all {kind} that cost {bound} at most. Only what is active and in "
    "stock, cheapest first, with three columns: product, list price, {spec}.",
    "I need a comparison for a customer: {kind}, up to {bound}, on sale and on the shelf today. As "
    "a table sorted by price going up; name, price and {spec} are enough.",
    "table pls: {kind}. max {bound}. active + in stock only. columns name / list price / {spec}. "
    "lowest price on top.",
    "What could we offer somebody who wants {kind} for no more than {bound}? Discontinued, "
    "preorder and sold-out ones are of no use to them. Put the rest in a table, from cheap to "
    "dear, and show the {spec} besides name and list price.",
    "For the Thursday newsletter somebody has to compare the {kind} below or at {bound}. That "
    "somebody is you: one table row each, product name, list price, {spec}, ascending by price, "
    "and nothing in it that we can't ship today.",
    "Which {kind} do we have in stock (status active) with a list price of {bound} or less? All of "
    "them, in a table. First column the product, second the price, third the {spec}. Order: price.",
    "Side by side, please: {kind}. Limit {bound}. Everything that is active and there, nothing "
    "else. A table with the {spec} and the price behind each name, starting with the least "
    "expensive.",
    "My customer gave me two conditions, {kind} and {bound} as the upper limit, and I don't want "
    "to click through forty pages. Table with product, list price and {spec}? Complete, sorted by "
    "price, only active products with stock.",
    "Give me the choice of {kind} within {bound}. I want it tabular: what it is called, what it "
    "costs by the list, and the {spec}. Leave out whatever is not in stock or not active. The "
    "cheapest one comes first.",
    "The shop's filter is broken again. Could you list by hand, as a table, all {kind} at list "
    "prices up to and including {bound}, active, at least one piece there? Columns: name, price, "
    "{spec}; sort by price upwards.",
)
_DETAILS = (
    "No remarks below the table, please.",
    "Loyalty discounts do not matter here.",
    "I will choose myself, just show them.",
    "It gets pasted as it is.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("compare-parts")
    for wish, bound, rows in _cases(desk.model, rng):
        yield _draft(desk, wish, bound, rows, rng)


_Case = tuple[Wish, int, list[Product]]


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Wishes with a few rows, no two of one price; one bound for each, one that cuts off most."""
    found: list[_Case] = []
    warned = warned_of(company)
    for wish in WISHES:
        fits = [p for p in company.products_in(wish.category) if wish.is_met_by(p)]
        sold = [p for p in on_sale(company, wish.category) if p in fits]
        bounds = sorted(
            rng.sample(_BOUNDS, len(_BOUNDS)), key=lambda bound: -_num_traps(fits, sold, bound)
        )
        for bound in bounds:
            rows = [product for product in sold if product.price_cents <= bound]
            if _num_traps(fits, sold, bound) and _is_good(rows, bound, warned):
                found.append((wish, bound, rows))
                break
    rng.shuffle(found)
    return by_turns(found, lambda case: case[0].category)


def _num_traps(fits: list[Product], sold: list[Product], bound: int) -> int:
    """Ways to err: something on sale is too dear, something in reach is not to be had."""
    is_cut = any(product.price_cents > bound for product in sold)
    is_gone = any(product not in sold and product.price_cents <= bound for product in fits)
    return is_cut + is_gone


def _is_good(rows: list[Product], bound: int, warned: frozenset[str]) -> bool:
    prices = {product.price_cents for product in rows}
    return (
        _MIN_ROWS <= len(rows) <= _MAX_ROWS
        and len(prices) == len(rows)
        and bound < 2 * max(prices)
        and not any(product.id in warned for product in rows)
    )


def _draft(desk: Desk[Company], wish: Wish, bound: int, rows: list[Product], rng: Random) -> Draft:
    session = desk.session()
    session.call(
        "search_products",
        category=wish.category,
        status="active",
        min_stock=1,
        max_price_cents=bound,
        limit=50,
        **({"text": wish.words} if wish.words else {}),
    )
    title = f"Table of {wish.kind} up to {money(bound)}"
    return Draft(
        title=title,
        keys=(rows[0].id,),
        slots={"kind": wish.kind, "bound": money(bound), "spec": wish.spec_words},
        calls=session.calls,
        response=_table(wish, rows),
        criteria=_criteria(desk.model, wish, rows),
        requester=requester(an_asker(desk.model, rng)),
    )


def _table(wish: Wish, rows: list[Product]) -> str:
    head = f"| Product | List price | {wish.spec_words.capitalize().replace('m.2', 'M.2')} |"
    lines = [
        f"| {p.name} | {money(p.price_cents)} | {wish.value_of(p)} {wish.unit}".rstrip() + " |"
        for p in rows
    ]
    return "\n".join((head.replace("sata", "SATA"), "|---|---|---|", *lines))


def _criteria(company: Company, wish: Wish, rows: list[Product]) -> tuple[Criterion, ...]:
    others = company.products_in(wish.category)
    return (
        is_table(len(rows)),
        *(_says_row(wish, number, row, others) for number, row in enumerate(rows, 1)),
        lists_in_order("order", "Lists them from cheap to dear.", [row.name for row in rows]),
        changes_nothing(),
    )


def _says_row(wish: Wish, number: int, row: Product, others: list[Product]) -> Criterion:
    longer = [o.name[len(row.name) :] for o in others if o.name.startswith(f"{row.name} ")]
    name = re.escape(row.name) + "".join(rf"(?!{re.escape(rest)})" for rest in longer)
    dollars, _, cents = f"{row.price_cents / 100:.2f}".partition(".")
    price = rf"(?<![\w,.]){int(dollars):,}\.{cents}(?!\d)".replace(",", ",?", 1)
    value = re.escape(wish.value_of(row)).replace(r"\ ", r"\s*")
    spec = rf"(?<![\w.,$-]){value}(?!\d|[.,]\d)"
    told = f"{row.name}, {money(row.price_cents)}, {wish.value_of(row)} {wish.unit}".rstrip()
    pattern = "(?m)^" + "".join(rf"(?=[^\n]*{part})" for part in (name, price, spec))
    return says_matching(f"row-{number}", f"Has the row {told}.", pattern)


COMPARE_PARTS: Scenario[Company] = Scenario(
    name="compare-parts",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BUILD_DESK,
    intent="See all {kind} that can be sold today for {bound} or less, side by side.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
