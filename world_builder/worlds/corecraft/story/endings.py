"""How tickets went on: escalations of the hard ones, resolutions of the ended ones."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from world_builder.worlds.corecraft.company import (
    Employee,
    Escalation,
    Product,
    Refund,
    Resolution,
    Ticket,
)
from world_builder.worlds.corecraft.rules import ESCALATION_HOURS, LONG_OPEN_HOURS, NOW
from world_builder.worlds.corecraft.story.ledger import DailyIds, later, wall
from world_builder.worlds.corecraft.story.staff import ESCALATIONS_LEAD, SAFETY_OFFICER
from world_builder.worlds.corecraft.story.ticket_texts import RESOLUTIONS, SAFETY

_TIER_2_REASONS = (
    "Open for more than three days without a plan.",
    "Third contact about the same parcel.",
    "Customer threatens a bad review; facts are on her side.",
    "Needs a decision between replacement and repair.",
)
_MANAGER_REASONS = (
    "Refund is above the limit of the desk.",
    "Customer asks for an exception to the return window.",
    "Business account, five machines affected.",
)
_SAFETY_REASON = "Smoke or heat damage reported."
_SAFETY_SUBJECTS = tuple(text.subject.split("{")[0] for text in SAFETY)
_LEFT_ALONE = 0.55
"""Share of long open tickets that somebody should have escalated and did not."""


def escalate(
    tickets: list[Ticket], staff: tuple[Employee, ...], rng: Random
) -> tuple[list[Ticket], list[Escalation]]:
    """The tickets with their new status, and the escalations in the order of their time."""
    drafts: list[Escalation] = []
    after: list[Ticket] = []
    for ticket in tickets:
        draft = _escalation(ticket, staff, rng)
        if draft is None:
            after.append(ticket)
            continue
        drafts.append(draft)
        if draft.status != "resolved":
            updated = max(ticket.updated_at, draft.created_at)
            ticket = replace(ticket, status="escalated", updated_at=updated)
        after.append(ticket)
    drafts.sort(key=lambda d: (d.created_at, d.ticket_id))
    ids = DailyIds()
    return after, [replace(d, id=ids.next("esc", d.created_at)) for d in drafts]


def _escalation(ticket: Ticket, staff: tuple[Employee, ...], rng: Random) -> Escalation | None:
    if ticket.assignee_id is None:
        return None
    is_safety = ticket.subject.startswith(_SAFETY_SUBJECTS) and ticket.priority == "urgent"
    is_ended = ticket.status in ("resolved", "closed")
    is_long = NOW - ticket.created_at > timedelta(hours=LONG_OPEN_HOURS + 12)
    if is_safety:
        if not is_ended and rng.random() < 0.4:
            return None
        level, reason, owner = "safety", _SAFETY_REASON, SAFETY_OFFICER
    elif is_ended:
        if rng.random() > 0.08:
            return None
        level, reason, owner = "tier_2", rng.choice(_TIER_2_REASONS), ESCALATIONS_LEAD
    elif ticket.status == "open" and ticket.priority == "high" and is_long:
        if rng.random() < _LEFT_ALONE:
            return None
        level, reason, owner = "tier_2", rng.choice(_TIER_2_REASONS), ESCALATIONS_LEAD
    elif ticket.status == "open" and rng.random() < 0.08:
        level, reason = "manager", rng.choice(_MANAGER_REASONS)
        owner = _manager_of(ticket, staff)
    else:
        return None
    created = later(ticket.messages[-1].at, rng, 20, 300)
    if created >= NOW - timedelta(minutes=10):
        return None
    due = wall(created + timedelta(hours=ESCALATION_HOURS[level]))
    done = later(created, rng, 30, 60 * ESCALATION_HOURS[level]) if is_ended else None
    return Escalation(
        id="",
        ticket_id=ticket.id,
        level=level,
        reason=reason,
        status="resolved" if done else rng.choice(("open", "acknowledged")),
        raised_by_id=ticket.assignee_id,
        assigned_to_id=owner,
        created_at=created,
        due_at=due,
        resolved_at=min(done, NOW) if done else None,
    )


def _manager_of(ticket: Ticket, staff: tuple[Employee, ...]) -> str:
    """The manager of the assignee's team."""
    team = next(e.team for e in staff if e.id == ticket.assignee_id)
    return next(e.id for e in staff if e.team == team and e.role == "manager")


def resolve(
    tickets: list[Ticket],
    escalations: list[Escalation],
    refunds: list[Refund],
    products: tuple[Product, ...],
    rng: Random,
) -> tuple[list[Ticket], list[Resolution]]:
    """The ended tickets with their last word, and a resolution for each."""
    names = {p.id: p.name for p in products}
    of_ticket = {r.ticket_id: r for r in refunds if r.ticket_id and r.status == "processed"}
    ended_at = {e.ticket_id: e.resolved_at for e in escalations if e.resolved_at}
    drafts: list[Resolution] = []
    after: list[Ticket] = []
    for ticket in tickets:
        if ticket.status not in ("resolved", "closed"):
            after.append(ticket)
            continue
        refund = of_ticket.get(ticket.id)
        start = max(ticket.messages[-1].at, ended_at.get(ticket.id) or ticket.created_at)
        if refund is not None and refund.processed_at is not None:
            start = max(start, refund.processed_at)
        moment = min(later(start, rng, 10, 20 * 60), NOW - timedelta(minutes=5))
        draft = _resolution(ticket, refund, names, rng)
        drafts.append(replace(draft, created_at=max(moment, ticket.messages[-1].at)))
        after.append(_with_last_word(ticket, drafts[-1]))
    drafts.sort(key=lambda d: (d.created_at, d.ticket_id))
    ids = DailyIds()
    return after, [replace(d, id=ids.next("res", d.created_at)) for d in drafts]


def _resolution(
    ticket: Ticket, refund: Refund | None, names: dict[str, str], rng: Random
) -> Resolution:
    if refund is not None:
        kind = "refund"
    elif ticket.category == "warranty":
        kind = rng.choice(("replacement", "information", "no_action"))
    elif ticket.category == "build":
        kind = rng.choice(("repair", "information"))
    else:
        kind = rng.choice(("information", "information", "no_action"))
    summary = rng.choice(RESOLUTIONS[kind]).format(
        refund=refund.id if refund else "", product=names.get(ticket.product_id or "", "part")
    )
    return Resolution(
        id="",
        ticket_id=ticket.id,
        kind=kind,
        summary=summary,
        refund_id=refund.id if refund else None,
        resolved_by_id=ticket.assignee_id or ESCALATIONS_LEAD,
        created_at=ticket.updated_at,
        follow_up_on=None,
    )


def _with_last_word(ticket: Ticket, resolution: Resolution) -> Ticket:
    """The ticket as it stood when it was resolved."""
    return replace(ticket, updated_at=max(ticket.updated_at, resolution.created_at))
