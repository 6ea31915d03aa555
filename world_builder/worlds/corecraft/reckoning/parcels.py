"""What the rules say of parcels: lost, late, what goes back for it, and when one is expected.

Worked out from typed values. What a customer is told, and how, is the scenarios' matter.
"""

import re
from calendar import month_name
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from world_builder.worlds.corecraft.company import Company, Order, Shipment, SlackMessage
from world_builder.worlds.corecraft.rules import NOW, add_business_days

UNDER_WAY = ("label_created", "in_transit", "out_for_delivery", "delayed")
"""Statuses of a parcel that may still arrive."""
_LOST_AFTER = timedelta(days=7)
_DECIDERS = ("team_lead", "manager")
_BEGINS = re.compile(
    r"Add two business days to every (\w+) parcel that was shipped since (\w+) (\d+)"
)
_ENDS = re.compile(r"(\w+) is catching up\. From (\w+) (\d+) on, the promised days hold again")


def counts_as_lost(parcel: Shipment) -> bool:
    """Whether the carrier lost it, or nobody scanned it for more than seven days."""
    if parcel.status == "lost":
        return True
    return parcel.status in UNDER_WAY and NOW - parcel.events[-1].at > _LOST_AFTER


def days_late(parcel: Shipment) -> int:
    """Calendar days from the promised day to the arrival; 0 in time. Raises while under way."""
    if parcel.delivered_at is None:
        raise ValueError(f"{parcel.id} has not arrived")
    return max(0, (parcel.delivered_at.date() - parcel.promised_on).days)


def is_overdue(parcel: Shipment) -> bool:
    """Whether the promised day has passed and the parcel is not there."""
    return parcel.delivered_at is None and parcel.promised_on < NOW.date()


def shipping_problem(company: Company, order: Order) -> str | None:
    """Why no shipping charge goes back for lateness; None when the whole charge does.

    `on_time`, `standard`, `nothing_paid`, `already_back`, `disputed`. A parcel whose promised day
    has passed is late, there or not.
    """
    parcels = company.shipments_of(order.id)
    if not any(parcel.is_late or is_overdue(parcel) for parcel in parcels):
        return "on_time"
    if order.shipping_service == "standard":
        return "standard"
    if order.shipping_cents == 0:
        return "nothing_paid"
    refunds = company.refunds_of(order.id)
    if any(r.reason == "late_delivery" and r.status != "denied" for r in refunds):
        return "already_back"
    if any(payment.status == "disputed" for payment in company.payments_of(order.id)):
        return "disputed"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierDelay:
    """A lead's decision that a carrier's parcels of some days take longer."""

    carrier: str
    shipped_from: date
    shipped_before: date
    """The first day of shipping from which promised days hold again."""
    business_days: int
    decider_id: str

    def covers(self, parcel: Shipment) -> bool:
        shipped = parcel.shipped_at
        return (
            parcel.carrier == self.carrier
            and shipped is not None
            and self.shipped_from <= shipped.date() < self.shipped_before
        )


def carrier_delay(company: Company) -> CarrierDelay:
    """The delay that holds by what leads and managers wrote in Slack.

    Raises LookupError when nobody decided one and its end.
    """
    begun, since = _decided(company, _BEGINS)
    ended, until = _decided(company, _ENDS)
    if begun[1] != ended[1]:
        raise LookupError(f"{begun[1]} is delayed, but {ended[1]} is catching up")
    return CarrierDelay(
        carrier=begun[1],
        shipped_from=_day_of(begun, since.sent_at),
        shipped_before=_day_of(ended, until.sent_at),
        business_days=2,
        decider_id=since.author_id,
    )


def _decided(company: Company, pattern: re.Pattern[str]) -> tuple[re.Match[str], SlackMessage]:
    for message in company.messages:
        match = pattern.search(message.text)
        if match and company.employee(message.author_id).role in _DECIDERS:
            return match, message
    raise LookupError(f"no lead or manager wrote {pattern.pattern!r}")


def _day_of(match: re.Match[str], written: datetime) -> date:
    return date(written.year, list(month_name).index(match[2]), int(match[3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The day on which a parcel under way is expected."""

    day: date
    is_moved: bool
    """Whether a carrier's delay was added to the promised day."""

    @property
    def is_ahead(self) -> bool:
        """Whether the day is still to come, so that a customer may be told."""
        return self.day > NOW.date()


def estimate(parcel: Shipment, delay: CarrierDelay) -> Estimate:
    """The promised day, or the day that the carrier's delay makes of it."""
    is_moved = delay.covers(parcel)
    days = delay.business_days if is_moved else 0
    return Estimate(day=add_business_days(parcel.promised_on, days), is_moved=is_moved)
