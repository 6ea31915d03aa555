"""The scenario `order-breakdown`: what one order consists of, line by line."""

import re
from collections.abc import Iterator
from random import Random

from world_builder.checks import Format, FormatKind
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import FORMAT, changes_nothing, criterion, says_matching
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Line, Order, Product
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester
from world_builder.worlds.corecraft.scenarios.orders.finding import (
    hints,
    known_as,
    opened,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    SHIPPING,
    TOTAL,
    amount_pattern,
    leaves_others,
    names_order,
    row_pattern,
    says_labelled,
)

_NUM = 18
_SHAPES = ("table", "list")
_PHRASINGS = (
    "I need {which} taken apart: every product with its quantity and unit price, then loyalty "
    "discount, assembly fee, shipping and total, zeros included. It belongs to {who}. As a "
    "{shape}, one row for each of these, with the order number above it.",
    "{who} disputes nothing, just doesn't understand the sum. Break {which} down into a {shape}: "
    "one entry for each product (how many, price of one), one each for discount, assembly, "
    "shipping, total, also where it is $0.00. Order number on top.",
    "{shape} please. {which}, customer {who}. products w/ qty + unit price, discount, assembly "
    "fee, shipping, total, each on a line of its own, order no. first. write $0.00 where there is "
    "none.",
    "Which goods are in {which} from {who}, how many of each, at what price a piece, and what was "
    "taken off or added until the total is reached (discount, assembly, shipping)? A {shape} would "
    "be best, a row each, no row left out because it is zero; name the order, too.",
    "For the tax office {who} wants {which} spelled out. Please prepare the {shape}: products, "
    "quantities, unit prices; below that the discount, the assembly fee, the shipping and the "
    "total, each in a row, even if nothing was charged. Put the order number over it.",
    "Copy the makings of {which} ({who}) into a {shape} for me. Number of the order as heading; "
    "then the lines with count and single price; then these four, whatever their amount: loyalty "
    "discount, assembly, shipping, total.",
    "how did we get to the total of {which} of {who}? pls list it as a {shape}: item, quantity, "
    "unit price, and then a line each for discount / assembly / shipping / total (0 if 0). and "
    "the order id.",
    "Before I phone {who} back I'd like the composition of {which} in front of me. Format: "
    "{shape}. Content: order number, each article with pieces and price per piece, the discount, "
    "assembly, shipping and the final sum in rows of their own, zero or not.",
    "Someone has to explain an invoice to {who}, and that's me. So, {which} as a {shape}: what was "
    "bought, how often, for how much apiece, minus which discount, plus which assembly fee and "
    "shipping, makes what total? One row for each, including those of $0.00, and say which order "
    "number it is.",
    "No comments, only the {shape}: {which} by {who}. Head it with the order number. A row for "
    "each product with quantity and unit price, then discount, assembly fee, shipping, total in a "
    "row each, also if zero.",
)
_DETAILS = (
    "Prices as they were in the order, please.",
    "It goes into the customer's file as it is.",
    "The customer is patient, I'm not.",
    "I have the payment already, I only need the inside of the order.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("order-breakdown")
    for i, order in enumerate(_cases(desk.model, rng)):
        yield _draft(desk, order, _SHAPES[i // 2 % 2], rng)


def _cases(company: Company, rng: Random) -> list[Order]:
    """With and without discount, assembly and several pieces, each by turns."""
    orders = [
        order
        for order in company.orders
        if 2 <= len(order.lines) <= 8 and hints(company, order, rng).keys() - {"total"}
    ]
    rng.shuffle(orders)
    turns = by_turns(orders, _kind)
    return once_each(turns, lambda order: order.customer_id)


def _kind(order: Order) -> tuple[bool, ...]:
    return (
        order.assembly_cents > 0,
        order.discount_cents > 0,
        any(line.qty > 1 for line in order.lines),
        order.shipping_cents > 0,
    )


def _draft(desk: Desk[Company], order: Order, shape: str, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(order.customer_id)
    found = hints(company, order, rng)
    hint = found[rng.choice(sorted(found.keys() - {"total"}))]
    products = [company.product(line.product_id) for line in order.lines]
    session = desk.session()
    opened(session, customer, order)
    for product in products:
        session.call("search_products", id=product.id)
    return Draft(
        title=f"A {shape} of what {hint.text} consists of",
        keys=(order.customer_id,),
        slots={"who": known_as(company, customer, rng), "which": hint.text, "shape": shape},
        calls=session.calls,
        response=_answer(order, products, shape),
        criteria=(
            names_order(order),
            *(_says_line(*pair) for pair in zip(order.lines, products, strict=True)),
            says_labelled("discount", "the discount", "discount", order.discount_cents),
            says_labelled("assembly", "the assembly fee", r"assembl\w*", order.assembly_cents),
            says_labelled("shipping", "the shipping", SHIPPING, order.shipping_cents),
            says_labelled("total", "the total", TOTAL, order.total_cents),
            _is_in_rows(shape, len(order.lines) + 4),
            *leaves_others(company, order),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "billing")),
    )


def _says_line(line: Line, product: Product) -> Criterion:
    """Product, quantity and unit price in one row, the quantity outside of the name."""
    name = re.escape(product.name)
    rest = rf"(?:(?!{name})[^\n])*?"
    num = line.qty
    qty = rf"(?:[x×]\s?{num}(?!\d)|{count_pattern(num)}|(?<![\w.$]){num}\s?[x×](?!\d))"
    text = f"Lists {line.qty} of the {product.name} at {money(line.unit_price_cents)} each."
    pattern = row_pattern(
        rf"{qty}{rest}{name}(?!\w)|{name}(?!\w){rest}{qty}",
        rf"{name}(?!\w)[^\n]*?{amount_pattern(line.unit_price_cents)}"
        rf"|{amount_pattern(line.unit_price_cents)}{rest}{name}(?!\w)",
    )
    return says_matching(f"line-{product.id}", text, pattern)


def _is_in_rows(shape: str, least: int) -> Criterion:
    kind = FormatKind.TABLE if shape == "table" else FormatKind.LIST
    text = f"Gives a {shape} of at least {least} rows."
    return criterion("rows", text, Format(format=kind, minimum=least), FORMAT)


def _answer(order: Order, products: list[Product], shape: str) -> str:
    fees = (
        ("Loyalty discount", order.discount_cents),
        ("Assembly fee", order.assembly_cents),
        ("Shipping", order.shipping_cents),
        ("Total", order.total_cents),
    )
    lines = list(zip(order.lines, products, strict=True))
    if shape == "table":
        rows = [f"| {p.name} | {line.qty} | {money(line.unit_price_cents)} |" for line, p in lines]
        rows += [f"| {name} | | {money(cents)} |" for name, cents in fees]
        head = f"Order {order.id}:\n\n| item | quantity | price |\n|---|---|---|\n"
        return head + "\n".join(rows)
    rows = [f"- {line.qty} x {p.name}, {money(line.unit_price_cents)} each" for line, p in lines]
    rows += [f"- {name}: {money(cents)}" for name, cents in fees]
    return f"Order {order.id}:\n\n" + "\n".join(rows)


ORDER_BREAKDOWN: Scenario[Company] = Scenario(
    name="order-breakdown",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="See what {which} of {who} consists of, so that its total can be explained.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
