"""The scenario `quote-email`: presenting a quote to its customer."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_all,
    says_amount,
    says_any,
    says_date,
    says_matching,
)
from world_builder.worlds.corecraft.company import Build, Company
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.faults import faults_of
from world_builder.worlds.corecraft.reckoning.quotes import holds, last_day
from world_builder.worlds.corecraft.reckoning.replacements import are_free_of, parts_of, warned_of
from world_builder.worlds.corecraft.scenarios.builds.figures import says_cost
from world_builder.worlds.corecraft.scenarios.builds.letters import DETAILS, mail, mail_criteria
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    an_asker,
    found_by_name,
    items_of,
    machine_name,
    named,
    only_named,
    parts_text,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import requester, spoken_day

_NUM = 18

_PHRASINGS = (
    "Please write {customer} an e-mail that presents our quote for the {machine}: what it is "
    "called, all of its parts, the parts total, the assembly fee, the last day on which it holds, "
    "and how to go on from there.",
    "{customer} never got the quote in writing. It is the one for the {machine}. Could you draft "
    "the mail: name of the machine, every part in it, what the parts come to, assembly, until when "
    "it is valid, next step?",
    "quote mail to {customer}, {machine}. list all parts, sum of parts, assembly, until when we "
    "stand by it, what they should do to order.",
    "I'd like to send {customer} the {machine} as a proper offer. One e-mail, parts as a list, "
    "then the two amounts (parts, assembly), the day the quote ends and a line on what comes next.",
    "Would you put our quote into words? It goes to {customer} and is about the {machine}. Nothing "
    "may be missing from the parts, and I want to see parts total and assembly apart, plus the "
    "date until which the price is good, plus an invitation to go ahead.",
    "A mail, please, in our usual manner. Reader: {customer}. Matter: the quoted {machine}. The "
    "reader should learn what is in it, what the parts cost together, what putting it together "
    "costs, until what day all this is valid and how to accept.",
    "On Friday I promised {customer} something to look at over the weekend, and forgot. Make up "
    "for it: present the {machine} that we quoted, part by part, with the amount for the parts, "
    "that for assembly, the day it runs out and the next step.",
    "Draft: offer e-mail, {machine}, {customer}. Must contain machine name, complete parts, parts "
    "total, assembly fee (or that there is none), last day of validity, call to action.",
    "The {machine} we worked out for {customer} is ready to be shown. Write it up as an e-mail, "
    "not too long: its name, the list of what goes in, the price of all parts, that of our work, "
    "how long the customer can think about it (a date), and what to do then.",
    "Can you send the particulars of the {machine} to {customer}, by mail, ready for my outbox? I "
    "mean the full list of parts, their sum, the assembly fee, the end of the quote and the way to "
    "order.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("quote-email")
    company = desk.model
    warned, today = warned_of(company), company.now.date()
    quotes = [
        build
        for build in only_named(company)
        if holds(build, today)
        and not faults_of(parts_of(company, build))
        and are_free_of(parts_of(company, build), warned)
    ]
    rng.shuffle(quotes)
    quotes.sort(key=lambda build: last_day(build))
    for build in by_turns(quotes, lambda b: (b.assembly_cents > 0, last_day(b))):
        yield _draft(desk, build, rng)


def _draft(desk: Desk[Company], build: Build, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(build.customer_id)
    parts = parts_of(company, build)
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    session.call("search_builds", customer_id=customer_id, status="quoted")
    for product, _ in parts:
        session.call("search_products", id=product.id)
    session.call("check_build_compatibility", items=items_of(parts))
    name = machine_name(build)
    listing = "\n".join(f"- {parts_text([part])}" for part in parts)
    fee = money(build.assembly_cents) if build.assembly_cents else "free"
    body = (
        f"Here is our quote for your {name}, with these parts:\n\n{listing}\n\nThe parts come "
        f"to {money(build.parts_cents)}, and assembly is {fee}. The quote holds until "
        f"{spoken_day(last_day(build))}.\n\nTo order it, reply to this e-mail."
    )
    return Draft(
        title=f"E-mail: the quote {build.id}",
        keys=(build.id,),
        slots={"machine": name, "customer": named(company, customer)},
        calls=session.calls,
        response=mail(customer.first_name, body),
        criteria=(
            *mail_criteria(customer.first_name),
            says_any("machine", f"Names the machine: {name}.", name),
            says_all("parts", f"Lists all {len(parts)} parts.", *(part.name for part, _ in parts)),
            says_amount("parts-total", "the sum of the parts", build.parts_cents),
            says_cost("assembly", "the assembly fee", build.assembly_cents, r"assembl\w*"),
            says_date("last-day", "the last day of the quote", f"{last_day(build)}"),
            *_discretion(build),
            changes_nothing(),
        ),
        requester=requester(an_asker(company, rng, "builds", "support")),
    )


def _discretion(build: Build) -> tuple[Criterion, ...]:
    """An internal remark that the customer must not read, if there is one."""
    if not build.notes or "forum" not in build.notes:
        return ()
    text = "Keeps the internal remark about the forum to itself."
    return (says_matching("discretion", text, r"^(?![\s\S]*\bforum\b)[\s\S]*\S"),)


QUOTE_EMAIL: Scenario[Company] = Scenario(
    name="quote-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.EASY,
    system_prompt=BUILD_DESK,
    intent="{customer} gets the quote for the {machine} in writing, complete and with its last "
    "day.",
    phrasings=_PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
