"""The scenario `technician-load`: who has what in the lab, what is late, who has room, who is away.

Never trained on: it is held out whole.
"""

import re
from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import changes_nothing, is_list, says_matching
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Build, Company, Employee
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.lab import (
    LAB_STATUSES,
    Load,
    away_until,
    cover_of,
    days_left,
    lab_builds,
    load_of,
    technicians,
)
from world_builder.worlds.corecraft.scenarios.builds.figures import day_pattern
from world_builder.worlds.corecraft.scenarios.builds.wording import STATUS_PATTERNS
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    listed,
    requester,
    spoken_day,
    staff,
)

_NUM = 12
_SCOPES = {
    "in testing": ("testing",),
    "being assembled": ("assembling",),
    "in the lab, assembling and testing together": LAB_STATUSES,
}
"""What is counted for the fewest, as people say it."""
_NONE = r"\b(?:none|nothing|no|nobody|n/a)\b|[-–—]\s*$"

_PHRASINGS = (
    "What does {technician} have on the bench? List each build that is assembling or testing with "
    'its status and due day. Under the list four lines: "Overdue:" with the ids that are past '
    'their day, "Due soon:" with those due from today up to and including {until}, "Fewest:" '
    "with the system builders at work today who have the fewest builds {scope} and how many that "
    'is, "Away:" with whoever of the system builders is away, until when, and who covers.',
    "Morning board, please. Part one, a list for {technician}: id, status, due day of everything "
    "assembling or testing. Part two, one line each. Overdue: which of them. Due soon: which of "
    "them fall between today and {until}, both included. Fewest: who of the system builders that "
    "are in has the least builds {scope}, with the number. Away: who is missing, until what day, "
    "covered by whom.",
    "load of {technician}: list of builds in assembling/testing (id, status, due). then lines "
    '"Overdue: ...", "Due soon: ..." (today to {until} incl.), "Fewest: ..." (system builders '
    'at work, builds {scope}, count), "Away: ..." (who, until, cover). write none where there is '
    "none.",
    "I have to hand out two more machines and want to see where we stand. Start with {technician}: "
    "every build in assembling or testing as a list with status and due date. Then tell me, in "
    "lines that begin with Overdue, Due soon, Fewest and Away: which of these builds are late; "
    "which of them are due by {until} at the latest and not late; which system builders present "
    "today have the fewest builds {scope}, and how few; which are absent, till when, with what "
    "cover. None is an answer too.",
    "Could you look through the lab for me? I need a list of the builds that {technician} is "
    "assembling or testing (with status and the day they are due) and then a short summary of four "
    "labelled lines. Label one is Overdue, for the late ones among them. Label two is Due soon, "
    "for those due today or later but no later than {until}. Label three is Fewest: of all system "
    "builders who are not away, the one or ones with fewest builds {scope}, and the number. Label "
    "four is Away: the absent ones with return day and cover.",
    "Shift handover for {technician}. Bullets: build, assembling or testing, due day. After the "
    'bullets, "Overdue" (ids or none), "Due soon" (ids due from today through {until}, or none), '
    '"Fewest" (names of the system builders in today with the smallest number of builds {scope}; '
    'give the number; ties all count), "Away" (name, until, cover), a line apiece.',
    "Who can take more work, and what is {technician} sitting on? Give me the second first: all "
    "builds of that name in assembling or testing, listed with status and due day. Next a line "
    "Overdue with what is late, a line Due soon with what is due from today until {until}, a line "
    "Fewest with the system builders on duty who have fewest builds {scope} (everybody who ties, "
    "plus the figure), a line Away with who is off, how long, and who stands in.",
    "For the stand-up: the open builds of {technician} as a list, each with its status (assembling "
    "or testing) and due date. Below it, please, exactly these: Overdue, the ids. Due soon, the "
    "ids due no earlier than today and no later than {until}. Fewest, the system builder or "
    "builders at work with the fewest builds {scope} and their number. Away, absent system "
    'builders with the last day and the cover. One line for each of the four words, "none" if '
    "empty.",
    "Please reconcile the whiteboard with the records for {technician}. Its upper half is a list "
    "of the builds in assembling or testing: id, which of the two, due when. Its lower half is "
    "four lines that start with Overdue, Due soon, Fewest, Away. Overdue and Due soon hold ids out "
    "of the upper half (late ones; ones due today to {until}). Fewest holds the least loaded of "
    "the system builders who are here, going by builds {scope}, with the count. Away holds who is "
    "not here, until when and by whom covered.",
)
_DETAILS = (
    "Builds that are only ordered stay out of it.",
    "Leads and managers don't build, leave them aside.",
    "No moving of work yet, I only want the picture.",
    "Completed machines are of no interest today.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("technician-load")
    for load, scope in _cases(desk.model, rng):
        yield _draft(desk, load, scope, rng)


def _cases(company: Company, rng: Random) -> list[tuple[Load, str]]:
    """Each technician with windows that end on or just before a day on which something is due."""
    found: list[tuple[Load, str]] = []
    scopes = list(_SCOPES)
    for technician in technicians(company):
        lefts = {days_left(company, build) for build in lab_builds(company, technician.id)}
        windows = sorted({max(left + shift, 1) for left in lefts for shift in (0, -1)})
        for days in rng.sample(windows, len(windows)):
            scope = scopes[len(found) % len(scopes)]
            found.append((load_of(company, technician, days, _SCOPES[scope]), scope))
    return by_turns(found, lambda case: case[0].technician.id)


def _draft(desk: Desk[Company], load: Load, scope: str, rng: Random) -> Draft:
    session = desk.session()
    _looked_up(session, load, scope)
    leads = staff(desk.model, "builds", roles=("manager", "team_lead", "specialist"))
    return Draft(
        title=f"What {load.technician.name} has in the lab",
        keys=(load.technician.id,),
        slots={
            "technician": load.technician.name,
            "until": spoken_day(load.until),
            "scope": scope,
        },
        calls=session.calls,
        response=_answer(load),
        criteria=_criteria(load),
        requester=requester(rng.choice(leads)),
    )


def _looked_up(session: Session, load: Load, scope: str) -> None:
    session.call("search_employees", text="System Builder", is_active=True)
    for status in LAB_STATUSES:
        session.call("search_builds", technician_id=load.technician.id, status=status)
    for status in _SCOPES[scope]:
        session.call("search_builds", status=status, limit=50)


def _answer(load: Load) -> str:
    rows = [
        f"- {build.id}: {build.status}, due {spoken_day(build.due_on)}"
        for build in load.builds
        if build.due_on
    ]
    away = [
        f"{who.name} until {spoken_day(away_until(who))}, cover: {cover_of(who)}"
        for who in load.away
    ]
    each = " each" if len(load.fewest) > 1 else ""
    lines = (
        f"Overdue: {_ids(load.overdue)}",
        f"Due soon: {_ids(load.due_soon)}",
        f"Fewest: {listed(load.fewest)}, {load.num_fewest}{each}",
        f"Away: {listed(away) if away else 'none'}",
    )
    return "\n".join((*rows, "", *lines))


def _ids(ids: list[str]) -> str:
    return ", ".join(ids) or "none"


def _criteria(load: Load) -> tuple[Criterion, ...]:
    return (
        is_list(),
        *(_says_row(build) for build in load.builds),
        _says_ids("overdue", "overdue", load.overdue),
        _says_ids("due-soon", "due soon", load.due_soon),
        _says_fewest(load),
        *(_says_away(who) for who in load.away),
        changes_nothing(),
    )


def _says_row(build: Build) -> Criterion:
    if build.due_on is None:
        raise ValueError(f"{build.id} has no due day")
    parts = (rf"\b{build.id}\b", STATUS_PATTERNS[build.status], day_pattern(build.due_on))
    line = "(?m)^" + "".join(rf"(?=[^\n]*(?:{part}))" for part in parts)
    text = f"Lists {build.id}: {build.status}, due {build.due_on}."
    return says_matching(build.id, text, line)


def _says_ids(key: str, label: str, ids: list[str]) -> Criterion:
    """The labelled line holds these ids and no others."""
    begin = rf"(?m)^\W*{label.replace(' ', '[ -]')}\b"
    text = f"Says what is {label}: {_ids(ids)}."
    if not ids:
        return says_matching(key, text, rf"{begin}(?![^\n]*\bbld-)[^\n]*(?:{_NONE})")
    all_ids = "".join(rf"(?=[^\n]*\b{i}\b)" for i in ids)
    others = rf"(?![^\n]*\bbld-(?!(?:{'|'.join(i.removeprefix('bld-') for i in ids)})\b))"
    return says_matching(key, text, f"{begin}{others}{all_ids}")


def _says_fewest(load: Load) -> Criterion:
    told = f"{listed(load.fewest)}, {load.num_fewest}"
    others = [re.escape(name) for name in load.num_by_name if name not in load.fewest]
    no_others = rf"(?![^\n]*(?:{'|'.join(others)}))" if others else ""
    all_names = "".join(rf"(?=[^\n]*{re.escape(name)})" for name in load.fewest)
    number = count_pattern(load.num_fewest)
    pattern = rf"(?m)^\W*fewest\b{no_others}{all_names}(?=[^\n]*(?:{number}))"
    return says_matching("fewest", f"Says who has the fewest: {told}.", pattern)


def _says_away(who: Employee) -> Criterion:
    parts = (who.name, day_pattern(away_until(who)), cover_of(who))
    line = r"(?m)^\W*away\b" + "".join(rf"(?=[^\n]*(?:{part}))" for part in parts)
    text = f"Says that {who.name} is away until {away_until(who)} and {cover_of(who)} covers."
    return says_matching("away", text, line)


TECHNICIAN_LOAD: Scenario[Company] = Scenario(
    name="technician-load",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BUILD_DESK,
    intent="See what {technician} has on the bench, what is late or due by {until}, and who could "
    "take more.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
    is_unseen=True,
)
