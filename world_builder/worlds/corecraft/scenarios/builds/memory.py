"""The scenario `memory-upgrade`: may kits of memory be added to a machine that we built?"""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import changes_nothing, says_matching
from world_builder.worlds.corecraft.company import Build, Company, Product
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.replacements import parts_of
from world_builder.worlds.corecraft.reckoning.upgrades import MemoryUpgrade, memory_upgrade
from world_builder.worlds.corecraft.scenarios.builds.figures import (
    compared,
    says_count_of,
    says_measure,
    says_verdict,
)
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    an_asker,
    found_by_name,
    machine_name,
    named,
    only_named,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import requester

_NUM = 18
_FREE = r"free|empty|open|left|unused|available|unoccupied|remain\w*"
_NEED = r"need\w*|requir\w*|take|takes|use|uses|modules?|occup\w+|fill|would|sticks?"
_TOTAL = r"total|would|altogether|in all|com(?:e|es|ing) to|reach|then|after|makes?|add"
_MOST = r"most|max\w*|limit|up to|largest|supports?|takes|allows?|ceiling|cap"

_PHRASINGS = (
    "May {kits} be added to the {machine} that we built for {customer}? All of what is in it "
    "stays. I need yes or no, and whatever the answer: the memory type of board and kit, free "
    "slots and slots needed, the total it would come to and the most the board takes.",
    "{customer} wants more memory in the {machine}: {kits}, on top of what is there. Does the "
    "board take that? Please with the types of board and kit, the slots that are free and that it "
    "needs, and the gigabytes: new total and the board's limit.",
    "memory upgrade question. machine: {machine}, owner: {customer}, to be added: {kits}. goes or "
    "doesn't go? need the memory types, how many slots are free and how many it takes, the new "
    "total and the board's maximum, in any case.",
    "Please work this out before I sell it. On top of the memory in the {machine} of {customer} "
    "would come {kits}. Verdict, then the three comparisons: kind of memory, slots, total size; "
    "both sides of each, even of those that are no problem.",
    "I told {customer} that adding memory is always possible and now I am not so sure. It is "
    "about the {machine} and {kits} in addition. What does the board say: type against type, free "
    "slots against modules, resulting gigabytes against its limit?",
    "Add {kits} to the {machine} of {customer}, nothing removed: allowed? Types, free "
    "slots, needed slots, total GB, max GB.",
    '"Can I put in {kits} without taking anything out?" The question comes from {customer} and '
    "is about the {machine} from our lab. Answer it for me with the figures of all three points: "
    "memory type on both sides, slots free and needed, total afterwards and maximum.",
    "Look at the {machine} we delivered to {customer}. Is there room for {kits} besides the memory "
    "already in? I want a clear yes or no first. After that the type the board takes and the type "
    "of the kit, the slots that are free and that would be needed, the sum in GB and the largest "
    "sum allowed.",
    "The bench would do an upgrade on Thursday: {kits}, additional, in the {machine} belonging to "
    "{customer}. Does it work by our checks (type, slots, total)? Two figures for each check, "
    "please, passed or not.",
    "Room for more memory? {machine} / {customer} / plus {kits}. Tell me first whether it can be "
    "done, second the types, third slots free and slots required, fourth the total it makes and "
    "the total the board allows.",
)
_DETAILS = (
    "Speed doesn't matter to them.",
    "They do not want to exchange what is already there.",
    "Price comes later.",
    "I only know the machine by that name.",
    "They read that slots are slots, which is why I ask.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("memory-upgrade")
    for build, kit, num, found in _cases(desk.model, rng):
        yield _draft(desk, build, kit, num, found, rng)


_Case = tuple[Build, Product, int, MemoryUpgrade]


def _cases(company: Company, rng: Random) -> list[_Case]:
    """One case a build; allowed and forbidden by turns, full slots and full boards first."""
    builds = [b for b in only_named(company) if b.status == "completed"]
    kits = [p for p in company.products_in("memory") if p.status == "active"]
    found = [
        (build, kit, num, memory_upgrade(parts_of(company, build), kit, num))
        for build in builds
        for kit in kits
        for num in (1, 2)
    ]
    rng.shuffle(found)
    found.sort(key=lambda case: _distance(case[3]))
    allowed = _distinct([c for c in found if not c[3].problems])[: _NUM // 2]
    taken = {case[0].id for case in allowed}
    refused = by_turns(
        (c for c in found if c[3].problems and c[0].id not in taken),
        lambda c: (c[3].problems, c[1].specs["modules"], c[2]),
    )
    return by_turns([*allowed, *_distinct(refused)], lambda c: bool(c[3].problems))


def _distinct(cases: list[_Case]) -> list[_Case]:
    """One case a build, no two with the same figures; the first ones are kept."""
    kept: list[_Case] = []
    for case in cases:
        if all(case[0].id != other[0].id and case[3] != other[3] for other in kept):
            kept.append(case)
    return kept


def _distance(found: MemoryUpgrade) -> int:
    """How far a case is from the edge of what a board takes."""
    return abs(found.free_slots - found.needed_slots) + (found.total_gb != found.max_gb)


def _draft(
    desk: Desk[Company], build: Build, kit: Product, num: int, found: MemoryUpgrade, rng: Random
) -> Draft:
    company = desk.model
    customer = company.customer(build.customer_id)
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    session.call("search_builds", customer_id=customer_id)
    for product, _ in parts_of(company, build):
        if product.category in ("motherboard", "memory"):
            session.call("search_products", id=product.id)
    session.call("search_products", text=kit.name)
    kits = f"{'one kit' if num == 1 else 'two kits'} of {kit.name}"
    return Draft(
        title=f"May {kits} be added to {build.id}?",
        keys=(build.id,),
        slots={
            "kits": kits,
            "machine": machine_name(build),
            "customer": named(company, customer),
        },
        calls=session.calls,
        response=_answer(found),
        criteria=_criteria(found),
        requester=requester(an_asker(company, rng)),
    )


def _answer(found: MemoryUpgrade) -> str:
    verdict = "No, that cannot be added." if found.problems else "Yes, that can be added."
    if "type" in found.problems:
        types = f"The board takes {found.board_type}, while the kit is {found.kit_type}."
    else:
        types = f"Board and kit are both {found.kit_type}."
    is_one = found.free_slots == 1
    return (
        f"{verdict} {types} {found.free_slots} {'slot is' if is_one else 'slots are'} free and "
        f"{found.needed_slots} needed. The total would be {found.total_gb} GB, and the board takes "
        f"{found.max_gb} GB at most."
    )


def _criteria(found: MemoryUpgrade) -> tuple[Criterion, ...]:
    told = "cannot be added" if found.problems else "can be added"
    both = compared(found.total_gb, found.max_gb, "GB")
    types = dict.fromkeys((found.board_type, found.kit_type))
    return (
        says_verdict("verdict", f"Says that they {told}.", is_yes=not found.problems),
        says_matching(
            "type",
            f"States the memory type of the board, {found.board_type}, and of the kit, "
            f"{found.kit_type}.",
            "^" + "".join(rf"(?=[\s\S]*\b{name}\b(?!-\d))" for name in types),
        ),
        says_count_of("free-slots", "the free slots", found.free_slots, _FREE),
        says_count_of("needed-slots", "the slots needed", found.needed_slots, _NEED),
        says_measure("total", "the total with the kits", found.total_gb, "GB", _TOTAL, also=both),
        says_measure("limit", "the most the board takes", found.max_gb, "GB", _MOST, also=both),
        changes_nothing(),
    )


MEMORY_UPGRADE: Scenario[Company] = Scenario(
    name="memory-upgrade",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=BUILD_DESK,
    intent="Know before anything is sold whether {kits} may be added to the {machine} of "
    "{customer}, judged by type, slots and total.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
