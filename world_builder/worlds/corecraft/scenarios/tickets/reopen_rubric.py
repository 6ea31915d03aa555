"""What a right answer in the scenario `reopen-ticket` does and says, and how one refuses."""

from collections.abc import Iterator

from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    field_is,
    says_any,
    says_date,
    says_matching,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.reckoning.tickets import Reopening
from world_builder.worlds.corecraft.rules import REOPEN_DAYS
from world_builder.worlds.corecraft.scenarios.common import spoken_day
from world_builder.worlds.corecraft.scenarios.tickets.wording import reply_says

_OPEN_AGAIN = r"open|again|taken? (?:it )?up|back on"
_STAYS = (
    r"can ?not|can['’]t|could(?: not|n['’]t)|not (?:be |been )?(?:re-?)?open|too late|no longer"
    r"|stays? (?:closed|shut|resolved|as)|must not|may not|(?:^|\n)\W*no\b"
)
_IS_OPEN = (
    r"\b(?:is|was|now|been) (?:now )?(?:re-?)?open(?:ed)?\b|(?:^|\n)\W*(?:re-?)?opened"
    r"|\b(?:i|we)(?:['’]ve| have)? (?:re-?)?opened"
)
_CANNOT = r"can ?not|can['’]t|could not be|couldn['’]t|not (?:re-?)?opened|stays? (?:closed|shut)"
_CLAIMS = (
    r"\b(?:i|we)(?:['’]ve| have)? (?:re-?)?opened|is (?:now )?open again"
    r"|\b(?:can|may) (?:still )?be (?:re-?)?open"
)


def refusal(ticket: Ticket, ruling: Reopening) -> str:
    if ruling.problem == "closed":
        why = "as a closed one stays closed"
    else:
        why = f"as the {REOPEN_DAYS} days for that are over"
    return (
        f"The ticket cannot be opened again, {why}. Its last change was on "
        f"{spoken_day(ticket.updated_at)}. The customer gets a new ticket."
    )


def opened_criteria(
    company: Company, ticket: Ticket, ruling: Reopening, pattern: str, asker: Employee
) -> Iterator[Criterion]:
    assignee = company.employee(ticket.assignee_id or "")
    yield field_is(
        "status",
        f"Sets the status of {ticket.id} to open and leaves priority, assignee and note.",
        "support_ticket",
        ticket.id,
        status="open",
        priority=ticket.priority,
        assignee_id=ticket.assignee_id,
        internal_note=ticket.internal_note,
    )
    told = "Replies once that the ticket is open again."
    yield reply_says("reply", told, ticket, asker, _OPEN_AGAIN)
    told = "Takes up in the reply what the customer said."
    yield reply_says("reply-point", told, ticket, asker, pattern)
    yield changes_only("Changes only the ticket.", (ticket.id,))
    yield says_right_not_wrong("told", "Says that the ticket is open again.", _IS_OPEN, _CANNOT)
    yield says_date("last-day", "the last day for opening it", ruling.last_day.isoformat())
    yield says_any("assignee", f"Names who has it: {assignee.name}.", assignee.name)


def refused_criteria(ticket: Ticket, ruling: Reopening) -> Iterator[Criterion]:
    told = f"Says that {ticket.id} is not opened again."
    yield says_right_not_wrong("told", told, _STAYS, _CLAIMS).model_copy(
        update={"is_critical": True}
    )
    if ruling.problem == "closed":
        told, why = "Says that closed tickets stay closed.", r"\bclosed\b"
    else:
        told, why = (
            f"Says that more than {REOPEN_DAYS} days have passed.",
            rf"\b(?:{REOPEN_DAYS}|fourteen)[- ]?days?\b|two weeks|too (?:late|long|old)|deadline"
            r"|window|period",
        )
    yield says_matching("reason", told, why)
    yield says_matching(
        "instead",
        "Says that the customer gets a new ticket.",
        r"\bnew (?:ticket|one)\b|another ticket",
    )
    yield changes_nothing()
