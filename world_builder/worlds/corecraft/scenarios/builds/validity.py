"""The scenario `quote-valid`: does the quote for a build still hold, and what does it come to?"""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import changes_nothing, says_amount, says_any, says_date
from world_builder.worlds.corecraft.company import Build, Company
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.faults import faults_of
from world_builder.worlds.corecraft.reckoning.quotes import holds, last_day
from world_builder.worlds.corecraft.reckoning.replacements import parts_of
from world_builder.worlds.corecraft.scenarios.builds.figures import says_cost, says_verdict
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    an_asker,
    found_by_name,
    machine_name,
    named,
    only_named,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import requester, spoken_day

_NUM = 18
_FEE = r"assembl\w*|putting (?:it )?together|build(?:ing)? fee"

_PHRASINGS = (
    "Does our quote for the {machine} still hold for {customer}? I need the build id, the last "
    "day on which it holds or held, and what it says: parts, assembly fee, both together.",
    "{customer} would like to order the {machine} we quoted. Are we still bound by that quote "
    "today? Tell me its id, until when it runs (or ran), the sum of the parts, the fee for putting "
    "it together and the two added up.",
    "quote check: {customer}, {machine}. valid today y/n, valid until, build no., parts total, "
    "assembly, sum.",
    "can we still honour the quote of the {machine} that {customer} got? by the rules please, not "
    "by feeling. with id, final day, price of the parts, assembly, total of the two.",
    "I have {customer} in front of me with a printout of the {machine}. The price on it is smudged "
    "and so is the date. Look up the quote: id, parts at the quoted price, assembly, parts plus "
    "assembly, the last day it is good for, and whether that day has passed.",
    "The subject is a quote. Customer: {customer}. Build: {machine}. I ask: does it hold today, "
    "until which day inclusive, what are parts, assembly and the sum of both, and what is its id?",
    '"Is the offer for my {machine} still good?" asks {customer}. What is the right answer, and '
    "what are the last day, the parts total, the assembly fee, the sum and the id that go with it?",
    "Please find the quoted {machine} of {customer} and tell me if it has lapsed. Day on which it "
    "ends or ended, id, and the three amounts: parts, assembly, together (shipping and discount "
    "left aside).",
    "Somebody told {customer} that our quotes run for a month, which would surprise me. How is it "
    "with the {machine}: still valid today, and until when? What do parts and assembly come to, "
    "each and in sum? Build id too, please.",
    "For the call-back list: {customer} / {machine}. If the quote is still good I ring, otherwise "
    "I write. So: good or not, its last day, id, parts, assembly, sum.",
)
_DETAILS = (
    "Discounts come later, leave them out for now.",
    "I only need to know; nothing is to be renewed or ordered.",
    "They liked the machine, by the way.",
    "There may be other builds under that name; this is the only one I mean.",
    "I could not find the e-mail that went with it.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("quote-valid")
    company = desk.model
    quotes = [
        build
        for build in only_named(company)
        if build.status == "quoted" and not faults_of(parts_of(company, build))
    ]
    rng.shuffle(quotes)
    quotes.sort(key=lambda build: abs((company.now.date() - last_day(build)).days))
    kinds = by_turns(quotes, lambda b: (holds(b, company.now.date()), b.assembly_cents > 0))
    for build in kinds:
        yield _draft(desk, build, rng)


def _draft(desk: Desk[Company], build: Build, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(build.customer_id)
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    session.call("search_builds", customer_id=customer_id, status="quoted")
    is_good = holds(build, company.now.date())
    return Draft(
        title=f"Does the quote {build.id} still hold?",
        keys=(build.id,),
        slots={"machine": machine_name(build), "customer": named(company, customer)},
        calls=session.calls,
        response=_answer(build, rng, is_good=is_good),
        criteria=_criteria(build, is_good=is_good),
        requester=requester(an_asker(company, rng)),
    )


def _answer(build: Build, rng: Random, *, is_good: bool) -> str:
    day = spoken_day(last_day(build))
    if is_good:
        verdict = f"Yes, {build.id} still holds; its last day is {day}."
    else:
        verdict = rng.choice(
            (
                f"No, {build.id} no longer holds: its last day was {day}.",
                f"No, {build.id} has expired. Its last day was {day}.",
            )
        )
    parts, total = money(build.parts_cents), money(build.parts_cents + build.assembly_cents)
    if not build.assembly_cents:
        return f"{verdict} The parts come to {parts} and assembly is free: {total} together."
    fee = money(build.assembly_cents)
    return f"{verdict} The parts come to {parts} and assembly to {fee}, {total} together."


def _criteria(build: Build, *, is_good: bool) -> tuple[Criterion, ...]:
    told = "still holds" if is_good else "no longer holds"
    return (
        says_verdict("verdict", f"Says that the quote {told}.", is_yes=is_good),
        says_any("build", f"Names the build: {build.id}.", build.id),
        says_date("last-day", "the last day on which it holds", f"{last_day(build)}"),
        says_amount("parts", "the sum of the parts", build.parts_cents),
        says_cost("assembly", "the assembly fee", build.assembly_cents, _FEE),
        says_amount("total", "parts and assembly", build.parts_cents + build.assembly_cents),
        changes_nothing(),
    )


QUOTE_VALID: Scenario[Company] = Scenario(
    name="quote-valid",
    category=Category.REASONING,
    difficulty=Difficulty.EASY,
    system_prompt=BUILD_DESK,
    intent="Tell {customer} rightly whether the quote for the {machine} can still be accepted, and "
    "what it comes to.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
