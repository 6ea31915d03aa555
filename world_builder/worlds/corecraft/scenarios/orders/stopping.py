"""How orders are stopped in references, and the criteria that hold a stopped order to the rules."""

from dataclasses import dataclass, replace
from random import Random

from world_builder.rubrics import Criterion
from world_builder.templates import Session
from world_builder.templates.criteria import (
    CORRECTNESS,
    called,
    changes_only,
    creates_one,
    field_is,
    says_amount,
    says_any,
    says_matching,
    says_reason,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Employee, Order
from world_builder.worlds.corecraft.reckoning.order_changes import (
    LEADING_ROLES,
    StopRuling,
    charged,
    is_open,
)
from world_builder.worlds.corecraft.scenarios.common import found_employee, staff
from world_builder.worlds.corecraft.scenarios.orders.finding import opened
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    amount_pattern,
    critical,
)

TEAMS = ("support", "returns", "escalations", "warehouse")
"""Teams that stop orders for customers."""
ROLE_NAMES = {
    "agent": "agent",
    "senior_agent": "senior agent",
    "team_lead": "team lead",
    "manager": "manager",
}
STOPPED = r"\bcancel(?:l?ed|lation)\b|\bstopped\b"
_NOT = r"(?:\b(?:not|never)|n['’]t)"
NOT_STOPPED = (
    rf"{_NOT} (?:been |be |yet )?(?:cancel|stop|chang|touch|made any|make any|done anything)"
    r"|\b(?:can ?not|can['’]t|could ?n[o'’]t|unable|may not|must not)\b[^.\n]{0,60}\bcancel"
    r"|\bleft\b[^.\n]{0,40}\b(?:alone|as|in place|open|standing)\b|\b(?:unchanged|untouched)\b"
    r"|too late|\bremains?\b|\bstays\b|nothing (?:was |has been |is )?(?:changed|done)"
    r"|\bno (?:change|cancellation)|changed nothing"
)
"""What says that an order was cancelled, and that it was not."""
_DONE = (
    r"(?<!nothing )(?<!neither )(?<!none )\b(?:is|was|are|(?:has |have )?been) (?:now )?"
    r"(?:cancell?ed|stopped)\b"
)
_FAILED = (
    rf"{_NOT} (?:been |be |yet )?cancel"
    r"|\b(?:can ?not|can['’]t|could not|couldn['’]t|unable)\b[^.\n]{0,60}\bcancel"
)
UNPAID = (
    rf"(?:{_NOT}|\b(?:nothing|no (?:money|payment|charge|amount|funds)))\b[^.\n]{{0,40}}\b(?:"
    r"charged?|captured|taken|collected|paid|refund(?:ed)?|due|back)\b|authori[sz]ed only"
    r"|only (?:been )?authori[sz]ed|\bno refund\b|payment[^.\n]{0,30}\bfailed"
)
DISPUTED = r"disput|chargeback|\bbank\b"
GONE = {
    "shipped": r"shipped|on (?:its|the) way|in transit|left (?:the|our)|with the carrier|sent out"
    r"|\bdelivered\b",
    "delivered": r"\bdelivered\b|\barrived\b|shipped",
    "cancelled": r"already\b.{0,20}\bcancell?ed",
}
"""By status: what says why an order can be stopped no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What a reference did about an order."""

    asker_id: str
    refund_id: str | None
    """None when nothing was refunded."""


def askers(company: Company, order: Order, rng: Random) -> list[Employee]:
    """Somebody whose limit covers the order, and somebody right below."""
    people = staff(company, *TEAMS)
    payment = charged(company, order.id)
    if not is_open(order) or payment is None:
        return [rng.choice(people)]
    if payment.status == "disputed":
        return [rng.choice([e for e in people if e.role in LEADING_ROLES])]
    able = [e for e in people if e.refund_limit_cents >= order.total_cents]
    unable = [e for e in people if e.refund_limit_cents < order.total_cents]
    least = min(e.refund_limit_cents for e in able)
    most = max((e.refund_limit_cents for e in unable), default=0)
    groups = (
        [e for e in able if e.refund_limit_cents == least],
        [e for e in unable if e.refund_limit_cents == most],
    )
    return [rng.choice(group) for group in groups if group]


def left_alone(ruling: StopRuling) -> StopRuling:
    """The ruling where an order stays that cannot be both cancelled and refunded."""
    return replace(ruling, problem="gone")


def stop(
    session: Session,
    company: Company,
    order: Order,
    asker: Employee,
    ruling: StopRuling,
    other: Order | None = None,
) -> Stopped:
    """Looks everything up, the other order too, and cancels and refunds what the ruling allows."""
    asker_id = found_employee(session, asker)
    opened(session, company.customer(order.customer_id), order)
    if other is not None:
        session.call("get_order", id=other.id)
    if ruling.build is not None:
        session.call("search_builds", order_id=order.id)
    if ruling.may_cancel:
        session.call("update_order", id=order.id, status="cancelled", employee_id=asker_id)
    is_refunded = ruling.problem is None
    return Stopped(
        asker_id=asker_id,
        refund_id=_refunded(session, order, ruling, asker_id) if is_refunded else None,
    )


def _refunded(session: Session, order: Order, ruling: StopRuling, asker_id: str) -> str | None:
    """The number of the refund of all that was charged; None when nothing was."""
    if ruling.payment is None:
        return None
    made = session.call(
        "create_refund",
        order_id=order.id,
        reason="changed_mind",
        amount_cents=ruling.amount_cents,
        approved_by_id=asker_id,
    )["refund"]
    return str(made["id"]) if isinstance(made, dict) else None


def says_stopped(order: Order, key: str = "decision") -> Criterion:
    text = f"Says that {order.id} is cancelled."
    return critical(says_right_not_wrong(key, text, STOPPED, _FAILED))


def says_kept(order: Order, key: str = "decision") -> Criterion:
    text = f"Says that {order.id} is not cancelled."
    return critical(says_right_not_wrong(key, text, NOT_STOPPED, _DONE))


def says_back(ruling: StopRuling, stopped: Stopped) -> tuple[Criterion, ...]:
    """The answer states what went back and as which refund, or that nothing was charged."""
    if stopped.refund_id is None:
        return (says_reason("Says that nothing was charged.", UNPAID, key="nothing-charged"),)
    text = f"Names the refund: {stopped.refund_id}."
    return (
        says_amount("refund-amount", "what goes back", ruling.amount_cents),
        says_any("refund-id", text, stopped.refund_id),
    )


def says_no_refund() -> Criterion:
    """The answer says that nothing has gone back."""
    pattern = (
        rf"(?:{_NOT}|\b(?:no|nothing|without))\b[^.\n]{{0,60}}\b(?:refund\w*|back|paid|returned)\b"
        rf"|\brefund\w*\b[^.\n]{{0,80}}(?:{_NOT}|\b(?:no|above|beyond|over|exceeds?|needs?|must"
        r"|wait\w*|blocked|open|pending|larger|more than))\b"
    )
    text = "Says that the refund has not been made."
    return critical(says_matching("no-refund", text, pattern, CORRECTNESS))


def says_limit(cents: int) -> Criterion:
    """The answer states how much the asker may refund; nothing may be put into words."""
    if cents:
        return says_amount("limit", "the asker's limit", cents)
    pattern = (
        rf"{amount_pattern(0)}|\b(?:no|zero|without an?y?)\b[^.\n]{{0,24}}\blimit"
        r"|\blimit\b[^.\n]{0,24}\b(?:none|zero|nothing)\b|\b(?:you|specialists?|technicians?)\b"
        r"[^.\n]{0,24}(?:\b(?:can ?not|not|no)|n['’]t)\b[^.\n]{0,30}\b(?:refund|approve)"
    )
    return says_matching("limit", "States the asker's limit: none.", pattern, CORRECTNESS)


def is_stopped(order: Order, ruling: StopRuling, stopped: Stopped) -> tuple[Criterion, ...]:
    """The order is cancelled in the asker's name, its build too, and nothing else changed."""
    changed = [order.id]
    found = [
        field_is("cancelled", f"{order.id} is cancelled.", "order", order.id, status="cancelled"),
        called(
            "by-asker",
            "Cancels in the name of the colleague who asks.",
            "update_order",
            id=order.id,
            employee_id=stopped.asker_id,
        ),
    ]
    if ruling.build is not None:
        changed.append(ruling.build.id)
        text = f"The build {ruling.build.id} is cancelled."
        found.append(field_is("build", text, "build", ruling.build.id, status="cancelled"))
    if ruling.payment is not None and stopped.refund_id is not None:
        changed.append(ruling.payment.id)
        found += _is_refunded(order, ruling, stopped)
    new = ("refund",) if stopped.refund_id else ()
    only = "Changes nothing but this order and what belongs to it."
    return (*found, changes_only(only, tuple(changed), new))


def _is_refunded(order: Order, ruling: StopRuling, stopped: Stopped) -> list[Criterion]:
    payment_id = ruling.payment.id if ruling.payment else ""
    return [
        creates_one(
            "refund",
            "Refunds all that was charged, once, for a change of mind, to the original payment.",
            "refund",
            order_id=order.id,
            payment_id=payment_id,
            product_id=None,
            reason="changed_mind",
            amount_cents=ruling.amount_cents,
            restocking_fee_cents=0,
            destination="original_payment",
        ),
        creates_one(
            "approver",
            "The refund is approved by the colleague who asks.",
            "refund",
            approved_by_id=stopped.asker_id,
        ),
        field_is("payment", f"{payment_id} is refunded.", "payment", payment_id, status="refunded"),
    ]
