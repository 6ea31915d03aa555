"""The scenario `loyalty-what-if`: what an order would have cost in another tier."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    pairs,
    says_amount,
    says_any,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Order
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.rules import (
    ASSEMBLY_CENTS,
    TIERS,
    discount_cents,
    shipping_cents,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, is_only_name, requester

_PHRASINGS = (
    "What would {order} have cost if the customer had been {tier}? Same products, same shipping "
    "service. I need discount, shipping, assembly if any, the total then, and how much less that "
    "is than what was charged.",
    "{order} as {tier} instead: recalc pls. discount / shipping / total, and the difference to the "
    "real total",
    "For a talk about our loyalty scheme: take {order} and price it as though its customer were "
    "{tier}. Discount, shipping and total, next to the saving against what they really paid.",
    "The customer of {order} thinks about moving up to {tier}. Show them the effect on that very "
    "order: new discount, new shipping, new total, saving.",
    "Suppose {tier} had applied to {order}. What comes out, figure by figure (discount, shipping, "
    "total), and what would they have saved?",
    "I keep telling people that tiers pay off. Prove it with {order}: as {tier}, what is the "
    "discount, what the shipping, what the total, and by how much is it lower?",
    "quick maths: {order} with {tier} rules. mind clearance and oversize. discount, shipping, "
    "total, saved",
    "Please work out the price that {order} would have had under {tier}. Everything else stays as "
    "it was ordered. State discount, shipping and total and what the customer would have kept in "
    "the pocket.",
    "Would {tier} have made a difference on {order}? Give me the discount and the shipping it "
    "would have had, the resulting total, and the gap to the actual one, even if it is nil.",
)
_DETAILS = (
    "Nothing is to be changed on the order.",
    "The list prices of the order count, not today's.",
    "They only ask out of curiosity, they say.",
    "A wrong cent will be noticed.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("loyalty-what-if")
    company = desk.model
    cases = []
    for order in company.orders:
        customer = company.customer(order.customer_id)
        higher = TIERS[TIERS.index(customer.loyalty_tier) + 1 :]
        if higher and is_only_name(company, customer) and order.status != "cancelled":
            cases.append((order, rng.choice(higher)))
    rng.shuffle(cases)
    for order, tier in by_turns(cases, lambda c: _kind(company, *c)):
        if any(not company.product(line.product_id).is_clearance for line in order.lines):
            yield _draft(desk, order, tier, rng)


def _kind(company: Company, order: Order, tier: str) -> tuple[str, bool, bool]:
    products = [company.product(line.product_id) for line in order.lines]
    is_special = any(p.is_clearance or p.is_oversize for p in products)
    return tier, is_special, order.assembly_cents > 0


def _draft(desk: Desk[Company], order: Order, tier: str, rng: Random) -> Draft:
    company = desk.model
    products = {line.product_id: company.product(line.product_id) for line in order.lines}
    regular = sum(
        line.qty * line.unit_price_cents
        for line in order.lines
        if not products[line.product_id].is_clearance
    )
    discount = discount_cents(regular, tier)
    shipping = shipping_cents(
        order.shipping_service, tier, order.goods_cents - discount,
        is_oversize=any(p.is_oversize for p in products.values()),
    )  # fmt: skip
    assembly = ASSEMBLY_CENTS if order.assembly_cents and tier != "platinum" else 0
    total = order.goods_cents - discount + assembly + shipping
    saved = order.total_cents - total
    session = desk.session()
    session.call("get_order", id=order.id)
    for product_id in products:
        session.call("search_products", id=product_id)
    fee = f", assembly {money(assembly)}" if order.assembly_cents else ""
    return Draft(
        title=f"{order.id} as {tier}",
        keys=(order.id,),
        slots={"order": order.id, "tier": tier},
        calls=session.calls,
        response=f"As {tier}, {order.id} would have come to a total of {money(total)}: discount "
        f"{money(discount)}, shipping {money(shipping)}{fee}. That is {money(saved)} less than "
        f"the {money(order.total_cents)} that were charged.",
        criteria=(
            says_matching("tier", f"Speaks of the tier {tier}.", rf"\b{tier}\b"),
            says_any("order", f"Names the order: {order.id}.", order.id),
            pairs("total", f"States the total then: {money(total)}.", "total", money(total)),
            pairs("discount", f"States the discount then: {money(discount)}.", "discount",
                  money(discount)),
            _says_shipping(shipping),
            *((_says_assembly(assembly),) if order.assembly_cents else ()),
            says_amount("saving", "the difference", saved),
            says_amount("charged", "what was charged", order.total_cents),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "product")),
    )  # fmt: skip


def _says_shipping(cents: int) -> Criterion:
    if cents:
        return pairs("shipping", f"States the shipping then: {money(cents)}.", "shipping",
                     money(cents))  # fmt: skip
    pattern = r"shipping[^.\n]{0,30}(?:\$0\.00|\bfree\b)|\bfree\b[^.\n]{0,12}shipping|no shipping"
    return says_matching("shipping", "Says that shipping would have been free.", pattern)


def _says_assembly(cents: int) -> Criterion:
    if cents:
        return pairs("assembly", f"States the assembly fee: {money(cents)}.", "assembly",
                     money(cents))  # fmt: skip
    pattern = (
        r"assembly[^.\n]{0,30}(?:\$0\.00|\bfree\b|waived)|no assembly|without[^.]{0,12}assembly"
    )
    return says_matching("assembly", "Says that assembly would have been free.", pattern)


LOYALTY_WHAT_IF: Scenario[Company] = Scenario(
    name="loyalty-what-if",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=ORDER_DESK,
    intent="See what the tier {tier} would have been worth on {order}.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=18,
)
