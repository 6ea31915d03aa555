"""The scenario `stale-ticket`: escalate a pressing ticket that waits too long, or leave it be."""

from collections.abc import Iterator
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.tickets import (
    hours_open,
    tier_2_obstacles,
)
from world_builder.worlds.corecraft.rules import LONG_OPEN_HOURS
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    found_employee,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.tickets.stale_rubric import (
    due_criteria,
    due_day,
    due_from,
    fact_criteria,
    full_hours,
    refused_criteria,
    why_not,
)
from world_builder.worlds.corecraft.story.staff import ESCALATIONS_LEAD

_NUM = 18
_PHRASINGS = (
    "Has {ticket} waited too long by our rules? If all conditions for tier_2 are there, escalate "
    "it for me and give as the reason its priority and how long it has been open. If one is "
    "missing, do nothing and tell me which. Either way: priority and the full hours since it was "
    "created; if it goes up, also who has it now and the due day.",
    "{ticket} - due for tier_2 because of its age or not? Check priority, full hours since "
    "creation and whether it's still open and not escalated yet. All fine: escalate, reason "
    "should mention age and priority, then tell me to whom it went and due when. Otherwise hands "
    "off and say what speaks against it.",
    "pls escalate {ticket} to tier_2, it's been lying there forever (reason: prio + how long it's "
    "open). but only if the rule really says so!! if not leave it & tell me why. i need prio, age "
    "in full hours, & if u did it the new owner + due date",
    "The customer of {ticket} says nobody cares. Apply the rule on tickets that stay open for "
    "long. Where it applies, hand the ticket to tier_2 with a reason that states the priority and "
    "the time it has been open, and report who got it and by when. Where it doesn't, change "
    "nothing and name the condition that fails. The report should hold the ticket's priority and "
    "its age in full hours in both cases.",
    "Our lead thinks {ticket} should be with tier_2 by now; I am not so sure. Would you verify it "
    "and, if the lead is right, put in the escalation (priority and age belong in the reason)? "
    "What I need back: yes or no, its priority, full hours from creation until now, plus person "
    "and due day for a yes or the obstacle for a no.",
    "Long-open check on {ticket}: escalate to tier_2 if the policy wants it, do not touch it if "
    "not. Reason of the escalation: how urgent, how long open. Answer with the decision, "
    "priority, age in whole hours (rounded down), and owner with due day, or else the rule that "
    "is not met.",
    "I found {ticket} while cleaning up the queue. Whether it must go to tier_2 depends on a few "
    "things, so look at them one by one. If it must, do it now, say in the reason which priority "
    "it has and how old it is, and let me know where it landed and until when. If it mustn't, "
    "leave everything as it is and explain. Please quote priority and full hours of age.",
    "Tier_2 or not tier_2, that's the question for {ticket}. Decide by the book; only a yes is to "
    "be carried out (reason with priority and age, please). Then write me: decision, priority, "
    "number of full hours since it was opened, and the colleague and day due, respectively what "
    "is missing.",
    "Before I go home: {ticket}. Is this one of those that we have to pass to tier_2 because they "
    "are pressing and stayed open? Priority? Full hours since creation? If yes pass it on with "
    "both in the reason and give me the assignee and the due date of the escalation. If no, why?",
    "Escalation by age, {ticket}. Conditions met -> escalate to tier_2, reason = priority and "
    "time open; tell me owner and due day. Not met -> no change, tell me the one that fails. "
    "Always: priority, age in full hours.",
)
_DETAILS = (
    "The customer was polite so far.",
    "Somebody in chat said everything older than a week closes by itself.",
    "I promised to look after it today.",
    "There was no time to read the thread yet.",
    "Phone calls about it went to somebody else.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("stale-ticket")
    for ticket, obstacle in _cases(desk.model, rng):
        yield _draft(desk, ticket, obstacle, rng)


def _cases(company: Company, rng: Random) -> list[tuple[Ticket, str | None]]:
    """Tickets that are due or lack one condition, every other one due, near 72 hours first.

    Left out are tickets that wait for the customer, as the rule speaks of open ones, and urgent
    ones, which are matters of safety.
    """
    found = []
    for ticket in company.tickets:
        obstacles = tier_2_obstacles(company, ticket)
        is_plain = ticket.status != "pending_customer" and ticket.priority != "urgent"
        if is_plain and len(obstacles) < 2:
            found.append((ticket, obstacles[0] if obstacles else None))
    rng.shuffle(found)
    found.sort(key=lambda case: abs(hours_open(company, case[0]) - LONG_OPEN_HOURS))
    due = [case for case in found if case[1] is None]
    refused = by_turns([case for case in found if case[1] is not None], lambda case: case[1])
    return by_turns([*due, *refused], lambda case: case[1] is None)


def _draft(desk: Desk[Company], ticket: Ticket, obstacle: str | None, rng: Random) -> Draft:
    company = desk.model
    asker = asked_by(company, rng, "support", "returns", "escalations")
    session = desk.session()
    session.call("get_ticket", id=ticket.id)
    if obstacle is None:
        response = _escalated(company, session, ticket, asker)
        criteria = tuple(due_criteria(company, ticket, asker))
    else:
        response = _left_alone(company, ticket, obstacle)
        criteria = tuple(refused_criteria(company, ticket, obstacle))
    return Draft(
        title=f"Is {ticket.id} due for tier_2?",
        keys=(ticket.id,),
        slots={"ticket": ticket.id},
        calls=session.calls,
        response=response,
        criteria=(*criteria, *fact_criteria(company, ticket)),
        requester=requester(asker),
    )


def _escalated(company: Company, session: Session, ticket: Ticket, asker: Employee) -> str:
    employee_id = found_employee(session, asker)
    session.call(
        "create_escalation",
        ticket_id=ticket.id,
        level="tier_2",
        reason=f"Priority {ticket.priority}, open for more than {LONG_OPEN_HOURS} hours.",
        employee_id=employee_id,
    )
    return (
        f"Yes, {ticket.id} was due, and I escalated it to tier_2. Its priority is "
        f"{ticket.priority} and it was created {full_hours(company, ticket)} full hours ago. "
        f"{company.employee(ESCALATIONS_LEAD).name} has it now, due on "
        f"{spoken_day(due_day(company))}."
    )


def _left_alone(company: Company, ticket: Ticket, obstacle: str) -> str:
    why = why_not(ticket, obstacle)
    told = "" if obstacle == "priority" else f" Its priority is {ticket.priority}."
    if obstacle == "age":
        told += f" It will be due from {spoken_day(due_from(ticket))}."
    return (
        f"No, {ticket.id} is not due for tier_2: {why}. It was created "
        f"{full_hours(company, ticket)} full hours ago.{told}"
    )


STALE_TICKET: Scenario[Company] = Scenario(
    name="stale-ticket",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=CARE_DESK,
    intent="Have {ticket} with tier_2 if it is pressing and has been open for too long, and not "
    "otherwise.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
