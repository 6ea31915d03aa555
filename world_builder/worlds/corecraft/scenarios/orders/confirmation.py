"""The scenario `order-confirmation-email`: an e-mail that confirms an order to its customer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    changes_nothing,
    greets,
    is_email,
    leaves_out,
    says_all,
    says_amount,
    says_matching,
    signs_off,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Customer, Line, Order, Product
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_changes import build_of, is_open
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import asked_by, listed, requester
from world_builder.worlds.corecraft.scenarios.orders.finding import (
    Hint,
    a_hint,
    known_as,
    opened,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import leaves_others, names_order

_NUM = 18
_SIGNATURE = "CoreCraft Support"
_PHRASINGS = (
    "Write {who} an e-mail that confirms {which}: order number, what is in it and how many, total, "
    "shipping service, address it goes to, and the next step.",
    "{who} never got a confirmation for {which}. Please draft the mail, with number, articles, "
    "amount, how and where it is sent and what comes next, so that I only have to press send.",
    "confirmation mail pls for {which} ({who}): order no., items w/ quantities, total, service, "
    "ship-to address, what happens next.",
    "The customer, {who}, wants {which} in writing. An e-mail, please, ready to send. It should "
    "repeat the number of the order, every item, the total, the service, the whole address, and "
    "say how it goes on from here.",
    "I'd like a short, friendly confirmation of {which} for {who}. All the usual: what was ordered "
    "in which quantity, for how much altogether, under which number, going where by which service, "
    "and what we or they do next.",
    "Could you put together the confirmation for {which}? Recipient: {who}. Content: order number, "
    "list of goods, total amount, shipping service, delivery address, outlook. As an e-mail in our "
    "tone.",
    "Our mailer hiccuped, so {who} has nothing in hand about {which}. Replace the automatic mail "
    "by a written one: number, goods, sum, service, destination, next step, nothing that the "
    "system doesn't show.",
    "Text for a mail to {who}, subject is {which}. They want to check number, products, price in "
    "total, shipping service and address, and to know what happens now.",
    "Please confirm {which} to {who} by e-mail. Six things must be in it: its number, its items, "
    "its total, the service, the address, and what follows.",
)
_DETAILS = (
    "Not longer than a screen.",
    "They check every letter of the address.",
    "No advertising in it, please.",
    "It goes out under the support name.",
)
_NEXT: dict[str, tuple[str, str]] = {
    "processing": (
        "As soon as the parcel leaves our warehouse, you get its tracking number by e-mail.",
        r"\btrack|as soon as|\b(?:once|when) (?:it|the|your|we)|will (?:be )?(?:ship|sen[dt]"
        r"|leave|prepare|pack|hear|receive|get)|['’]ll\b|prepar|next step",
    ),
    "pending_payment": (
        "We still wait for your payment and pack the parcel once it has arrived.",
        r"\b(?:pay|payment|paid)\b",
    ),
}
"""By status: the next step as a reference says it, and what says it in an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An order to confirm."""

    order: Order
    hint: Hint
    customer: Customer


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("order-confirmation-email")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Open orders: unpaid, to another address than the customer's, with several pieces, plain."""
    cases = []
    for order in company.orders:
        is_calm = all(p.status != "disputed" for p in company.payments_of(order.id))
        if is_open(order) and is_calm and build_of(company, order) is None:
            hint = a_hint(company, order, rng)
            if hint is not None:
                customer = company.customer(order.customer_id)
                cases.append(Case(order=order, hint=hint, customer=customer))
    rng.shuffle(cases)
    turns = by_turns(cases, _kind)
    return once_each(turns, lambda case: case.customer.id)


def _kind(case: Case) -> tuple[object, ...]:
    order = case.order
    has_many = any(line.qty > 1 for line in order.lines)
    return (order.status, order.ship_to != case.customer.address, has_many, order.shipping_service)


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, order, customer = desk.model, case.order, case.customer
    lines = [(line, company.product(line.product_id)) for line in order.lines]
    session = desk.session()
    opened(session, customer, order)
    for _, product in lines:
        session.call("search_products", id=product.id)
    step, step_pattern = _NEXT[order.status]
    to = order.ship_to
    return Draft(
        title=f"Confirm {case.hint.text} to {customer.name}",
        keys=(customer.id,),
        slots={"who": known_as(company, customer, rng), "which": case.hint.text},
        calls=session.calls,
        response=_mail(customer, order, lines, step),
        criteria=(
            is_email(170),
            greets(customer.first_name),
            names_order(order),
            *(_says_item(*pair) for pair in lines),
            says_amount("total", "the total", order.total_cents),
            says_matching(
                "service",
                f"States the shipping service: {order.shipping_service}.",
                rf"\b{order.shipping_service}\b",
                CORRECTNESS,
            ),
            says_all("address", f"States the address: {to.line}.", to.street, to.city, to.zip),
            says_matching("next-step", "Says what happens next.", step_pattern),
            leaves_out(
                "not-sent",
                "Does not claim that it has been sent.",
                "has been shipped",
                "was shipped",
                "has shipped",
                "is on its way",
                "has been sent",
            ),
            *leaves_others(company, order),
            signs_off(_SIGNATURE),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "billing")),
    )


def _says_item(line: Line, product: Product) -> Criterion:
    """The item by name, with its number when there are several."""
    name = rf"(?<!\w){re.escape(product.name)}(?!\w)"
    if line.qty == 1:
        return says_matching(f"item-{product.id}", f"Lists the {product.name}.", name)
    qty = rf"(?:{count_pattern(line.qty)}|[x×]\s?{line.qty}\b|\b{line.qty}\s?[x×])"
    pattern = rf"{qty}[^\n.,;]{{0,12}}?{name}|{name}[^\n.;]{{0,24}}?{qty}"
    return says_matching(f"item-{product.id}", f"Lists {line.qty} of the {product.name}.", pattern)


def _mail(customer: Customer, order: Order, lines: list[tuple[Line, Product]], step: str) -> str:
    items = [f"the {p.name}" if line.qty == 1 else f"{line.qty} x {p.name}" for line, p in lines]
    return (
        f"Hello {customer.first_name},\n\nYour order {order.id} is in our system. It holds "
        f"{listed(items)} and comes to {money(order.total_cents)}. It goes by "
        f"{order.shipping_service} shipping to {order.ship_to.line}.\n\n{step}\n\n"
        f"Best regards,\n{_SIGNATURE}"
    )


ORDER_CONFIRMATION_EMAIL: Scenario[Company] = Scenario(
    name="order-confirmation-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="{who} gets one e-mail that confirms {which} with everything one wants to check.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
