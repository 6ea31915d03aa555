"""The scenario `who-decides`: a colleague's manager, and who stands in."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    pairs,
    says_any,
    says_date,
    says_matching,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, found_employee, requester

_PHRASINGS = (
    "Is {colleague} at work today, and who is their manager? Job title, the manager's name with "
    "Slack handle and refund limit, please. If {colleague} is away: until when, and who covers?",
    "{colleague}: in or out? what job, who is the boss (name, handle, refund limit)? if away until "
    "when + cover",
    "I need to reach {colleague} or whoever stands above. What does {colleague} do here, is "
    "{colleague} in, and who is the manager, on Slack as what, allowed to refund how much? In case "
    "of an absence tell me the end of it and the cover.",
    "Who does {colleague} report to? I want the manager's name, Slack name and refund limit. And "
    "while you're at it: the job of {colleague} and whether they're here today (if not: till when, "
    "who instead).",
    "Chain of command for {colleague}, one step up: manager, handle, limit for refunds. Plus job "
    "title and presence of {colleague} today; for absentees the date and the stand-in.",
    "Where would a case of {colleague} go next? State title and presence of {colleague}, then name "
    "the manager with handle and how much the manager may refund. If absent, add until which day "
    "and who covers.",
    "I have a note that says only '{colleague}'. What's their job, are they working today, and who "
    "is their direct manager (handle and refund limit too)? For somebody away I also need the day "
    "of return and the cover.",
    "{colleague} - still with us, and in? title? manager of {colleague} with slack handle and what "
    "they can refund. away = until + who covers",
    "Please look up {colleague} in the staff list: job title, here or away today (with the end and "
    "the cover if away), and the superior by name, Slack handle, refund limit.",
)
_DETAILS = (
    "I am new and don't know everybody.",
    "The chart on the wall is out of date.",
    "Just this one person.",
    "I'd rather not bother the wrong one.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("who-decides")
    company = desk.model
    names = [employee.name for employee in company.employees]
    people = [e for e in company.employees if e.manager_id and names.count(e.name) == 1]
    rng.shuffle(people)
    for person in by_turns(people, _presence):
        yield _draft(desk, person, rng)


def _presence(person: Employee) -> str:
    if not person.is_active:
        return "left"
    return "away" if person.out_of_office else "in"


def _draft(desk: Desk[Company], person: Employee, rng: Random) -> Draft:
    company = desk.model
    manager = company.employee(str(person.manager_id))
    session = desk.session()
    found_employee(session, person)
    session.call("search_employees", id=manager.id)
    told, judged = _told(person)
    limit = money(manager.refund_limit_cents)
    asker = asked_by(company, rng, "support", "returns", "builds", "warehouse", "billing")
    return Draft(
        title=f"Who stands above {person.name}",
        keys=(person.id,),
        slots={"colleague": person.name},
        calls=session.calls,
        response=f"{person.name}, {person.job_title}, {told} The manager is {manager.name} "
        f"({manager.slack_handle}), who may refund up to {limit}.",
        criteria=(
            *judged,
            says_any("job", f"Gives the job: {person.job_title}.", person.job_title),
            says_any("manager", f"Names the manager: {manager.name}.", manager.name),
            says_any("handle", f"Gives the handle: {manager.slack_handle}.",
                     manager.slack_handle.removeprefix("@")),
            pairs("limit", f"Gives the manager's limit: {limit}.", manager.name, limit),
            says_any("person", f"Names {person.name}.", person.name),
            changes_nothing(),
        ),
        requester=requester(asker),
    )  # fmt: skip


_IN = r"\b(?:at work|is in\b|is here|present|in today|working today|available)"
_OUT = r"\baway\b|\bleave\b|absent|training|not (?:in|here|at work)|out of (?:the )?office"
_LEFT = r"no longer (?:works|with|here|employed)|\bleft\b|not (?:active|employed)|former|inactive"


def _told(person: Employee) -> tuple[str, tuple[Criterion, ...]]:
    presence = _presence(person)
    if presence == "in":
        return "is at work today.", (
            says_right_not_wrong("presence", "Says that the colleague is at work.", _IN,
                                 f"{_OUT}|{_LEFT}"),
        )  # fmt: skip
    if presence == "left":
        return "no longer works here.", (
            says_matching("presence", "Says that the colleague no longer works here.", _LEFT),
        )
    away = str(person.out_of_office)
    until, cover = away.split(" until ")[1].split(";")[0], away.split("; ")[1].split(" covers")[0]
    return f"is away until {until}; {cover} stands in.", (
        says_right_not_wrong("presence", "Says that the colleague is away.", _OUT, _LEFT),
        says_date("until", "until when", until),
        says_any("cover", f"Names who covers: {cover}.", cover),
    )


WHO_DECIDES: Scenario[Company] = Scenario(
    name="who-decides",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=BACK_OFFICE,
    intent="Reach {colleague} or whoever may decide instead.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=18,
)
