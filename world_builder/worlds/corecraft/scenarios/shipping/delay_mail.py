"""The scenario `delay-email`: an honest e-mail about a parcel that takes or took too long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.checks import AllOf, Matches, NotContains
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CONSTRAINT,
    changes_nothing,
    criterion,
    greets,
    is_email,
    says_amount,
    says_any,
    says_date,
    says_matching,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company, Order, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import (
    CarrierDelay,
    Estimate,
    carrier_delay,
    counts_as_lost,
    estimate,
    is_overdue,
    shipping_problem,
)
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.shipping.asks.delay_mail import DETAILS, PHRASINGS
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import says_shipping_back
from world_builder.worlds.corecraft.scenarios.shipping.wording import (
    SIGNATURE,
    STATUS_WORDS,
    blames_nobody,
    status_pattern,
)

_NUM = 18
_MOST_WORDS = 220
_STATUSES = ("in_transit", "delayed", "delivered")
_NO_DAY = (
    r"(?:\bno|\bnot|n['’]t|\bwithout)\b[^.;\n]{0,60}\b(?:day|date|estimate|confirm\w*|know\w*)\b"
    r"|\bas soon as\b|\bonce we\b"
)
_STEP = (
    r"\bplease\b|\bfollow\b|\bcheck (?:the|your|it)\b|\breply\b|\blet us know\b|\bcontact us\b"
    r"|\bwrite (?:to us|back)\b|\btrack (?:it|the|your)\b"
)
_PROMISES = (
    r"\bguarante|\btomorrow\b|\bin (?:a few|two|three) days\b|\bthis week\b"
    r"|\bby (?:mon|tues|wednes|thurs|fri)day\b"
)
_MONEY_TALK = (
    r"\brefund|\breimburs|\bmoney back|\bvoucher|\bcompensat|\bshipping (?:charge|cost|fee|price)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slow:
    """A parcel that takes or took long, and what may be said of it."""

    order: Order
    parcel: Shipment
    expected: Estimate
    refund_cents: int
    """The shipping charge that is due back; 0 when nothing is."""

    @property
    def day(self) -> date | None:
        """The day it came or is expected; None when no day is confirmed."""
        if self.parcel.delivered_at is not None:
            return self.parcel.delivered_at.date()
        return self.expected.day if self.expected.is_ahead else None

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Days to come that nobody confirmed."""
        days = [NOW.date() + timedelta(days=ahead) for ahead in range(1, 16)]
        named = (self.day, self.parcel.promised_on)
        return tuple(day.isoformat() for day in days if day not in named)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("delay-email")
    for slow in _slow_parcels(desk.model, rng):
        yield _draft(desk, slow, rng)


def _slow_parcels(company: Company, rng: Random) -> list[_Slow]:
    """Under way with and without a new day, not late at all, and late when it came, by turns."""
    delay = carrier_delay(company)
    recent = [s for s in company.shipments if s.promised_on > NOW.date() - timedelta(days=50)]
    rng.shuffle(recent)
    found = [_slow(company, parcel, delay) for parcel in recent if _is_slow(parcel, delay)]
    return by_turns(found, _kind)


def _is_slow(parcel: Shipment, delay: CarrierDelay) -> bool:
    """Whether somebody may complain, and the rules say clearly what holds."""
    if parcel.status not in _STATUSES or counts_as_lost(parcel):
        return False
    if parcel.delivered_at is not None:
        return parcel.is_late and not delay.covers(parcel)
    return parcel.promised_on != NOW.date() or delay.covers(parcel)


def _slow(company: Company, parcel: Shipment, delay: CarrierDelay) -> _Slow:
    order = company.order(parcel.order_id)
    is_due = (parcel.is_late or is_overdue(parcel)) and shipping_problem(company, order) is None
    return _Slow(
        order=order,
        parcel=parcel,
        expected=estimate(parcel, delay),
        refund_cents=order.shipping_cents if is_due else 0,
    )


def _kind(slow: _Slow) -> tuple[bool, bool, bool, bool]:
    is_there = slow.parcel.delivered_at is not None
    moved = slow.expected.is_moved and not is_there
    return is_there, moved, slow.day is None, slow.refund_cents > 0


def _draft(desk: Desk[Company], slow: _Slow, rng: Random) -> Draft:
    company, order, parcel = desk.model, slow.order, slow.parcel
    customer = company.customer(order.customer_id)
    news = next(channel for channel in company.channels if channel.name == "#shipping-news")
    session = desk.session()
    session.call("get_order", id=order.id)
    session.call("search_slack_messages", channel_id=news.id)
    session.call("search_employees", id=carrier_delay(company).decider_id)
    session.call("search_knowledge_base", text="late delivery", status="current")
    return Draft(
        title=f"E-mail about the slow parcel {parcel.tracking_number}",
        keys=(order.id,),
        slots={"order": order.id, "parcel": parcel.tracking_number},
        calls=session.calls,
        response=_mail(customer.first_name, slow),
        criteria=(
            is_email(_MOST_WORDS),
            greets(customer.first_name),
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_any("carrier", f"Names the carrier: {parcel.carrier}.", parcel.carrier),
            says_any("tracking", "Gives the tracking number.", parcel.tracking_number),
            says_matching(
                "status", f"Says that it {STATUS_WORDS[parcel.status][0]}.", status_pattern(parcel)
            ),
            *_day_criteria(slow),
            *_money_criteria(slow),
            blames_nobody(parcel.carrier),
            says_matching("next-step", "Tells the customer the next step.", _STEP),
            signs_off(SIGNATURE),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "warehouse")),
    )


def _mail(first_name: str, slow: _Slow) -> str:
    parcel, order = slow.parcel, slow.order
    paragraphs = [
        f"Hello {first_name},",
        f"Your order {order.id} travels with {parcel.carrier}, tracking number "
        f"{parcel.tracking_number}. {_days(slow)}",
    ]
    if slow.refund_cents:
        paragraphs.append(
            "As the promised day was missed, your shipping charge of "
            f"{money(slow.refund_cents)} is due back to you."
        )
    step = "Please follow it with the tracking number and reply if anything is unclear."
    if parcel.delivered_at is not None:
        step = "Please check the parcel and reply if anything is missing or damaged."
    return "\n\n".join((*paragraphs, step, f"Best regards,\n{SIGNATURE}"))


def _days(slow: _Slow) -> str:
    parcel = slow.parcel
    promised = spoken_day(parcel.promised_on)
    told = STATUS_WORDS[parcel.status][0]
    if slow.day is None:
        return (
            f"It was promised for {promised} and {told}. No new day is confirmed yet; we write to "
            "you as soon as one is."
        )
    if parcel.delivered_at is not None:
        return f"It was promised for {promised} and {told} on {spoken_day(slow.day)}."
    if slow.expected.is_moved:
        return (
            f"It {told}. It was promised for {promised}, and the day that we expect it now is "
            f"{spoken_day(slow.day)}."
        )
    return f"It {told}. The promised day, {promised}, still holds."


def _day_criteria(slow: _Slow) -> tuple[Criterion, ...]:
    promised = slow.parcel.promised_on.isoformat()
    found = [says_date("promised", "the promised day", promised)]
    if slow.day is None:
        found.append(says_matching("no-day", "Says that no new day is confirmed yet.", _NO_DAY))
    elif slow.day != slow.parcel.promised_on:
        told = "came" if slow.parcel.delivered_at else "is expected now"
        found.append(says_date("day", f"the day it {told}", slow.day.isoformat()))
    checks = (
        NotContains(texts=slow.unconfirmed),
        Matches(pattern=rf"^(?![\s\S]*(?:{_PROMISES}))"),
    )
    text = "Promises no day that nobody confirmed."
    found.append(criterion("no-promise", text, AllOf(checks=checks), CONSTRAINT))
    return tuple(found)


def _money_criteria(slow: _Slow) -> tuple[Criterion, ...]:
    if slow.refund_cents:
        return (
            says_shipping_back("Says that the shipping charge is due back."),
            says_amount("amount", "the shipping charge", slow.refund_cents),
        )
    silent = rf"^(?![\s\S]*(?:{_MONEY_TALK}))"
    text = "Does not mention the shipping charge, which is not due back."
    return (says_matching("no-money", text, silent, CONSTRAINT),)


DELAY_EMAIL: Scenario[Company] = Scenario(
    name="delay-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.HARD,
    system_prompt=ORDER_DESK,
    intent="The customer of {order} learns what holds for {parcel}: the confirmed day or that "
    "there is none, and the shipping charge where it is due back, without blame or guesses.",
    phrasings=PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
