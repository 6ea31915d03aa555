"""The scenario `escalation-status`: which escalations wait, and for whom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_table,
    leaves_out,
)
from world_builder.worlds.corecraft.company import Company, Escalation
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.rules import (
    ESCALATION_LEVELS,
    TICKET_CATEGORIES,
    TICKET_PRIORITIES,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    counted,
    requester,
    short_day,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.tickets.wording import (
    counts,
    day_pattern,
    in_one_line,
    whole,
)

_NUM = 18
_MOST_ROWS = 10

_PHRASINGS = (
    "I need {which} in a table: ticket, escalation id, who it is assigned to, when it was due or "
    "is due. Below it how many there are. As of now, please.",
    "Table of {which}. Columns: ticket | escalation | assigned to | due. And how many that makes.",
    "{which}: how many are there? put them in a table w/ ticket id, esc id, assignee of the "
    "escalation, due day + time",
    "For the hand-over at three I am collecting {which}. Could you go through the escalated "
    "tickets and give me, row by row in a table, the ticket, the id of its escalation, the person "
    "it went to and the due time? Tell me the count as well.",
    "Go through every ticket in status escalated, open its escalation and keep only these: "
    "{which}. What I want back is a table (ticket, escalation, assigned to, due) and the number "
    "of them.",
    "Somebody upstairs wants to see {which}. Count them first, then a table please, one row per "
    "escalation: ticket and escalation id, name of whoever has it, due date with the hour.",
    "Status check on {which}: a count, and a table with the ticket, the escalation itself, the "
    "colleague it sits with, the deadline. Anything that doesn't fit that description stays out.",
    "What is on the list if I ask for {which}? I would like it as a table showing escalation id, "
    "ticket id, assigned colleague (name, not number) and the moment it is due, plus the total.",
    "Please tabulate {which}. Ticket, escalation, whose it is, due. The total underneath. No "
    "other escalations in it, even if they look similar.",
    "I lost track of our escalations. Just {which} for now: which tickets, which escalation ids, "
    "with whom, due when (table), and the sum total.",
)
_DETAILS = (
    "Resolved escalations are history, leave them.",
    "The assignee of the ticket itself is of no interest here.",
    "I will chase people myself.",
    "Sorting does not matter.",
    "The reasons can stay out of it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Which of the unresolved escalations are asked for."""

    kind: str
    which: str
    found: tuple[Escalation, ...]
    choice: dict[str, Json]
    """Fields of the tickets that narrow the search."""


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("escalation-status")
    for question in _cases(desk.model, rng):
        yield _draft(desk, question, rng)


def _cases(company: Company, rng: Random) -> list[_Question]:
    """Questions with different answers, kinds of filters by turns."""
    questions = [q for q in _questions(company) if 0 < len(q.found) <= _MOST_ROWS]
    rng.shuffle(questions)
    questions = once_each(questions, lambda q: q.found)
    questions.sort(key=lambda q: len(q.found) < 2)
    return by_turns(questions, lambda q: q.kind)


def _questions(company: Company) -> Iterator[_Question]:
    unresolved = [e for e in company.escalations if e.status != "resolved"]
    for level in ("", *ESCALATION_LEVELS):
        of_level = f" of the level {level}" if level else ", whatever their level,"
        for state, fits in _states(company.now).items():
            found = tuple(e for e in unresolved if level in ("", e.level) and fits(e))
            told = f"the escalations{of_level} {state}"
            yield _Question(kind=f"level {state[:14]}", which=told, found=found, choice={})
    for kind, told, fits, choice in _others(company):
        found = tuple(filter(fits, unresolved))
        yield _Question(kind=kind, which=told, found=found, choice=choice)


def _states(now: datetime) -> dict[str, Callable[[Escalation], bool]]:
    return {
        "that are not resolved yet": lambda e: True,
        "that nobody has acknowledged (status open)": lambda e: e.status == "open",
        "that are acknowledged but not resolved": lambda e: e.status == "acknowledged",
        "that are past due and not resolved": lambda e: e.due_at < now,
        "that are past due although somebody acknowledged them": lambda e: (
            e.due_at < now and e.status == "acknowledged"
        ),
    }


def _others(
    company: Company,
) -> Iterator[tuple[str, str, Callable[[Escalation], bool], dict[str, Json]]]:
    def has(field: str, value: str, escalation: Escalation) -> bool:
        return bool(getattr(company.ticket(escalation.ticket_id), field) == value)

    def since(moment: datetime, escalation: Escalation) -> bool:
        return escalation.created_at >= moment

    for category in TICKET_CATEGORIES:
        told = f"the unresolved escalations whose ticket is in the category {category}"
        yield "category", told, partial(has, "category", category), {"category": category}
    for priority in TICKET_PRIORITIES:
        told = f"the unresolved escalations of tickets with priority {priority}"
        yield "priority", told, partial(has, "priority", priority), {"priority": priority}
    midnight = company.now.replace(hour=0, minute=0)
    for ago in (4, 6, 7, 10, 11):
        day = midnight - timedelta(days=ago)
        told = f"the escalations raised on {short_day(day)} or later that are not resolved"
        yield "day", told, partial(since, day), {}


def _draft(desk: Desk[Company], question: _Question, rng: Random) -> Draft:
    company = desk.model
    session = desk.session()
    session.call("search_tickets", status="escalated", **question.choice, limit=50)
    for ticket in reversed(company.tickets):
        chosen = {name: getattr(ticket, name) for name in question.choice}
        if ticket.status == "escalated" and chosen == question.choice:
            session.call("get_ticket", id=ticket.id)
    levels = {escalation.level for escalation in question.found}
    if levels & {"tier_2", "safety"}:
        session.call("search_employees", team="escalations")
    if "manager" in levels:
        session.call("search_employees", role="manager")
    asker = rng.choice(
        staff(company, "escalations", "support", "returns", roles=("manager", "team_lead"))
    )
    return Draft(
        title=f"Table of {question.which}",
        keys=(question.which,),
        slots={"which": question.which},
        calls=session.calls,
        response=_response(company, question),
        criteria=tuple(_criteria(company, question)),
        requester=requester(asker),
    )


def _response(company: Company, question: _Question) -> str:
    rows = [
        f"| {e.ticket_id} | {e.id} | {company.employee(e.assigned_to_id).name} "
        f"| {spoken_day(e.due_at)}, {e.due_at:%H:%M} |"
        for e in question.found
    ]
    head = ("| Ticket | Escalation | Assigned to | Due |", "|---|---|---|---|")
    return "\n".join((*head, *rows, "", f"That makes {counted(len(rows), 'escalation')}."))


def _criteria(company: Company, question: _Question) -> Iterator[Criterion]:
    yield is_table(len(question.found))
    yield counts("count", "how many there are", len(question.found), "escalations?|rows?")
    for i, escalation in enumerate(question.found, 1):
        owner = company.employee(escalation.assigned_to_id).name
        due = escalation.due_at
        yield in_one_line(
            f"row-{i}",
            f"Gives for {escalation.ticket_id} the escalation {escalation.id}, {owner} and the due "
            f"time {due:%Y-%m-%d %H:%M}.",
            whole(escalation.ticket_id),
            whole(escalation.id),
            whole(owner),
            day_pattern(due.date()),
        )
    ids = {escalation.ticket_id for escalation in question.found}
    others = [t.id for t in company.tickets if t.status == "escalated" and t.id not in ids]
    if others:
        yield leaves_out("others", "Names no other escalated ticket.", *others)
    yield changes_nothing()


ESCALATION_STATUS: Scenario[Company] = Scenario(
    name="escalation-status",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="See {which}, to chase whoever has them.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
    max_turns=32,
)
