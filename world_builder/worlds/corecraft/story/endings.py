"""How tickets went on: escalations of the hard ones, resolutions of the ended ones."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Employee, Escalation, Product, Resolution
from world_builder.worlds.corecraft.rules import (
    ESCALATION_HOURS,
    LONG_OPEN_HOURS,
    NOW,
    REFUND_LIMIT_CENTS,
)
from world_builder.worlds.corecraft.story import ending_texts as texts
from world_builder.worlds.corecraft.story.ledger import DailyIds, after, at_desk, later
from world_builder.worlds.corecraft.story.staff import (
    ESCALATIONS_LEAD,
    SAFETY_OFFICER,
    at_work_or_lead,
)
from world_builder.worlds.corecraft.story.tickets import Case

_LEFT_ALONE = 0.55
"""Share of long open tickets that somebody should have escalated and did not."""
_SILENT, _SILENT_DAYS = "silent", (5, 9)
"""The ending of a ticket whose customer never answered, and after how many days: from, before."""


def escalate(
    cases: list[Case], staff: tuple[Employee, ...], rng: Random
) -> tuple[list[Case], list[Escalation]]:
    """The cases with their new status, and the escalations in the order of their time."""
    drafts: list[Escalation] = []
    after_it: list[Case] = []
    for case in cases:
        draft = _escalation(case, staff, rng)
        if draft is not None:
            drafts.append(draft)
            if draft.status != "resolved":
                case = case.now("escalated", draft.created_at)
        after_it.append(case)
    drafts.sort(key=lambda d: (d.created_at, d.ticket_id))
    ids = DailyIds()
    return after_it, [replace(d, id=ids.next("esc", d.created_at)) for d in drafts]


def _escalation(case: Case, staff: tuple[Employee, ...], rng: Random) -> Escalation | None:
    ticket, assignee = case.ticket, case.assignee
    cause = _cause(case, rng)
    if assignee is None or cause is None:
        return None
    level, reason, start = cause
    created = at_desk(later(start, rng, 20, 300), rng)
    done = None
    if case.is_ended:
        done = at_desk(later(created, rng, 30, 60 * ESCALATION_HOURS[level]), rng)
    if max(created, done or created) >= NOW - timedelta(minutes=30):
        return None
    owners = {"safety": SAFETY_OFFICER, "tier_2": ESCALATIONS_LEAD}
    return Escalation(
        id="",
        ticket_id=ticket.id,
        level=level,
        reason=reason,
        status="resolved" if done else rng.choice(("open", "acknowledged")),
        raised_by_id=at_work_or_lead(assignee, created.date()),
        assigned_to_id=owners.get(level) or _manager_of(assignee, staff),
        created_at=created,
        due_at=after(created, hours=ESCALATION_HOURS[level]),
        resolved_at=done,
    )


def _cause(case: Case, rng: Random) -> tuple[str, str, datetime] | None:
    """Level, reason and the time from which a case was handed up; None when it was not."""
    ticket, last = case.ticket, case.ticket.messages[-1].at
    tier_2 = (*texts.TIER_2_REASONS.get(ticket.category, ()), *texts.ANY_TIER_2_REASONS)
    manager = (*texts.MANAGER_REASONS.get(ticket.category, ()), *texts.ANY_MANAGER_REASONS)
    long_ago = after(ticket.created_at, hours=LONG_OPEN_HOURS)
    is_long = NOW - long_ago > timedelta(hours=12)
    if case.matter.text.is_safety:
        is_left = not case.is_ended and rng.random() < 0.4
        return None if is_left else ("safety", texts.SAFETY_REASON, last)
    if case.is_ended:
        return ("tier_2", rng.choice(tier_2), last) if rng.random() < 0.08 else None
    if _is_above_limit(case):
        return ("manager", texts.LIMIT_REASON, last) if rng.random() < 0.6 else None
    if ticket.status == "open" and ticket.priority == "high" and is_long:
        is_left = rng.random() < _LEFT_ALONE
        return None if is_left else ("tier_2", texts.LONG_OPEN_REASON, max(long_ago, last))
    if ticket.status == "open" and rng.random() < 0.08:
        return "manager", rng.choice(manager), last
    return None


def _is_above_limit(case: Case) -> bool:
    """Whether somebody else has to decide about the refund that the case is about."""
    refund, assignee = case.refund, case.assignee
    return (
        refund is not None
        and assignee is not None
        and refund.status == "requested"
        and refund.amount_cents > REFUND_LIMIT_CENTS[assignee.role]
    )


def _manager_of(assignee: Employee, staff: tuple[Employee, ...]) -> str:
    """The manager of the assignee's team."""
    return next(e.id for e in staff if e.team == assignee.team and e.role == "manager")


def resolve(
    cases: list[Case], escalations: list[Escalation], products: tuple[Product, ...], rng: Random
) -> tuple[list[Case], list[Resolution]]:
    """The ended cases with their last change, and a resolution for each."""
    names = {p.id: p.name for p in products}
    handled_at = {e.ticket_id: e.resolved_at for e in escalations if e.resolved_at}
    drafts: list[Resolution] = []
    after_it: list[Case] = []
    for case in cases:
        if case.is_ended:
            handled = handled_at.get(case.ticket.id, case.ticket.created_at)
            drafts.append(_resolution(case, handled, names, rng))
            case = case.now(case.ticket.status, drafts[-1].created_at)
        after_it.append(case)
    drafts.sort(key=lambda d: (d.created_at, d.ticket_id))
    ids = DailyIds()
    return after_it, [replace(d, id=ids.next("res", d.created_at)) for d in drafts]


def _resolution(case: Case, handled: datetime, names: dict[str, str], rng: Random) -> Resolution:
    ticket, refund = case.ticket, case.refund
    ending = _ending(case, rng)
    kind, summaries = texts.ENDINGS[ending]
    created = _ended_at(case, handled, rng, is_silent=ending == _SILENT)
    follows = kind in ("replacement", "repair", "exchange") and rng.random() < 0.5
    return Resolution(
        id="",
        ticket_id=ticket.id,
        kind=kind,
        summary=rng.choice(summaries).format(
            refund=refund.id if refund else "", product=names.get(ticket.product_id or "", "part")
        ),
        refund_id=refund.id if refund and kind == "refund" else None,
        resolved_by_id=_resolver(case, created),
        created_at=created,
        follow_up_on=created.date() + timedelta(days=14) if follows else None,
    )


def _ended_at(case: Case, handled: datetime, rng: Random, *, is_silent: bool) -> datetime:
    start = max(case.ticket.messages[-1].at, handled)
    if is_silent:
        start = after(start, hours=24 * rng.randrange(*_SILENT_DAYS))
    if case.refund is not None and case.refund.status == "processed" and case.refund.processed_at:
        start = max(start, case.refund.processed_at)
    created = at_desk(later(start, rng, 10, 20 * 60), rng)
    return created if created < NOW else max(start, NOW - timedelta(minutes=rng.randrange(5, 60)))


def _ending(case: Case, rng: Random) -> str:
    refund, last = case.refund, case.ticket.messages[-1]
    if refund is not None and refund.status == "denied":
        return "denied"
    if refund is not None:
        return "refunded" if refund.product_id else "shipping_refunded"
    is_quiet = (
        case.assignee is not None
        and last.author == case.assignee.name
        and NOW - last.at > timedelta(days=_SILENT_DAYS[1] + 1)
    )
    return rng.choice([e for e in case.matter.text.endings if is_quiet or e != _SILENT])


def _resolver(case: Case, moment: datetime) -> str:
    return at_work_or_lead(case.assignee, moment.date()) if case.assignee else ESCALATIONS_LEAD
