"""What a right answer in the scenario `reassign-absent` does and says, and how one words it."""

from collections.abc import Iterator
from dataclasses import dataclass

from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    field_is,
    says_all,
    says_any,
    says_matching,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.reckoning.tickets import away_until, covering, is_at_work
from world_builder.worlds.corecraft.scenarios.common import counted, listed, spoken_day
from world_builder.worlds.corecraft.scenarios.tickets.wording import counts, day_pattern, whole

_NOT_DONE = (
    r"\b(?:not|n['’]t|nothing|no|none)\b[^.\n]{0,40}\b(?:hand|mov|assign|reassign|transfer|chang|giv"
    r"|go|pass|touch)\w*|\b(?:moved|changed|reassigned|touched) (?:nothing|none)|can ?not|can['’]t"
    r"|could(?: not|n['’]t)|must not|\bstay\b|\bremain\b|refus"
)
_DONE = (
    r"\b(?:handed|moved|assigned|reassigned|transferred|gave|passed|took|put)\b"
    r"|\b(?:are|is|now) (?:now )?with\b|\bnow (?:has|have)\b|\bhas them\b|new (?:owner|assignee)"
)
_CLAIMED = (
    r"\b(?:i|we)(?:['’]ve| have)? (?:now )?(?:handed|moved|assigned|reassigned|transferred|gave)"
    r"(?! (?:nothing|none))|(?:^|\n)\W*(?:handed|moved|reassigned)\b(?! (?:nothing|none))"
)
_GONE = (
    r"no longer|\bleft\b|does(?:n['’]t| not) work|former|not (?:active|employed|with us)|inactive"
    r"|\bquit\b|\bgone\b"
)
_AWAY = r"away|leave|training|absent|absence|out of (?:the )?office|not (?:here|at work|in)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Tickets of somebody absent, and to whom they shall go."""

    absent: Employee
    told: str
    tickets: tuple[Ticket, ...]
    target: Employee
    is_cover: bool = False

    @property
    def is_possible(self) -> bool:
        return is_at_work(self.target)


def handover_text(company: Company, handover: Handover) -> str:
    ids, num = listed([t.id for t in handover.tickets]), len(handover.tickets)
    target = handover.target
    if handover.is_possible:
        return f"I moved {counted(num, 'ticket')} to {target.name}: {ids}."
    until, cover = away_until(target), covering(company, target)
    why = "no longer works here"
    if until is not None and cover is not None:
        why = f"is away until {spoken_day(until)}. {cover.name} covers there"
    return f"I moved nothing, as {target.name} {why}. It is about {counted(num, 'ticket')}: {ids}."


def named_criteria(handover: Handover) -> Iterator[Criterion]:
    ids = [ticket.id for ticket in handover.tickets]
    yield says_all("ids", f"Names {listed(ids)}.", *ids)
    yield counts("count", "how many tickets it is about", len(ids), r"tickets?|ids?|ones?")
    yield says_any("target", f"Names {handover.target.name}.", handover.target.name)


def moved_criteria(handover: Handover) -> Iterator[Criterion]:
    target = handover.target
    for i, ticket in enumerate(handover.tickets, 1):
        yield field_is(
            f"ticket-{i}",
            f"Assigns {ticket.id} to {target.name} and changes nothing else in it.",
            "support_ticket",
            ticket.id,
            assignee_id=target.id,
            status=ticket.status,
            priority=ticket.priority,
            internal_note=ticket.internal_note,
        )
    yield changes_only("Changes only these tickets.", tuple(t.id for t in handover.tickets))
    yield says_right_not_wrong("told", "Says that they were handed over.", _DONE, _NOT_DONE)


def refused_criteria(company: Company, handover: Handover) -> Iterator[Criterion]:
    target = handover.target
    yield says_right_not_wrong("told", "Says that nothing was moved.", _NOT_DONE, _CLAIMED)
    until, cover = away_until(target), covering(company, target)
    if until is None or cover is None:
        yield says_matching("reason", f"Says that {target.name} no longer works here.", _GONE)
    else:
        yield says_matching("reason", f"Says that {target.name} is away.", _AWAY)
        told = f"Says until when: {until}."
        yield says_matching("until", told, day_pattern(until))
        told = f"Names who covers: {cover.name}."
        yield says_right_not_wrong("cover", told, whole(cover.name), r"\b(?:not|n['’]t) cover")
    yield changes_nothing()
