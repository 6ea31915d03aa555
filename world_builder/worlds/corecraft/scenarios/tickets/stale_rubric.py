"""What a right answer in the scenario `stale-ticket` says and does, and how one words it."""

from collections.abc import Iterator
from datetime import date, timedelta

from world_builder.checks import Number
from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    creates_one,
    criterion,
    field_is,
    says_any,
    says_date,
    says_matching,
    says_right_not_wrong,
    state_is,
)
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.reckoning.tickets import hours_open
from world_builder.worlds.corecraft.rules import ESCALATION_HOURS, LONG_OPEN_HOURS
from world_builder.worlds.corecraft.scenarios.tickets.wording import cel_text, day_pattern
from world_builder.worlds.corecraft.story.staff import ESCALATIONS_LEAD

_WHY: dict[str, tuple[str, str]] = {
    "ended": (
        "it is {status} already",
        r"\b(?:already|is|was|been)\b[^.\n]{0,20}\b(?:resolved|closed)\b|\b(?:resolved|closed)\b"
        r"[^.\n]{0,30}\b(?:ticket|already|not open)",
    ),
    "escalated": (
        "it is escalated already, and a ticket has one open escalation at most",
        r"already[^.\n]{0,40}\bescalat|(?:open|existing|one|current|active|acknowledged)"
        r" escalation|escalation[^.\n]{0,40}(?:already|open|exists|acknowledged)",
    ),
    "priority": (
        "its priority is {priority}, and only high or urgent ones go there for their age",
        r"\b(?:low|normal)\b[^.\n]{0,80}\b(?:high|urgent)\b|\b(?:high|urgent)\b[^.\n]{0,80}"
        r"\b(?:low|normal)\b|not (?:of )?(?:high|urgent)|(?:only|just)(?: an?)? (?:low|normal)"
        r"|\b(?:because|since|as)\b[^.\n]{0,40}\b(?:low|normal)\b|priority[^.\n]{0,30}"
        r"(?:too low|fail|not met|not enough|condition|obstacle)|condition[^.\n]{0,40}priority",
    ),
    "age": (
        "it has not been open for more than 72 hours",
        r"(?:72|seventy-two)[- ]*(?:hours?|h\b)|three days|3 days|too (?:young|new|recent|early)"
        r"|not (?:been )?(?:open )?long enough",
    ),
}
"""By obstacle: how a reference says it, and what says it in an answer."""
_NOT_DUE = (
    r"\bnot (?:yet |be |been )*(?:due|escalat\w*|qualif\w*|eligible|old enough|long enough|allowed"
    r"|required|necessary|needed|for tier|apply|met)|n['’]t (?:yet )?(?:due|escalat\w*|qualify|go"
    r"|need|have to|meet|belong|apply|eligible)|(?:^|[.!\n])\W*no\b|can ?not|must not|may not"
)
_HOLDS_BACK = (
    r"^\W*no\b|\bnot (?:yet )?due|\b(?:did|have|was)(?: not|n['’]t) escalate\w*(?! (?:yet|before))"
)
_DID = (
    r"\b(?:i|we)(?:['’]ve| have)? (?:now |just )?escalated|(?:now|been|was) escalated to"
    r"|(?:^|[.\n:*>-]\s*)escalated\b|is (?:now )?(?:escalated|with tier_2)"
)
_CLAIMS = (
    r"^\W*yes\b|\b(?:i|we)(?:['’]ve| have)? (?:now |just )?escalated|^\W*escalated (?:it|tick)"
)


def why_not(ticket: Ticket, obstacle: str) -> str:
    """What keeps a ticket from tier_2, as half a sentence."""
    return _WHY[obstacle][0].format(status=ticket.status, priority=ticket.priority)


def full_hours(company: Company, ticket: Ticket) -> int:
    return int(hours_open(company, ticket))


def due_day(company: Company) -> date:
    return (company.now + timedelta(hours=ESCALATION_HOURS["tier_2"])).date()


def due_from(ticket: Ticket) -> date:
    """The day on which a ticket has been open for long enough."""
    return (ticket.created_at + timedelta(hours=LONG_OPEN_HOURS)).date()


def fact_criteria(company: Company, ticket: Ticket) -> Iterator[Criterion]:
    hours = full_hours(company, ticket)
    check = Number(value=hours + 0.49, tolerance=0.5)
    yield criterion("hours", f"Gives its age in full hours: {hours}.", check)
    yield says_any("priority", f"Gives the priority: {ticket.priority}.", ticket.priority)
    yield says_any("ticket", f"Names the ticket: {ticket.id}.", ticket.id)


def due_criteria(company: Company, ticket: Ticket, asker: Employee) -> Iterator[Criterion]:
    owner = company.employee(ESCALATIONS_LEAD)
    yield creates_one(
        "escalation",
        f"Escalates {ticket.id} to tier_2 in the name of {asker.name}.",
        "escalation",
        ticket_id=ticket.id,
        level="tier_2",
        raised_by_id=asker.id,
        assigned_to_id=owner.id,
    )
    yield _reason(company, ticket)
    told = f"Sets the status of {ticket.id} to escalated and nothing else in it."
    yield field_is("status", told, "support_ticket", ticket.id, **_unchanged(ticket))
    told = "Changes only the ticket and creates only the escalation."
    yield changes_only(told, (ticket.id,), ("escalation",))
    yield says_right_not_wrong("told", "Says that it escalated the ticket.", _DID, _HOLDS_BACK)
    yield says_any("owner", f"Names who has it now: {owner.name}.", owner.name)
    yield says_date("due", "the due day", due_day(company).isoformat())


def _unchanged(ticket: Ticket) -> dict[str, Json]:
    return {
        "status": "escalated",
        "priority": ticket.priority,
        "assignee_id": ticket.assignee_id,
        "internal_note": ticket.internal_note,
    }


def _reason(company: Company, ticket: Ticket) -> Criterion:
    """The reason names the priority and the age: 72 hours, its hours or days, or its first day."""
    hours = hours_open(company, ticket)
    numbers = {LONG_OPEN_HOURS, int(hours), round(hours), int(hours / 24), round(hours / 24), 3}
    number = rf"\b(?:{'|'.join(map(str, sorted(numbers)))}|three)(?:\.\d)?"
    age = rf"{number} ?\+?(?:full )?-?(?:hours?|h|days?|d)\b"
    age += f"|{day_pattern(ticket.created_at.date())}"
    reason = "created.exists(c, c.type == 'escalation' && c.after.reason.matches({}))"
    wanted = (rf"(?i)\b{ticket.priority}\b", f"(?i){age}")
    return state_is(
        "reason",
        f"Gives as the reason the priority {ticket.priority} and how long it has been open.",
        " && ".join(reason.format(cel_text(pattern)) for pattern in wanted),
    )


def refused_criteria(company: Company, ticket: Ticket, obstacle: str) -> Iterator[Criterion]:
    told = f"Says that {ticket.id} does not go to tier_2."
    yield says_right_not_wrong("told", told, _NOT_DUE, _CLAIMS).model_copy(
        update={"is_critical": True}
    )
    told = f"Says why: {why_not(ticket, obstacle)}."
    yield says_matching("reason", told, _WHY[obstacle][1])
    if obstacle == "age":
        day = due_from(ticket)
        told = f"Says from when it would be due: {day}."
        yield says_matching("from", told, day_pattern(day))
    yield changes_nothing()
