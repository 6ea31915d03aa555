"""The scenario `card-upgrade`: could another graphics card go into a machine that we delivered?"""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_amount,
    says_any,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Build, Company, Product
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.replacements import on_sale, parts_of
from world_builder.worlds.corecraft.reckoning.upgrades import CardUpgrade, card_upgrade
from world_builder.worlds.corecraft.scenarios.builds.figures import (
    NO,
    compared,
    near,
    says_measure,
    says_verdict,
)
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    an_asker,
    found_by_name,
    items_of,
    machine_name,
    named,
    only_named,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import listed, requester

_NUM = 18
_CARD = r"long|length|card|measures"
_CASE = r"case|takes|room|limit|up to|allows?|clearance|space|max\w*"
_NEEDED = r"need|requir|headroom|machine|draw|calculat|at least|minimum|comes? to"
_ASKED = r"recommend|maker|manufacturer|asks?|vendor|wants?|brand"
_RATED = r"rated|rating|suppl(?:y|ies)|psu|provides?|offers?|delivers?|gives|has"
_TOO_LONG = r"too long|longer than|exceeds?|over the|past the|more than|not fit|n['’]t fit|only"
_GOES = r"\b(?:yes|can|fits?|goes in|go in|works?|compatible|possible|ok(?:ay)?)\b"
_GOES_NOT = (
    r"(?:^|[.!?:*]\s*)no\b|\bcan ?not|can['’]t|incompatible|impossible|unsuitable"
    r"|(?:not|n['’]t) (?:be )?(?:fit|go|work|possible|compatible|suitable|an option)"
)
_SUPPLY = r"suppl(?:y|ies)|psu|power|watts?|\d W\b"

_PHRASINGS = (
    "Would the {card} go into the {machine} that {customer} got from us? Compare its length with "
    "what the case takes, and the supply with what the machine would need and with what the maker "
    "of the new card recommends. Also the difference in list price to the card that is in there "
    "now, and which one that is.",
    "{customer} is thinking of the {card} for the {machine}. Fits or not, and if not, because of "
    "what? Figures: length / room in the case, watts needed with headroom, watts recommended, "
    "watts of the supply, list price compared with the present card (name it).",
    "card swap for {customer}, {machine}: new one would be {card}. ok? pls with mm (card + case), "
    "W (needed, recommended, rated), the card that comes out, $ difference at list.",
    "Can we exchange the graphics card in the {machine} of {customer} for the {card}, leaving "
    "everything else as it is? I need the verdict, card and case in millimetres, the power it "
    "takes then, the maker's recommendation, what the supply is rated at, the name of the old card "
    "and the price gap between the two by our list.",
    "Before I promise {customer} the {card}: look up the {machine} we built and check length and "
    "power. Tell me both lengths, all three wattages (our need with headroom, the card maker's "
    "wish, the rating), and how far apart old and new card are in price. Which card is in it?",
    '"I\'d like the {card} in my {machine}", writes {customer}. Is it possible with case and power '
    "supply as they are? What stands against it, if anything? I need the numbers of both checks "
    "and what the card costs more or less than the one built in (which is what?), list price "
    "against list price.",
    "A yes or no for {customer} with reasons in figures: {card} into the {machine}. Length and the "
    "case's limit. Required watts, recommended watts, the supply's watts. Old card and price "
    "difference.",
    "The name that matters is {customer}, the computer is called {machine}, the wish is the {card} "
    "instead of the card it has. Please judge by the catalogue whether that works out: is it short "
    "enough, is the supply strong enough (by our rule and by the maker's), and what is the "
    "difference between the list prices? Give all the figures you compare and say what is in it "
    "now.",
    "Upgrade check. {machine}, {customer}, {card}. I want: goes in or does not; mm of the card; mm "
    "of the case; W needed; W the maker asks for; W there; present card; dollars between the two.",
    "Somebody on the phone swore that the {card} fits everything. Does it fit the {machine} of "
    "{customer}? Supply and case stay. Say how long it is and how long it may be, what the power "
    "supply gives, what it would have to give with our headroom and what the manufacturer says, "
    "and then compare its list price with that of the card it replaces.",
)
_DETAILS = (
    "Nothing should be ordered yet.",
    "They do not want a new case or a new supply.",
    "Loyalty discount left aside, list prices are enough.",
    "Card names all sound alike to me, so look closely.",
    "I only want the check, no sales talk.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("card-upgrade")
    for build, card, found in _cases(desk.model, rng):
        yield _draft(desk, build, card, found, rng)


_Case = tuple[Build, Product, CardUpgrade]


def _cases(company: Company, rng: Random) -> list[_Case]:
    """One case a build; good and bad by turns, those near a limit first."""
    found = [
        (build, card, card_upgrade(parts_of(company, build), card))
        for build in only_named(company)
        if build.status == "completed" and _has_card(company, build)
        for card in on_sale(company, "gpu")
    ]
    found = [case for case in found if case[1].id != case[2].old.id]
    rng.shuffle(found)
    found.sort(key=lambda case: _distance(case[2]))
    bad = by_turns((c for c in found if c[2].problems), lambda c: c[2].problems)
    bad = once_each(bad, lambda c: c[0].id)[: _NUM // 2]
    taken = {case[0].id for case in bad}
    good = (c for c in found if not c[2].problems and c[0].id not in taken)
    return by_turns([*once_each(good, lambda c: c[0].id), *bad], lambda c: bool(c[2].problems))


def _has_card(company: Company, build: Build) -> bool:
    return any(part.category == "gpu" for part, _ in parts_of(company, build))


def _distance(found: CardUpgrade) -> int:
    return min(abs(found.length_mm - found.max_length_mm), abs(found.power.margin_w))


def _draft(
    desk: Desk[Company], build: Build, card: Product, found: CardUpgrade, rng: Random
) -> Draft:
    company = desk.model
    customer = company.customer(build.customer_id)
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    session.call("search_builds", customer_id=customer_id)
    session.call("search_products", text=card.name)
    kept = [p for p, _ in parts_of(company, build) if p.category in ("cpu", "psu", "case")]
    for product in (*kept, found.old):
        session.call("search_products", id=product.id)
    session.call("check_build_compatibility", items=items_of([(p, 1) for p in (*kept, card)]))
    return Draft(
        title=f"Could the {card.name} go into {build.id}?",
        keys=(build.id,),
        slots={
            "card": card.name,
            "machine": machine_name(build),
            "customer": named(company, customer),
        },
        calls=session.calls,
        response=_answer(found),
        criteria=_criteria(found),
        requester=requester(an_asker(company, rng)),
    )


def _answer(found: CardUpgrade) -> str:
    is_long, is_weak = "length" in found.problems, "power" in found.problems
    verdict = "No, it cannot go in." if found.problems else "Yes, it can go in."
    power = found.power
    step = found.difference_cents
    price = (
        f"costs {money(abs(step))} {'more' if step > 0 else 'less'} than"
        if step
        else "costs the same as"
    )
    length = "The card is too long" if is_long else "Its length is fine"
    return (
        f"{verdict} {length}: {found.length_mm} mm, while the case takes {found.max_length_mm} mm. "
        f"The power supply is "
        f"{'too weak' if is_weak else 'strong enough'}: it is rated at {power.rated_w} W, the "
        f"machine needs {power.needed_w} W, and the maker of the card recommends "
        f"{power.recommended_w} W. It {price} the {found.old.name} in it now."
    )


def _criteria(found: CardUpgrade) -> tuple[Criterion, ...]:
    told = "cannot go in" if found.problems else "can go in"
    power = found.power
    both = compared(found.length_mm, found.max_length_mm, "mm")
    return (
        says_verdict(
            "verdict",
            f"Says that the card {told}.",
            is_yes=not found.problems,
            yes=_GOES,
            no=_GOES_NOT,
        ),
        *_obstacle(found),
        says_measure("length", "the length of the card", found.length_mm, "mm", _CARD, also=both),
        says_measure("room", "what the case takes", found.max_length_mm, "mm", _CASE, also=both),
        says_measure("needed", "what the machine would need", power.needed_w, "W", _NEEDED),
        says_measure(
            "recommended", "what the card's maker recommends", power.recommended_w, "W", _ASKED
        ),
        says_measure("rated", "what the supply is rated at", power.rated_w, "W", _RATED),
        says_any("old", f"Names the card in it: {found.old.name}.", found.old.name, found.old.id),
        _says_difference(found.difference_cents),
        changes_nothing(),
    )


def _obstacle(found: CardUpgrade) -> tuple[Criterion, ...]:
    """What stands against the card, and nothing that does not."""
    if not found.problems:
        return ()
    long, weak = rf"(?:{_TOO_LONG})", near(NO, _SUPPLY)
    right = {"length": rf"(?=[\s\S]*{long})", "power": rf"(?=[\s\S]*(?:{weak}))"}
    wrong = {"length": r"too long", "power": r"too weak|insufficient"}
    names = {"length": "the length of the card", "power": "the power supply"}
    text = f"Says what stands against it: {listed([names[name] for name in found.problems])}."
    must = "^" + "".join(right[name] for name in found.problems)
    not_ = "|".join(wrong[name] for name in wrong if name not in found.problems)
    return (says_right_not_wrong("obstacle", text, must, not_ or r"(?!)"),)


def _says_difference(cents: int) -> Criterion:
    if cents == 0:
        text = "Says that both cards cost the same."
        return says_right_not_wrong("difference", text, r"same|no difference|\$0\.00", r"(?!)")
    return says_amount("difference", "the difference between the list prices", abs(cents))


CARD_UPGRADE: Scenario[Company] = Scenario(
    name="card-upgrade",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=BUILD_DESK,
    intent="Know whether the {card} works in the {machine} of {customer} with the case and supply "
    "it has, and what the step costs.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
