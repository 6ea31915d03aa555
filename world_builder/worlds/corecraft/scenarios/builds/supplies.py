"""The scenario `psu-check`: is the power supply of a build enough?

Source: paper section 3.3, power supply wattage against the graphics card's requirement.
"""

import re
from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import changes_nothing, says_any, says_matching
from world_builder.worlds.corecraft.company import Build, Company, Product
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.power import Power, power_of
from world_builder.worlds.corecraft.reckoning.replacements import parts_of
from world_builder.worlds.corecraft.scenarios.builds.figures import (
    measure,
    near,
    says_measure,
    says_verdict,
)
from world_builder.worlds.corecraft.scenarios.builds.wording import an_asker, items_of
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import requester

_NUM = 18
_OPEN = ("quoted", "ordered", "assembling", "testing")
_NEEDED = r"need|requir|headroom|machine|with (?:the )?20|calculat|at least|minimum|comes? to|must"
_ASKED = r"recommend|maker|manufacturer|asks?|vendor|brand|wants?|card|gpu"
_RATED = r"rated|rating|suppl(?:y|ies)|psu|provides?|offers?|delivers?|output|gives|has|is a"
_SPARE = (
    r"spare|margin|left|reserve|over|above|more than|beyond|surplus|headroom|room|differ\w*"
    r"|clears?|exceeds?|by"
)
_SHORT = (
    r"short|lack|missing|below|under|too (?:little|few|weak)|less than|deficit|gap|differ\w*"
    r"|miss\w*|by"
)

_PHRASINGS = (
    "Is the power supply of {build} strong enough? Tell me what the machine needs with our "
    "headroom, what the maker of the graphics card recommends (if there is a card), which supply "
    "it has and its rated watts, and how much it has to spare or lacks against the higher of the "
    "two.",
    "{build}: PSU ok, yes or no? Needed W incl. headroom / maker's W for the card, if any / model "
    "and rated W of the supply / margin or shortfall against whichever is higher.",
    "Someone at the bench has a bad feeling about the supply in {build}. Do the sum by our rules "
    "and tell me whether it will do: model, rated power, what processor and card need with the "
    "headroom on top, the recommendation that comes with the card (or that there is no card), and "
    "the watts over or under the stricter of those.",
    "power check for {build} please. does the supply suffice? i want the numbers: required with "
    "headroom, recommended for the card if it has one, rated, difference to the bigger one. and "
    "the name of the psu.",
    "I would like a second opinion on the wattage of {build}. First the verdict. Then the supply "
    "that is in it and what it is rated at, the need of the machine (headroom included), the "
    "figure of the card's manufacturer unless there is no card, and the reserve or the gap, "
    "measured against the larger of the two.",
    "A customer read in a forum that one simply doubles the card. By our own rule, is the supply "
    "listed in {build} enough? Which one is it, how many watts are needed, how many does the maker "
    "of the card ask for (there may be no card at all), how many does it give, how many are left "
    "over or missing compared with the higher demand?",
    "Before {build} goes on: will its power supply carry it? Verdict, name and rating of the "
    "supply, watts the machine needs by the policy, watts recommended for its graphics card or a "
    "note that it has none, and the difference to the higher one.",
    "Work out the power budget of {build} and give me five things: enough or not, the supply with "
    "its rated watts, the watts needed with headroom, what the maker of the card wants (say so if "
    "no card is in), watts to spare or short.\nThe last one against whichever demand is higher.",
    "Would you sign off the supply in {build}? I need the model, its watts, our required watts, "
    "the card maker's watts (or no card), and by how much it clears or misses the higher bar.",
    "Quick sanity check on {build}, only the electricity. Enough or too weak, and by how many "
    "watts against the higher of (a) need with headroom and (b) what the card's manufacturer "
    "recommends, if it has a card. Give me a and b as well, and what is built in, with its rating.",
)
_DETAILS = (
    "I don't want a shopping list, only the check.",
    "Somebody mentioned an old article with a rule of thumb; I would not rely on it.",
    "Efficiency class and noise don't interest me.",
    "I have no calculator at hand, hence the question.",
    "The case and the cooler are fine, no need to look at them.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("psu-check")
    company = desk.model
    found = [(b, power_of(parts_of(company, b))) for b in company.builds if b.status in _OPEN]
    rng.shuffle(found)
    found.sort(key=lambda case: abs(case[1].margin_w))
    found = once_each(found, lambda case: (_supply(company, case[0]).id, case[1]))
    found = by_turns(found, lambda case: (_bar(case[1]), case[1].margin_w == 0))
    for build, power in by_turns(found, lambda case: case[1].is_enough):
        yield _draft(desk, build, power, rng)


def _supply(company: Company, build: Build) -> Product:
    return next(part for part, _ in parts_of(company, build) if part.category == "psu")


def _bar(power: Power) -> str:
    """Which demand is the higher one."""
    if not power.recommended_w:
        return "no card"
    return "maker" if power.recommended_w >= power.needed_w else "need"


def _draft(desk: Desk[Company], build: Build, power: Power, rng: Random) -> Draft:
    company = desk.model
    parts = parts_of(company, build)
    session = desk.session()
    session.call("search_builds", id=build.id)
    wanted = [(p, qty) for p, qty in parts if p.category in ("cpu", "gpu", "psu")]
    for product, _ in wanted:
        session.call("search_products", id=product.id)
    session.call("check_build_compatibility", items=items_of(wanted))
    supply = _supply(company, build)
    return Draft(
        title=f"Is the power supply of {build.id} enough?",
        keys=(build.id,),
        slots={"build": build.id},
        calls=session.calls,
        response=_answer(supply, power, rng),
        criteria=_criteria(supply, power),
        requester=requester(an_asker(company, rng)),
    )


def _answer(supply: Product, power: Power, rng: Random) -> str:
    card = (
        f"the maker of the graphics card recommends {power.recommended_w} W"
        if power.recommended_w
        else "no graphics card is in it"
    )
    need = f"The machine needs {power.needed_w} W with headroom, and {card}."
    if power.is_enough:
        verdict = rng.choice(("Yes, the {} is enough.", "Yes, the {} suffices.")).format(
            supply.name
        )
        rest = f"It is rated at {power.rated_w} W, with {power.margin_w} W to spare."
    else:
        verdict = rng.choice(("No, the {} is not enough.", "No, the {} is too weak.")).format(
            supply.name
        )
        rest = f"It is rated at {power.rated_w} W and falls {-power.margin_w} W short."
    return f"{verdict} {need} {rest}"


def _criteria(supply: Product, power: Power) -> tuple[Criterion, ...]:
    rated = rf"{_RATED}|{re.escape(supply.name)}"
    enough = "is enough" if power.is_enough else "is not enough"
    return (
        says_verdict("verdict", f"Says that the supply {enough}.", is_yes=power.is_enough),
        says_any("supply", f"Names the supply: {supply.name}.", supply.name, supply.id),
        says_measure("needed", "what the machine needs", power.needed_w, "W", _NEEDED),
        _says_recommended(power.recommended_w),
        says_measure("rated", "what the supply is rated at", power.rated_w, "W", rated),
        _says_margin(power.margin_w),
        changes_nothing(),
    )


def _says_recommended(watts: int) -> Criterion:
    if watts:
        return says_measure("recommended", "what the card's maker recommends", watts, "W", _ASKED)
    none = r"\b(?:no|without|none|not|n/a)\b|n['’]t\b"
    text = "Says that there is no graphics card and so no recommendation."
    return says_matching("recommended", text, near(none, r"card|gpu|recommend\w*|maker"))


def _says_margin(watts: int) -> Criterion:
    if watts > 0:
        return says_measure("margin", "the watts to spare", watts, "W", _SPARE)
    if watts < 0:
        return says_measure("margin", "the watts that are lacking", -watts, "W", _SHORT)
    nothing = rf"{measure(0, 'W')}|\b(?:no|nothing|zero|none)\b"
    pattern = near(nothing, _SPARE) + r"|\b(?:exactly|precisely|just (?:meets|reaches|enough))\b"
    return says_matching("margin", "Says that there are 0 W to spare.", pattern)


PSU_CHECK: Scenario[Company] = Scenario(
    name="psu-check",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BUILD_DESK,
    intent="Know whether {build} would run on its power supply by the company's rule, with the "
    "figures behind it.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
