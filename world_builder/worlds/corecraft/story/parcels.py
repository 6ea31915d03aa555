"""How parcels travel: shipments of an order with their events, on time, late, delayed or lost."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Address, Event, Shipment
from world_builder.worlds.corecraft.rules import (
    CARRIERS,
    DELIVERY_BUSINESS_DAYS,
    NOW,
    add_business_days,
    tracking_prefix,
)
from world_builder.worlds.corecraft.story.ledger import at, at_desk, later, some_time
from world_builder.worlds.corecraft.story.plans import OrderPlan

_HUBS = (
    "Newark, NJ",
    "Columbus, OH",
    "Memphis, TN",
    "Louisville, KY",
    "Indianapolis, IN",
    "Reno, NV",
)
_DELAYS = (
    "Held at the hub: severe weather on the route.",
    "Missed connection; new estimate to follow.",
    "Trailer out of service, contents are being moved.",
    "Address could not be found, carrier asks for details.",
)
_EDGE_SHARE = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A shipment before it has an id."""

    product_ids: tuple[str, ...]
    carrier: str
    tracking_number: str
    status: str
    shipped_at: datetime
    promised_on: date
    delivered_at: datetime | None
    events: tuple[Event, ...]

    def shipment(self, shipment_id: str, order_id: str) -> Shipment:
        """The shipment of an order."""
        return Shipment(
            id=shipment_id,
            order_id=order_id,
            carrier=self.carrier,
            tracking_number=self.tracking_number,
            status=self.status,
            product_ids=self.product_ids,
            shipped_at=self.shipped_at,
            promised_on=self.promised_on,
            delivered_at=self.delivered_at,
            events=self.events,
        )


def parcels_of(
    plan: OrderPlan, paid_at: datetime, goal: Address, rng: Random, *, is_old: bool
) -> list[Parcel]:
    """The parcels of an order that left the warehouse for an address.

    `is_old`: all of them must be there.
    """
    ids = [line.product_id for line in plan.lines]
    is_split = len(ids) >= 2 and plan.build_number is None and rng.random() < 0.4
    cut = rng.randrange(1, len(ids)) if is_split else len(ids)
    shipped = _shipping_moment(plan, paid_at, rng)
    parts = [(tuple(ids[:cut]), shipped)]
    if ids[cut:]:
        parts.append((tuple(ids[cut:]), _on_working_day(later(shipped, rng, 60, 30 * 60), rng)))
    return [_parcel(plan, names, moment, goal, rng, is_old=is_old) for names, moment in parts]


def _shipping_moment(plan: OrderPlan, paid_at: datetime, rng: Random) -> datetime:
    days = 1 if plan.delivered_on else plan.shipped_after or rng.choice((1, 1, 1, 2))
    moment = some_time(add_business_days(paid_at.date(), days), rng, start=10, end=19)
    return min(moment, NOW - timedelta(minutes=rng.randrange(120, 240)))


def _on_working_day(moment: datetime, rng: Random) -> datetime:
    moment = at_desk(moment, rng)
    if moment.weekday() >= 5:
        moment = some_time(add_business_days(moment.date(), 1), rng, start=10, end=19)
    return min(moment, NOW - timedelta(minutes=rng.randrange(61, 119)))


def _parcel(
    plan: OrderPlan, ids: tuple[str, ...], shipped: datetime, goal: Address, rng: Random, *,
    is_old: bool,
) -> Parcel:  # fmt: skip
    promised = add_business_days(shipped.date(), DELIVERY_BUSINESS_DAYS[plan.service])
    arrived = _arrival(plan, shipped, promised, rng)
    status, delivered = _fate(shipped, promised, arrived, rng, is_old=is_old)
    carrier = rng.choices(CARRIERS, (45, 25, 20, 10))[0]
    return Parcel(
        product_ids=ids,
        carrier=carrier,
        tracking_number=f"{tracking_prefix(carrier)}{rng.randrange(10**9, 10**10)}",
        status=status,
        shipped_at=shipped,
        promised_on=promised,
        delivered_at=delivered,
        events=_events(shipped, delivered, status, f"{goal.city}, {goal.state}", rng),
    )


def _arrival(plan: OrderPlan, shipped: datetime, promised: date, rng: Random) -> datetime:
    if plan.delivered_on is not None:
        return _hour_of(max(plan.delivered_on, shipped.date() + timedelta(days=1)), rng)
    if rng.random() < 0.24:
        return _hour_of(promised + timedelta(days=rng.choice((1, 1, 2, 2, 3, 4))), rng)
    least = 1 if plan.service != "standard" else 2
    days = max(least, (promised - shipped.date()).days - rng.choice((0, 0, 0, 1, 2)))
    return _hour_of(shipped.date() + timedelta(days=days), rng)


def _hour_of(day: date, rng: Random) -> datetime:
    """Daytime, and now and then minutes around midnight."""
    if rng.random() < _EDGE_SHARE:
        return at(day, *rng.choice(((23, 50), (23, 56), (0, 4), (0, 12))))
    return some_time(day, rng, start=9, end=20)


def _fate(
    shipped: datetime, promised: date, arrived: datetime, rng: Random, *, is_old: bool
) -> tuple[str, datetime | None]:
    if is_old and arrived <= NOW - timedelta(hours=1):
        return "delivered", arrived
    if arrived <= NOW - timedelta(hours=1) and rng.random() < 0.78:
        return "delivered", arrived
    age = NOW - shipped
    if age > timedelta(days=12):
        return rng.choice(("lost", "returned_to_sender", "lost")), None
    if promised < NOW.date():
        return "delayed", None
    if age < timedelta(hours=20):
        return "label_created", None
    if promised == NOW.date():
        return rng.choice(("out_for_delivery", "delayed")), None
    return "in_transit", None


def _events(
    shipped: datetime, arrived: datetime | None, status: str, place: str, rng: Random
) -> tuple[Event, ...]:
    hub, end = rng.choice(_HUBS), arrived or NOW
    picked = later(shipped, rng, 60, 300)
    sorted_at = later(picked, rng, 300, 900)
    stopped = later(sorted_at, rng, 240, 900)
    seen = [Event(at=shipped, place="Edison, NJ", note="Label created.")]
    if status != "label_created":
        seen.append(Event(at=picked, place="Edison, NJ", note="Picked up by the carrier."))
        seen.append(Event(at=sorted_at, place=hub, note="Arrived at the sorting hub."))
    if status == "delayed":
        seen.append(Event(at=stopped, place=hub, note=rng.choice(_DELAYS)))
    if status == "lost":
        seen.append(Event(at=stopped, place=hub, note="No scan since; a search was opened."))
    if status == "returned_to_sender":
        note = "Refused or undeliverable, on the way back to the sender."
        seen.append(Event(at=later(stopped, rng, 900, 3000), place=place, note=note))
    if status in ("out_for_delivery", "delivered"):
        out = at(end.date(), 7, rng.randrange(10, 59))
        seen.append(Event(at=max(out, stopped), place=place, note="Out for delivery."))
    seen = [event for event in seen if event.at < end]
    if arrived is not None:
        seen.append(Event(at=arrived, place=place, note="Delivered."))
    return tuple(seen)
