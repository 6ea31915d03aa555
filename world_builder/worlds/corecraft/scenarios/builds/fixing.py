"""The scenario `fix-build`: does a machine fit, what mends it at the least price, what is the sum?

Source: paper section 3.3, build compatibility with fix and totals.
"""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import changes_nothing, says_amount, says_matching
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.quotes import Cost, cost_of
from world_builder.worlds.corecraft.reckoning.replacements import Replacement, with_part
from world_builder.worlds.corecraft.rules import SHIPPING_SERVICES
from world_builder.worlds.corecraft.scenarios.builds.figures import says_cost, says_verdict
from world_builder.worlds.corecraft.scenarios.builds.machines import (
    Machine,
    listed_machines,
    quoted_machines,
)
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    KIND_WORDS,
    SERVICE_WORDS,
    an_asker,
    faults_criteria,
    faults_text,
    found_by_name,
    items_of,
    name_pattern,
    named,
    parts_text,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import requester

_NUM = 18
_NUM_TRIED = 1
"""Cheaper parts that a reference tries before the one that fits."""

_PHRASINGS = (
    "Please check {machine} for {customer}. Does everything fit together? If not, tell me what "
    "does not and by which figures, then the cheapest {kind}, active and in stock, that makes it "
    "all fit with nothing else changed, and its list price. In the end I need the sums with what "
    "works: parts, loyalty discount, assembly, {service}, total.",
    "{customer} would like to order {machine}. Compatibility first, with names and numbers of "
    "whatever clashes. If something does, we may swap (or add) one {kind} and nothing more: which "
    "one, the least expensive we have that solves everything, at what price? Then calculate: "
    "parts, discount by tier, assembly fee, {service}, grand total.",
    "compat check + price, customer {customer}: {machine}. if it doesn't fit, say which parts and "
    "the values, and name the cheapest {kind} in stock that fixes it (+ its price). then parts / "
    "discount / assembly / {service} / total for the version that works.",
    "I would like a complete answer for {customer} in one go. The subject is {machine}. Step one, "
    "does it work as it is, and if not, what exactly is in the way (both parts, both figures)? "
    "Step two, only the {kind} may be changed or added, so which is the cheapest one on our shelf "
    "with which all rules are met, and what does it cost? Step three, what will the customer pay, "
    "put together and sent by {service}, split into parts, discount, assembly, shipping and sum?",
    "On my desk: {machine}, for {customer}. Would you verify it, name any misfit with the figures "
    "on both sides, propose the lowest-priced {kind} that we have and that cures it, list price "
    "included, and give me the new amounts (parts, discount, assembly, {service}, total)? If all "
    "is well, say so and give only the amounts.",
    "Have a look at {machine}. Anything that can't work? The part to exchange (or add) would be "
    "the {kind}; take the cheapest active one in stock with which everything is right, and tell "
    "me its price. I also want to know why the present state fails, part against part, figure "
    "against figure. Afterwards the bill for {customer} with {service}: goods, discount, "
    "assembly, shipping, sum.",
    "Bill and verdict, please. For whom: {customer}. What: {machine}. How sent: {service}, "
    "assembled by us. What may change if need be: one {kind}, the cheapest available that leaves "
    "no rule broken. I expect the faults with both names and both values, the replacement with "
    "its price, and five amounts (parts, discount, assembly, shipping, total).",
    "We must not sell {customer} anything that doesn't work, so go through {machine} rule by rule. "
    "Report what breaks, with the parts and the figures. Then the remedy: the {kind} that costs "
    "least among those active and in stock and makes everything fit, everything else stays; price? "
    "Finally the cost to this customer: parts, loyalty discount, assembly, {service}, total.",
    "{customer} is on the line about {machine} and wants the final price, assembled, with "
    "{service}. But first, does it all go together? If it does, tell me so, and then the parts "
    "total, the discount, assembly, shipping and the total. If it doesn't: what collides "
    "(numbers!), which {kind} is the cheapest way out that we have in stock, what is its price, "
    "and those five amounts with it.",
)
_DETAILS = (
    "No quote is to be written yet.",
    "They are not in love with any particular brand.",
    "The customer will see the figures, so no rounding.",
    "I can't judge this myself, I do telephones.",
    "Take the loyalty tier from the record, they never remember it.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("fix-build")
    for number, machine in enumerate(_cases(desk.model, rng)):
        service = SHIPPING_SERVICES[number % len(SHIPPING_SERVICES)]
        yield _draft(desk, machine, service, rng)


def _cases(company: Company, rng: Random) -> list[Machine]:
    """Quotes and lists by turns; one in three fits; most to try and most faults first."""
    quoted = list(quoted_machines(company, rng))
    rng.shuffle(quoted)
    quoted = once_each(quoted, lambda m: m.build.id if m.build else "")
    found = [*quoted, *listed_machines(company, rng)]
    found.sort(key=_trouble, reverse=True)
    faulty = by_turns((m for m in found if m.faults), lambda m: (m.build is None, m.faults[0].rule))
    good = by_turns((m for m in found if not m.faults), _home)
    num_good = _NUM // 3
    chosen = [*faulty[: _NUM - num_good], *good[:num_good]]
    return by_turns(chosen, lambda m: (bool(m.faults), m.build is None))


def _home(machine: Machine) -> tuple[bool, str]:
    return machine.build is None, machine.customer.loyalty_tier


def _trouble(machine: Machine) -> tuple[int, int]:
    return len(machine.faults), len(machine.fix.passed_over) if machine.fix else 0


def _draft(desk: Desk[Company], machine: Machine, service: str, rng: Random) -> Draft:
    company = desk.model
    customer, build = machine.customer, machine.build
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    _looked_at(session, machine)
    cost = cost_of(machine.last_parts, customer.loyalty_tier, service)
    priced = session.call(
        "calculate_price",
        customer_id=customer_id,
        items=items_of(machine.last_parts),
        shipping_service=service,
        with_assembly=True,
    )
    if priced["total_cents"] != cost.total_cents:
        raise LookupError(f"calculate_price says {priced}, the rules {cost}")
    told = f"the quote {build.id}" if build else f"a machine of {parts_text(machine.parts)}"
    return Draft(
        title=f"Check and price {build.id if build else 'a list'} for {customer.name}",
        keys=(build.id if build else customer.id,),
        slots={
            "machine": told,
            "customer": named(company, customer),
            "kind": KIND_WORDS[machine.kind],
            "service": SERVICE_WORDS[service],
        },
        calls=session.calls,
        response=_answer(machine, cost),
        criteria=_criteria(machine, cost),
        requester=requester(an_asker(company, rng, "builds", "support")),
    )


def _looked_at(session: Session, machine: Machine) -> None:
    """Reads the parts, checks them, and tries others of the kind from the cheapest on."""
    if machine.build:
        session.call("search_builds", id=machine.build.id)
    for product, _ in machine.parts:
        if machine.build:
            session.call("search_products", id=product.id)
        else:
            session.call("search_products", text=product.name)
    checked = session.call("check_build_compatibility", items=items_of(machine.parts))
    if checked["ok"] != (not machine.faults):
        raise LookupError(f"the check says {checked}, the rules {machine.faults}")
    if machine.fix is None:
        return
    session.call("search_products", category=machine.kind, status="active", min_stock=1, limit=50)
    for product in (*machine.fix.passed_over[-_NUM_TRIED:], machine.fix.product):
        items = items_of(with_part(machine.parts, product))
        session.call("check_build_compatibility", items=items)


def _answer(machine: Machine, cost: Cost) -> str:
    if machine.fix is None:
        return f"Yes, everything fits. {_costs(cost, 'The')}"
    product, kind = machine.fix.product, KIND_WORDS[machine.kind]
    return (
        f"No, it does not fit: {faults_text(machine.faults)}. The cheapest {kind} that makes it "
        f"work is the {product.name} at {money(product.price_cents)}. {_costs(cost, 'With it the')}"
    )


def _costs(cost: Cost, opening: str) -> str:
    def told(what: str, cents: int) -> str:
        return f"{what} is {money(cents) if cents else 'free'}"

    discount = (
        f"the loyalty discount is {money(cost.discount_cents)}"
        if cost.discount_cents
        else "there is no loyalty discount"
    )
    return (
        f"{opening} parts come to {money(cost.parts_cents)}; {discount}. "
        f"{told('Assembly', cost.assembly_cents)} and {told('shipping', cost.shipping_cents)}. "
        f"The total is {money(cost.total_cents)}."
    )


def _criteria(machine: Machine, cost: Cost) -> tuple[Criterion, ...]:
    told = "does not fit" if machine.faults else "fits"
    return (
        says_verdict("verdict", f"Says that it {told}.", is_yes=not machine.faults),
        *faults_criteria(machine.faults),
        *(_fix_criteria(machine.fix, machine.kind) if machine.fix else ()),
        says_amount("parts", "the sum of the parts", cost.parts_cents),
        says_cost("discount", "the loyalty discount", cost.discount_cents, r"discount|off"),
        says_cost("assembly", "the assembly fee", cost.assembly_cents, r"assembl\w*"),
        says_cost("shipping", "the shipping", cost.shipping_cents, r"shipping|delivery"),
        says_amount("total", "what the customer pays", cost.total_cents),
        changes_nothing(),
    )


def _fix_criteria(fix: Replacement, kind: str) -> tuple[Criterion, ...]:
    product = fix.product
    text = f"Names the cheapest {KIND_WORDS[kind]} that makes it fit: {product.name}."
    return (
        says_matching("fix", text, rf"{name_pattern(product.name)}|\b{product.id}\b"),
        says_amount("fix-price", f"the price of the {product.name}", product.price_cents),
    )


FIX_BUILD: Scenario[Company] = Scenario(
    name="fix-build",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EXPERT,
    system_prompt=BUILD_DESK,
    intent="Sell {customer} a machine that works, mended with the cheapest {kind} if it must be, "
    "at the right price.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
