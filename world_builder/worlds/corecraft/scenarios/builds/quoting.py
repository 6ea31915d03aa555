"""The scenario `quote-build`: write a quote from a list of parts, or say why there is none."""

import re
from collections.abc import Iterator
from random import Random

from world_builder.checks import Matches
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    creates_one,
    criterion,
    leaves_out,
    says_all,
    says_amount,
    says_date,
    says_matching,
    state_is,
)
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.company import Company, Product
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.faults import faults_of
from world_builder.worlds.corecraft.reckoning.quotes import cost_of, last_day_of
from world_builder.worlds.corecraft.reckoning.replacements import Parts, with_part
from world_builder.worlds.corecraft.scenarios.builds.figures import near, says_cost
from world_builder.worlds.corecraft.scenarios.builds.machines import Machine, listed_machines
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    an_asker,
    faults_criteria,
    faults_text,
    found_by_name,
    items_of,
    named,
    parts_text,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import requester, spoken_day

_NUM = 24
_NAMES = (
    "Night shift", "Corner desk", "North room", "Workhorse", "Sunday project", "Understudy",
    "Blue box", "Front desk", "Long haul", "Second machine", "Attic", "Spare hands", "Bench two",
    "Evening class", "Reading room", "Tall order", "Old faithful", "Quick start",
)  # fmt: skip
_NOT_WRITTEN = (
    r"(?:^|\n)\W*no quote\b|\bno (?:new )?(?:quote|build) (?:was|has|is|could|can|written|created)"
    r"|(?:was|is|has|have|did|could|will)(?: not|n['’]t) (?:\w+ )?(?:been |be )?"
    r"(?:writ|creat|quot|made|make|sav|enter)\w*"
    r"|nothing (?:was|has been) (?:writ|creat|quot|sav|enter|chang)\w*|can ?not|can['’]t be|refus"
    r"|declin|not possible|unable"
)
_UNSOLD = r"discontinued|no longer (?:sold|available|offered|made)|not sold|n['’]t sold"

_PHRASINGS = (
    'Please write a quote for {customer}, to be called "{name}", purpose {purpose}. Parts: '
    "{parts}. If they don't fit together or we don't sell one of them any more, write nothing and "
    "tell me what stands against it, with parts and figures. Otherwise tell me the id, what the "
    "parts come to, the assembly fee and the last day on which the quote holds.",
    "{customer} brought a list: {parts}. The purpose is {purpose}, the name of it should be "
    '"{name}". Make it a quote if our rules let you; then I need number, parts total, assembly, '
    "valid until. If not, no quote, but the rule it breaks and the two sides of it, or the part "
    "that is off the range.",
    'new quote. customer {customer}. name "{name}". purpose {purpose}. parts: {parts}. give me id, '
    "sum of parts, assembly fee, end of validity. does something not fit, or is something "
    "discontinued? then don't create it, just say what (names, values).",
    "Could you check this list and, only if all of it works and is still sold, enter it as a quote "
    'under the name "{name}" for {customer}? {parts}. Use: {purpose}. In the good case report '
    "back with id, parts total, assembly and expiry; in the bad one with the parts at fault and "
    "their figures.",
    'For {customer} I want "{name}" in the system as a {purpose} machine today. It consists of '
    "{parts}. You know the rule: nothing that doesn't fit, nothing we stopped selling. So either a "
    "quote (id, parts amount, assembly amount, until when) or a reason with the figures, and "
    "nothing written.",
    'List: {parts}. Who: {customer}. Purpose: {purpose}. What we call it: "{name}". Wanted: a '
    "proper quote with its id, the total of the parts, the fee for assembly, the day it ends. If "
    "there is a snag (misfit, discontinued part) I'd rather have the snag spelled out in part "
    "names and numbers, and no quote at all.",
    "The parts are {parts}. Purpose: {purpose}. Would that make a working machine? If yes, quote "
    'it to {customer} as "{name}" and send me build id, price of the parts, price of putting it '
    "together and how long that holds. If no, leave the records alone and explain: which part, "
    "against which other, what it has and what it may have, or that it isn't sold any longer.",
    "I have {customer} here with a shopping list and no patience. {parts}. Purpose {purpose}, "
    'title "{name}". Check, quote, and read me the id, the two amounts (parts, assembly) and the '
    "last valid day. Should it fail the check, or hold a part that has gone out of sale, stop "
    "there and read me the failure instead, values included.",
    'Put a quote together, please. Title "{name}"; customer {customer}; purpose {purpose}; '
    "contents {parts}. Only what works and is on sale may be quoted. I need the new id, what the "
    "parts cost at list price, the assembly charge, the closing date, or else the obstacle in full "
    "(no entry in that case).",
)
_DETAILS = (
    "Nothing special to note in it.",
    "Stock does not matter at this point, we can wait for parts.",
    "Discount and shipping come with the order.",
    "The list is the customer's own work.",
    "The tier is on record, I did not ask.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("quote-build")
    names = rng.sample(_NAMES, len(_NAMES))
    for number, (machine, unsold) in enumerate(_cases(desk.model, rng)):
        yield _draft(desk, machine, unsold, names[number % len(names)], rng)


_Case = tuple[Machine, Product | None]


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Lists that can be quoted, and by turns misfits and parts that are not sold any more."""
    machines = list(listed_machines(company, rng))
    good = by_turns((m for m in machines if not m.faults), lambda m: m.customer.loyalty_tier)
    bad: list[_Case] = [(machine, None) for machine in machines if machine.faults]
    bad = by_turns(bad, lambda case: case[0].faults[0].rule)[: _NUM // 2 - 2]
    fine: list[_Case] = [(machine, None) for machine in good[: _NUM // 2]]
    gone = once_each(_unsold(company, good[_NUM // 2 :]), lambda case: case[1].id)
    refused = by_turns([*bad, *gone], lambda case: case[1] is None)
    return by_turns([*fine, *refused], lambda case: _is_refused(*case))


def _is_refused(machine: Machine, unsold: Product | None) -> bool:
    return unsold is not None or bool(machine.faults)


def _unsold(company: Company, machines: list[Machine]) -> list[tuple[Machine, Product]]:
    """Lists that would fit but for one part that has gone out of sale."""
    gone = [p for p in company.products if p.status == "discontinued"]
    return [
        (machine, product)
        for machine in machines
        for product in gone
        if any(part.category == product.category for part, _ in machine.parts)
        and not faults_of(with_part(machine.parts, product))
    ]


def _draft(
    desk: Desk[Company], machine: Machine, unsold: Product | None, name: str, rng: Random
) -> Draft:
    company, customer = desk.model, machine.customer
    parts = with_part(machine.parts, unsold) if unsold else machine.parts
    purpose = rng.choice(rules.BUILD_PURPOSES)
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    for product, _ in parts:
        session.call("search_products", text=product.name)
    checked = session.call("check_build_compatibility", items=items_of(parts))
    if checked["ok"] == bool(machine.faults):
        raise LookupError(f"the check says {checked}, the rules {machine.faults}")
    if _is_refused(machine, unsold):
        response, criteria = _refusal(machine, unsold, len(company.builds))
    else:
        response, criteria = _quoted(session, machine, customer_id, name, purpose)
    return Draft(
        title=f"A quote for {customer.name}: {name}",
        keys=(customer.id,),
        slots={
            "customer": named(company, customer),
            "name": name,
            "purpose": purpose.replace("_", " "),
            "parts": parts_text(parts),
        },
        calls=session.calls,
        response=response,
        criteria=criteria,
        requester=requester(an_asker(company, rng, "builds", "support")),
    )


def _refusal(
    machine: Machine, unsold: Product | None, num_builds: int
) -> tuple[str, tuple[Criterion, ...]]:
    told = f"the {unsold.name} is discontinued" if unsold else faults_text(machine.faults)
    why = faults_criteria(machine.faults)
    if unsold:
        gone = near(re.escape(unsold.name), _UNSOLD)
        why = (says_matching("unsold", f"Says that the {unsold.name} is not sold any more.", gone),)
    text = "Says that no quote was written."
    customer = machine.customer.name
    return f"No quote was written for {customer}: {told}.", (
        criterion("refused", text, Matches(pattern=_NOT_WRITTEN), is_critical=True),
        *why,
        says_all("customer", f"Names the customer: {customer}.", customer),
        leaves_out("no-id", "Gives no id of a new quote.", f"bld-{num_builds + 1:03}"),
        changes_nothing(),
    )


def _quoted(
    session: Session, machine: Machine, customer_id: str, name: str, purpose: str
) -> tuple[str, tuple[Criterion, ...]]:
    cost = cost_of(machine.parts, machine.customer.loyalty_tier, "standard")
    made = session.call(
        "create_build",
        customer_id=customer_id,
        name=name,
        purpose=purpose,
        items=items_of(machine.parts),
    )
    if made["parts_cents"] != cost.parts_cents:
        raise LookupError(f"create_build says {made}, the rules {cost}")
    until = last_day_of(rules.NOW.date())
    fee = money(cost.assembly_cents) if cost.assembly_cents else "free"
    response = (
        f"The quote is {made['id']}. The parts come to {money(cost.parts_cents)}, and assembly is "
        f"{fee}. It holds until {spoken_day(until)}."
    )
    text = f"One quote was written: {name}, {purpose}, for {customer_id}."
    return response, (
        creates_one("quote", text, "build", customer_id=customer_id, name=name, purpose=purpose),
        _has_parts(machine.parts),
        changes_only("Nothing but the quote was written.", new=("build",)),
        says_all("id", f"Gives the id: {made['id']}.", str(made["id"])),
        says_amount("parts-total", "the sum of the parts", cost.parts_cents),
        says_cost("assembly", "the assembly fee", cost.assembly_cents, r"assembl\w*|together"),
        says_date("last-day", "the last day on which the quote holds", until.isoformat()),
    )


def _has_parts(parts: Parts) -> Criterion:
    """The quote holds these parts, in any order, and no others."""
    each = " && ".join(
        f"c.after.parts.exists(p, p.product_id == '{part.id}' && p.qty == {qty})"
        for part, qty in parts
    )
    expression = f"created.exists(c, size(c.after.parts) == {len(parts)} && {each})"
    return state_is("parts", f"The quote has exactly the {len(parts)} parts.", expression)


QUOTE_BUILD: Scenario[Company] = Scenario(
    name="quote-build",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=BUILD_DESK,
    intent='Have the quote "{name}" for {customer} on record if its parts work and are sold, and '
    "otherwise know why not.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
