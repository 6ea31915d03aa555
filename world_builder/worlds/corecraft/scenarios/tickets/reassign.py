"""The scenario `reassign-absent`: what waits with somebody who is away goes to others."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.tickets import (
    covering,
    is_at_work,
    tickets_by_assignee,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    found_employee,
    requester,
    staff,
)
from world_builder.worlds.corecraft.scenarios.tickets.reassign_rubric import (
    Handover,
    handover_text,
    moved_criteria,
    named_criteria,
    refused_criteria,
)

_NUM = 18
_MOST = 7
"""More tickets than this are not moved at once."""
_LEAVES = ("who goes on leave tomorrow", "who is off for two weeks from tomorrow")
_IDLE = ("support", "returns", "escalations")
"""Teams whose absent people somebody may think of."""

_PHRASINGS = (
    "Please hand {which} over to {to}. Tell me the ids, how many they are and who has them now. "
    "If the new person is not here to take them, leave all as it is: then I need ids and number "
    "all the same, the reason, until when and who covers there, if anybody does.",
    "{to} takes over. It is about {which}. Reassign them, list the ids with the number and name "
    "the new owner. Should that person be away or gone: no change, the same list and number, and "
    "tell me about it (with the day of return and the cover, where there is one).",
    "can u move {which} to {to}? i want ids + count either way. moved: the new name. if they're "
    "out too dont move anything, just say so, till when & who stands in",
    "Somebody has to look after {which}. I would like them to be with {to} from now on. Report "
    "the ticket ids, the number of them and the name of the colleague they went to. In case our "
    "rules don't allow that colleague, touch nothing, report ids and number as they are and "
    "explain: absent until which day and covered by whom, or no longer here.",
    "Handover.\n"
    "What: {which}\n"
    "To: {to}\n"
    "Back to me: ids, number, new assignee.\n"
    "If the new assignee is away or has left, nothing is moved. Back to me in that case: ids, "
    "number, the reason, return date and cover if known.",
    "I promised the team that {which} won't lie around. Would you assign them to {to}, provided "
    "that this is somebody who is at work? I need the list of ids, the count, and who it is. If "
    "not at work, the tickets stay, and I need their ids and count together with the end of the "
    "absence and the name of whoever covers, if the record has them.",
    "New owner for {which}: {to}. Check first whether the new owner is around at all. Around: do "
    "it and give me the name. Not around: don't, and let me have the grounds, plus date and "
    "replacement when it is a leave. Numbers (ids, how many) in both cases.",
    "Go through {which} and put every one of them on the desk of {to}. Which ones are these, how "
    "many is that, on whose desk are they? When that desk is empty itself (leave, left the "
    "company) leave things alone and tell me that, including until when and who covers if it's a "
    "leave, along with ids and count.",
    "We need {which} with {to} by tonight. Only those, nothing else of the same person. "
    "Afterwards: which ids, how many, who. A recipient who is absent or has left can't have them: "
    "then no reassignment, only which ids, how many, the reason (leave: last day and cover, "
    "please).",
    "Could {to} have {which}? If so, make the change and confirm ids, count, name. If it is not "
    "possible because of where they are, change nothing and say so with what the employee record "
    "tells about it (date, cover), ids and count included.",
)
_DETAILS = (
    "The customers don't need to be told.",
    "Status and priority stay as they are.",
    "I spoke with the team about it.",
    "It should not wait until next week.",
    "Resolved and closed ones are of no interest.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("reassign-absent")
    for handover in _cases(desk.model, rng):
        yield _draft(desk, handover, rng)


def _cases(company: Company, rng: Random) -> list[Handover]:
    """Two possible ones and one impossible by turns; of every owner one, then the next."""
    waiting = tickets_by_assignee(company)
    owners = [e for e in company.employees if waiting[e.id]]
    choices = [(e, told, fits) for e in owners for told, fits in _selections(waiting[e.id])]
    rng.shuffle(choices)
    found = []
    for employee, told, fits in choices:
        chosen = tuple(t for t in waiting[employee.id] if fits(t))
        if len(chosen) <= _MOST:
            found.append((employee, told, chosen))
    found = once_each(found, lambda case: case[2])
    found.sort(key=lambda case: (len(case[2]) < 2, is_at_work(case[0])))
    found = by_turns(found, lambda case: case[0].id)
    return [
        _handover(company, employee, told, chosen, rng, is_possible=i % 3 != 2)
        for i, (employee, told, chosen) in enumerate(found)
    ]


def _selections(waiting: list[Ticket]) -> Iterator[tuple[str, Callable[[Ticket], bool]]]:
    """Ways to name some of somebody's tickets, each fitting at least one."""

    def having(field: str, value: str, ticket: Ticket) -> bool:
        return bool(getattr(ticket, field) == value)

    ways = {
        "category": "the unresolved tickets of {{name}} in the category {}",
        "status": "those tickets of {{name}} that have the status {}",
        "priority": "the tickets of {{name}} that wait (not resolved, not closed) with priority {}",
    }
    yield "all tickets of {name} that are neither resolved nor closed", lambda ticket: True
    for field, told in ways.items():
        for value in sorted({getattr(ticket, field) for ticket in waiting}):
            yield told.format(value), partial(having, field, value)


def _handover(
    company: Company,
    absent: Employee,
    told: str,
    tickets: tuple[Ticket, ...],
    rng: Random,
    *,
    is_possible: bool,
) -> Handover:
    cover = covering(company, absent)
    if is_possible:
        others = [e for e in staff(company, absent.team) if e is not absent and _handles(e)]
        target = cover or rng.choice(others)
    else:
        target = rng.choice(
            [
                e
                for e in company.employees
                if e.team in _IDLE and e is not absent and not is_at_work(e)
            ]
        )
    return Handover(
        absent=absent,
        told=told.format(name=f"{absent.name}, {_why(absent, rng)},"),
        tickets=tickets,
        target=target,
        is_cover=target is cover,
    )


def _handles(employee: Employee) -> bool:
    """Whether tickets go to people of the role."""
    return employee.role in ("agent", "senior_agent", "specialist", "technician")


def _why(absent: Employee, rng: Random) -> str:
    """Why somebody cannot go on with tickets."""
    if is_at_work(absent):
        return rng.choice(_LEAVES)
    return "who is away" if absent.is_active else "who has left us"


def _draft(desk: Desk[Company], handover: Handover, rng: Random) -> Draft:
    company = desk.model
    asker = rng.choice(staff(company, "support", "returns", roles=("team_lead", "manager")))
    session = desk.session()
    absent_id = found_employee(session, handover.absent)
    session.call("search_tickets", assignee_id=absent_id, limit=50)
    target_id = found_employee(session, handover.target)
    to = handover.target.name
    if handover.is_cover and rng.random() < 0.7:
        to = f"whoever covers for {handover.absent.name}"
    if handover.is_possible:
        _move(session, handover, target_id, asker)
        criteria = moved_criteria(handover)
    else:
        criteria = refused_criteria(company, handover)
    return Draft(
        title=f"Hand tickets over to {to}",
        keys=("+".join(ticket.id for ticket in handover.tickets),),
        slots={"which": handover.told, "to": to},
        calls=session.calls,
        response=handover_text(company, handover),
        criteria=(*named_criteria(handover), *criteria),
        requester=requester(asker),
    )


def _move(session: Session, handover: Handover, target_id: str, asker: Employee) -> None:
    asker_id = found_employee(session, asker)
    for ticket in handover.tickets:
        session.call("update_ticket", id=ticket.id, assignee_id=target_id, employee_id=asker_id)


REASSIGN_ABSENT: Scenario[Company] = Scenario(
    name="reassign-absent",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="Nobody waits for somebody who is not there: {which} go to {to}.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
