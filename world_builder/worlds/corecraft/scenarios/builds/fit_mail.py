"""The scenario `fit-email`: telling a customer that a quote does not fit, and what mends it."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_amount,
    says_any,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.quotes import holds
from world_builder.worlds.corecraft.reckoning.replacements import on_sale, with_part
from world_builder.worlds.corecraft.scenarios.builds.letters import DETAILS, mail, mail_criteria
from world_builder.worlds.corecraft.scenarios.builds.machines import Machine, quoted_machines
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    KIND_WORDS,
    an_asker,
    faults_criteria,
    faults_text,
    found_by_name,
    items_of,
    machine_name,
    name_pattern,
    named,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import requester

_NUM = 16

_PHRASINGS = (
    "Please write to {customer} about the quote for the {machine}: it can't work as it stands. "
    "Say in plain words which parts don't go together and by what figures, offer one way out, the "
    "cheapest {kind} that we have and that makes everything fit, with its name and list price, and "
    "say what happens next.",
    "I need an e-mail. {customer}, {machine}, quoted by us, has a fault in it. Explain it so that "
    "a layman understands (names of the parts, the numbers on both sides). Remedy: a different "
    "{kind}, the cheapest active one in stock with which all is well; give its price. Then the "
    "next step.",
    "mail to {customer} pls. quote for the {machine} doesn't fit. what's wrong (parts + figures), "
    "what we'd take instead: cheapest {kind} in stock that solves it, list price, next step. "
    "signed as always.",
    "Could you break the news to {customer} that the {machine} we quoted has parts that don't suit "
    "each other? Kindly, without blame, but with the values that show it. Propose exactly one "
    "thing: another {kind}, the least expensive of ours that cures it, and what it "
    "costs. End with what we need from the customer.",
    "{customer} must hear from us before anybody orders: the quoted {machine} breaks one of our "
    "rules. Draft the message. It names the parts concerned and both figures, puts forward the "
    "lowest-priced {kind} on our shelves that makes the whole thing work, at its list price, and "
    "asks for the one thing the customer has to do.",
    "Something in the quote {customer} got for the {machine} is wrong, and it was us who wrote it. "
    "Find out what. Write an e-mail that tells it in two sentences with part names and numbers, "
    "then suggests the cheapest {kind} that is active, in stock and right for it (name, list "
    "price), then says how we go on.",
    "For {customer}: a short, friendly e-mail on the {machine}. Content: why it can't be built as "
    "quoted, part against part, figure against figure; the one change we suggest, which is the "
    "{kind} that costs least among those we can ship and leaves nothing else unfit; its price in "
    "the list; what to do now.",
    "Nobody checked the {machine} before the quote went to {customer}. It doesn't fit. Put that in "
    "an e-mail for me, please, no lab slang: the parts, their figures, and a single proposal, "
    "namely the cheapest {kind} in stock with which everything is all right, plus its list price "
    "and the next step.",
    "Text wanted, ready to send, to {customer}. Topic: the quote for the {machine} and the parts "
    "in it that clash. Be exact about the two sides of the clash. The solution may only touch the "
    "{kind}; pick the cheapest one available that settles it and quote its list price. Close with "
    "the next step for the customer.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("fit-email")
    company = desk.model
    faulty = [
        machine
        for machine in quoted_machines(company, rng)
        if machine.build
        and holds(machine.build, company.now.date())
        and any(fault.rule != "graphics" for fault in machine.faults)
    ]
    rng.shuffle(faulty)
    for machine in by_turns(faulty, lambda m: (m.faults[0].rule, m.kind)):
        yield _draft(desk, machine, rng)


def _draft(desk: Desk[Company], machine: Machine, rng: Random) -> Draft:
    company, build, fix = desk.model, machine.build, machine.fix
    if build is None or fix is None:
        raise ValueError("only quotes that can be mended are written about")
    customer = machine.customer
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    session.call("search_builds", customer_id=customer_id, status="quoted")
    session.call("check_build_compatibility", items=items_of(machine.parts))
    found = session.call(
        "search_products", category=machine.kind, status="active", min_stock=1, limit=50
    )
    if found["count"] != len(on_sale(company, machine.kind)):
        raise LookupError(f"{found['count']} products are on sale")
    for product in (*fix.passed_over[-1:], fix.product):
        items = items_of(with_part(machine.parts, product))
        session.call("check_build_compatibility", items=items)
    name, kind = machine_name(build), KIND_WORDS[machine.kind]
    body = (
        f"We looked at the quote for your {name} once more and found a problem: "
        f"{faults_text(machine.faults)}.\n\nOur proposal is the {fix.product.name} as the {kind}, "
        f"with which it all goes together. Its list price is {money(fix.product.price_cents)}.\n\n"
        "If you agree, reply to this e-mail and we will write a new quote."
    )
    return Draft(
        title=f"E-mail: {build.id} does not fit",
        keys=(build.id,),
        slots={"machine": name, "customer": named(company, customer), "kind": kind},
        calls=session.calls,
        response=mail(customer.first_name, body),
        criteria=(
            *mail_criteria(customer.first_name),
            says_any("machine", f"Is about the {name}.", name, build.id),
            *faults_criteria(machine.faults),
            says_matching("fix", f"Offers the {fix.product.name}.", name_pattern(fix.product.name)),
            says_amount("price", "its list price", fix.product.price_cents),
            changes_nothing(),
        ),
        requester=requester(an_asker(company, rng, "builds", "support")),
    )


FIT_EMAIL: Scenario[Company] = Scenario(
    name="fit-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BUILD_DESK,
    intent="{customer} learns in one e-mail why the {machine} cannot be built as quoted and what "
    "would mend it.",
    phrasings=_PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
