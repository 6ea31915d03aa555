"""The scenario `ticket-load`: who of a few colleagues has the fewest open tickets and is there."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

from world_builder.checks import Format, FormatKind
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    changes_nothing,
    either,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.tickets import is_at_work, tickets_by_assignee
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    found_employee,
    listed,
    requester,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.tickets.load_rubric import (
    says_fewest,
    says_oldest,
    stands_near,
)
from world_builder.worlds.corecraft.scenarios.tickets.wording import whole

_NUM = 18
_LIMIT = 50
"""More tickets than one search shows make no case."""
_TEAMS = ("support", "returns", "billing")
_LISTS = (Format(format=FormatKind.LIST), Format(format=FormatKind.TABLE))
_ABSENT = (
    r"away|out of (?:the )?office|on leave|absent|left|no longer|not (?:at work|here|in)|former"
)
_ABSENT += r"|inactive|until|training|isn['’]t (?:at work|here|in)|does(?:n['’]t| not) work"

_PHRASINGS = (
    "How many open tickets do {names} have? Open is whatever is neither resolved nor closed. As a "
    "list, and below it: who of those who are at work has the fewest, who is not at work, and "
    "which of all these tickets is the oldest, since when and with whom.",
    "I have a new ticket to give away and hesitate between {names}. List what each of them has "
    "open (not resolved, not closed), a line for each, tell me who is away or gone, and name the "
    "one of the others with the least. And the oldest open ticket among all of theirs, please: "
    "id, day, owner.",
    "{names}: open tickets each, as bullets? who of them is in today w/ the smallest pile, who "
    "isn't in? oldest ticket of the lot + its owner + date. resolved/closed don't count",
    "Load check for {names}.\n"
    "1. Number of tickets not yet resolved or closed, per person, in a list.\n"
    "2. The person with the lowest number who is actually at work; if somebody is not, say so.\n"
    "3. The single oldest of these tickets, whose it is and when it was created.",
    "Someone complained that work is spread unfairly. Could you compare {names} for me? I want "
    "the figures of unfinished tickets in a small list, the name that should get the next one "
    "(somebody who is here, of course; tell me who isn't), and the ticket that has been lying "
    "around longest, with its day and its owner. Finished is what is resolved or closed.",
    "Whose desk is emptiest: {names}? Count all tickets in any state but resolved and closed and "
    "give me the counts as a list. People on leave or gone are counted but can't be chosen, so "
    "point them out. Then the oldest one on any of these desks, since which day, at whose.",
    "For the planning at four I need three things about {names}: a list of their open tickets in "
    "numbers (new, open, pending_customer and escalated all count), the one present today with "
    "the shortest queue (and who is not present), the oldest ticket in these queues with its "
    "owner and the date it came in.",
    "Give the next ticket to whoever of {names} has least to do - but who is that? List the "
    "counts of unresolved and unclosed tickets, leave absent people out of the choice and mention "
    "that they are absent. Also tell me where the oldest ticket sits, its id and its date.",
    "Are {names} all at work, and how full are they? A list with the numbers of tickets that "
    "still wait (so not resolved or closed), the least loaded one who is here, plus the ticket "
    "that waits longest and who holds it and from what date.",
    "tickets per head, neither resolved nor closed, for {names}, one bullet per head please. "
    "least busy present colleague = ? anybody away = ? oldest open item = ? (id, since, who)",
)
_DETAILS = (
    "Nothing is to be moved yet.",
    "Priorities play no part in this.",
    "I only want the numbers as they are now.",
    "We talk about it at the stand-up tomorrow.",
    "I have a guess, but let the records speak.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("ticket-load")
    waiting = tickets_by_assignee(desk.model)
    for group in _cases(desk.model, waiting, rng):
        yield _draft(desk, group, waiting, rng)


def _cases(
    company: Company, waiting: dict[str, list[Ticket]], rng: Random
) -> list[tuple[Employee, ...]]:
    """Groups of two and three with one clear answer; absent people with few tickets first."""
    desks = [
        e
        for e in company.employees
        if e.team in _TEAMS and (waiting[e.id] or not is_at_work(e)) and _has_few(company, e.id)
    ]
    groups = [*combinations(desks, 2), *combinations(desks, 3)]
    rng.shuffle(groups)
    clear = [group for group in groups if _is_clear(group, waiting)]
    turns = by_turns(clear[:600], lambda g: (_kind(g, waiting), len(g)))
    return [tuple(rng.sample(group, len(group))) for group in turns]


def _has_few(company: Company, employee_id: str) -> bool:
    return sum(t.assignee_id == employee_id for t in company.tickets) <= _LIMIT


def _is_clear(group: Sequence[Employee], waiting: dict[str, list[Ticket]]) -> bool:
    """Whether somebody is at work, and different numbers tell people apart."""
    numbers = [len(waiting[e.id]) for e in group]
    return len(set(numbers)) == len(numbers) and sum(map(is_at_work, group)) > (len(group) > 2)


def _kind(group: Sequence[Employee], waiting: dict[str, list[Ticket]]) -> str:
    emptiest = min(group, key=lambda e: len(waiting[e.id]))
    if not is_at_work(emptiest):
        return "absent"
    if _oldest(group, waiting).assignee_id == emptiest.id:
        return "has the oldest"
    return "all there" if all(map(is_at_work, group)) else "somebody absent"


def _oldest(group: Sequence[Employee], waiting: dict[str, list[Ticket]]) -> Ticket:
    return min((t for e in group for t in waiting[e.id]), key=lambda t: t.created_at)


def _draft(
    desk: Desk[Company],
    group: tuple[Employee, ...],
    waiting: dict[str, list[Ticket]],
    rng: Random,
) -> Draft:
    company = desk.model
    session = desk.session()
    for employee in group:
        employee_id = found_employee(session, employee)
        session.call("search_tickets", assignee_id=employee_id, limit=_LIMIT)
    names = listed([employee.name for employee in group])
    leads = staff(company, "support", "returns", "escalations", roles=("team_lead", "manager"))
    return Draft(
        title=f"Open tickets of {names}",
        keys=("+".join(sorted(employee.id for employee in group)),),
        slots={"names": names},
        calls=session.calls,
        response=_response(company, group, waiting),
        criteria=(*_criteria(company, group, waiting), changes_nothing()),
        requester=requester(rng.choice(leads)),
    )


def _response(company: Company, group: Sequence[Employee], waiting: dict[str, list[Ticket]]) -> str:
    oldest = _oldest(group, waiting)
    chosen = _chosen(group, waiting)
    fewest = "fewer" if len(group) == 2 else "the fewest"
    rows = [f"- {employee.name}: {len(waiting[employee.id])}" for employee in group]
    told = [f"{e.name} {_absence(e)}." for e in group if not is_at_work(e)]
    owner = company.employee(oldest.assignee_id or "").name
    return "\n".join(
        (
            *rows,
            "",
            f"{chosen.name} is at work and has {fewest}.",
            *told,
            f"The oldest is {oldest.id}, with {owner} since {spoken_day(oldest.created_at)}.",
        )
    )


def _chosen(group: Sequence[Employee], waiting: dict[str, list[Ticket]]) -> Employee:
    return min(filter(is_at_work, group), key=lambda e: len(waiting[e.id]))


def _absence(employee: Employee) -> str:
    return "is away" if employee.is_active else "no longer works here"


def _criteria(
    company: Company, group: Sequence[Employee], waiting: dict[str, list[Ticket]]
) -> Iterator[Criterion]:
    for i, employee in enumerate(group, 1):
        num = len(waiting[employee.id])
        told = f"Says that {employee.name} has {num} open."
        yield says_matching(f"count-{i}", told, stands_near(employee, num), CORRECTNESS)
    yield either("list", "Gives the numbers as a list or a table.", *_LISTS)
    yield says_fewest(group, _chosen(group, waiting))
    for i, employee in enumerate((e for e in group if not is_at_work(e)), 1):
        person = rf"{whole(employee.name)}|\b{employee.first_name}\b"
        told = f"Says that {employee.name} {_absence(employee)}."
        gap = r"[^.\n]{0,60}?"
        pattern = rf"(?:{person}){gap}\b(?:{_ABSENT})|\b(?:{_ABSENT})\b{gap}(?:{person})"
        yield says_matching(f"absent-{i}", told, pattern)
    oldest = _oldest(group, waiting)
    yield says_oldest(oldest, company.employee(oldest.assignee_id or ""))


TICKET_LOAD: Scenario[Company] = Scenario(
    name="ticket-load",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="Know how full the desks of {names} are, to give the next ticket to the right person.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
