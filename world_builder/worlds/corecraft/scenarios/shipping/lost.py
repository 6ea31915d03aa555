"""The scenario `lost-parcel`: does a ticket's parcel count as lost, and is the ticket escalated?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    field_is,
    says_any,
    says_date,
    says_matching,
    state_is,
)
from world_builder.worlds.corecraft.company import (
    Company,
    Employee,
    Escalation,
    Shipment,
    Ticket,
)
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.parcels import counts_as_lost
from world_builder.worlds.corecraft.rules import LONG_OPEN_HOURS
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    found_employee,
    iso_day,
    requester,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.shipping.asks.lost import DETAILS, PHRASINGS
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import NOT, decides, undenied
from world_builder.worlds.corecraft.story.staff import ESCALATIONS_LEAD

_NUM = 18
_NOT_LOST = (
    rf"{NOT}\b[^.;\n]{{0,40}}\blost\b|\bno\b(?! scan)[^.;\n]{{0,20}}\blost\b"
    r"|\blost[\s:?*]{1,4}no\b(?! scan)"
)
_ESCALATED = r"\bescalat\w+|tier[ _-]?2"
_ALREADY = r"\balready\b|\bstill open\b|\bopen escalation\b|\bhas been escalated\b|\bexisting\b"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worry:
    """A ticket about a parcel, and what has to become of it."""

    ticket: Ticket
    parcel: Shipment
    is_lost: bool
    escalation: Escalation | None
    """The one that is open already."""
    asker: Employee

    @property
    def is_escalated_now(self) -> bool:
        return self.is_lost and self.escalation is None


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("lost-parcel")
    for worry in _worries(desk.model, rng):
        yield _draft(desk, worry, rng)


def _worries(company: Company, rng: Random) -> list[_Worry]:
    """Lost by status, lost by the calendar, not lost, and escalated before, by turns."""
    askers = staff(company, "support", roles=("agent", "senior_agent", "team_lead"))
    tickets = [t for t in company.tickets if t.category == "shipping" and t.status != "closed"]
    rng.shuffle(tickets)
    worries = []
    for ticket in tickets:
        parcel = _parcel_of(company, ticket)
        if parcel is None or ticket.status == "resolved" or _has_two_answers(company, ticket):
            continue
        is_open = [e for e in company.escalations_of(ticket.id) if e.status != "resolved"]
        worry = _Worry(
            ticket=ticket,
            parcel=parcel,
            is_lost=counts_as_lost(parcel),
            escalation=is_open[0] if is_open else None,
            asker=rng.choice(askers),
        )
        if worry.is_lost or not (worry.escalation or _is_long_open(company, ticket)):
            worries.append(worry)
    return by_turns(worries, lambda w: _kind(company, w))


def _kind(company: Company, worry: _Worry) -> tuple[bool, bool, str, bool]:
    is_split = worry.is_lost and len(company.shipments_of(worry.parcel.order_id)) > 1
    return worry.is_lost, worry.escalation is not None, worry.parcel.status, is_split


def _parcel_of(company: Company, ticket: Ticket) -> Shipment | None:
    """The parcel with the ticket's product; none that is on its way back to us."""
    parcels = company.shipments_of(ticket.order_id or "")
    found = [p for p in parcels if ticket.product_id in p.product_ids]
    return found[0] if found and found[0].status != "returned_to_sender" else None


def _has_two_answers(company: Company, ticket: Ticket) -> bool:
    """Whether another parcel of the order is lost or comes back, so that opinions may differ."""
    others = [
        p
        for p in company.shipments_of(ticket.order_id or "")
        if ticket.product_id not in p.product_ids
    ]
    return any(counts_as_lost(p) or p.status == "returned_to_sender" for p in others)


def _is_long_open(company: Company, ticket: Ticket) -> bool:
    """Whether another rule has it escalated: high or urgent, open for more than three days."""
    age = company.now - ticket.created_at
    return ticket.priority in ("high", "urgent") and age > timedelta(hours=LONG_OPEN_HOURS)


def _draft(desk: Desk[Company], worry: _Worry, rng: Random) -> Draft:
    session = desk.session()
    session.call("get_ticket", id=worry.ticket.id)
    session.call("get_order", id=worry.parcel.order_id)
    session.call("search_knowledge_base", text="lost parcel", status="current")
    asker_id = found_employee(session, worry.asker)
    if worry.is_escalated_now:
        _escalate(session, worry, asker_id)
    elif worry.escalation:
        session.call("search_employees", id=worry.escalation.assigned_to_id)
    return Draft(
        title=f"Is the parcel of {worry.ticket.id} lost?",
        keys=(worry.ticket.id, worry.parcel.order_id),
        slots={"ticket": worry.ticket.id},
        calls=session.calls,
        response=_answer(desk.model, worry),
        criteria=(*_state_criteria(worry), *_answer_criteria(desk.model, worry)),
        requester=requester(worry.asker),
    )


def _escalate(session: Session, worry: _Worry, asker_id: str) -> None:
    if worry.ticket.priority != "high":
        session.call("update_ticket", id=worry.ticket.id, priority="high", employee_id=asker_id)
    session.call(
        "create_escalation",
        ticket_id=worry.ticket.id,
        level="tier_2",
        reason=f"Parcel {worry.parcel.id} counts as lost: no scan for more than seven days.",
        employee_id=asker_id,
    )


def _holder(company: Company, worry: _Worry) -> str:
    """Who has the escalation."""
    holder = worry.escalation.assigned_to_id if worry.escalation else ESCALATIONS_LEAD
    return company.employee(holder).name


def _answer(company: Company, worry: _Worry) -> str:
    scan = worry.parcel.events[-1]
    if not worry.is_lost:
        return (
            f"{worry.parcel.id} does not count as lost. The last scan is of {iso_day(scan.at)} in "
            f"{_towns(scan.place)[-1]}."
        )
    told = (
        f"{worry.parcel.id} counts as lost. Its last scan was in {scan.place} on "
        f"{spoken_day(scan.at)}."
    )
    if worry.is_escalated_now:
        return (
            f"{told} The ticket now has priority high and is escalated to tier_2, where "
            f"{_holder(company, worry)} has it."
        )
    return f"{told} The ticket is already escalated and lies with {_holder(company, worry)}."


def _state_criteria(worry: _Worry) -> tuple[Criterion, ...]:
    if not worry.is_escalated_now:
        return (changes_nothing(),)
    ticket, parcel, asker = worry.ticket, worry.parcel, worry.asker
    return (
        state_is(
            "escalation",
            f"Escalates {ticket.id} once to tier_2 in the name of {asker.name}, with a reason that "
            f"names {parcel.id}.",
            "size(created.filter(c, c.type == 'escalation')) == 1 && created.exists(c, "
            f"c.type == 'escalation' && c.after.ticket_id == '{ticket.id}' "
            f"&& c.after.level == 'tier_2' && c.after.raised_by_id == '{asker.id}' "
            f"&& (c.after.reason.contains('{parcel.id}') "
            f"|| c.after.reason.contains('{parcel.tracking_number}')))",
        ),
        field_is(
            "priority",
            f"{ticket.id} has priority high and the status escalated.",
            "support_ticket",
            ticket.id,
            priority="high",
            status="escalated",
            assignee_id=ticket.assignee_id,
        ),
        state_is(
            "no-reply",
            "Writes nothing to the customer.",
            f"size(lookup('support_ticket', '{ticket.id}').messages) == {len(ticket.messages)}",
        ),
        changes_only("Changes nothing else.", (ticket.id,), ("escalation",)),
    )


def _answer_criteria(company: Company, worry: _Worry) -> tuple[Criterion, ...]:
    parcel, scan = worry.parcel, worry.parcel.events[-1]
    lost = rf"^(?![\s\S]*(?:{_NOT_LOST}))[\s\S]*(?:{undenied(r'lost')})"
    found = [
        says_any("parcel", f"Names the parcel: {parcel.id}.", parcel.id, parcel.tracking_number),
        decides("lost", "Says that it counts as lost.", lost)
        if worry.is_lost
        else decides("lost", "Says that it does not count as lost.", _NOT_LOST),
        says_date("scanned", "the day of the last scan", iso_day(scan.at)),
        says_any("place", f"Says where it was last scanned: {scan.place}.", *_towns(scan.place)),
    ]
    if worry.is_lost:
        holder = _holder(company, worry)
        found.append(says_any("holder", f"Names who has the escalation: {holder}.", holder))
        escalated = _ALREADY if worry.escalation else _ESCALATED
        told = "was escalated before" if worry.escalation else "is escalated"
        found.append(says_matching("escalated", f"Says that the ticket {told}.", escalated))
    return tuple(found)


def _towns(place: str) -> tuple[str, ...]:
    return place, place.split(",")[0]


LOST_PARCEL: Scenario[Company] = Scenario(
    name="lost-parcel",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=CARE_DESK,
    intent="{ticket} is escalated by the rule about lost parcels if its parcel counts as lost and "
    "nobody has it on escalation; otherwise it is left alone.",
    phrasings=PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
