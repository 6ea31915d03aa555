"""What customers write about parcels, builds and payments.

Each matter belongs to something that really happened.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Shipment
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.story import ticket_texts as texts
from world_builder.worlds.corecraft.story.facts import Facts, Matter, between
from world_builder.worlds.corecraft.story.ledger import after
from world_builder.worlds.corecraft.story.ticket_texts import TicketText

_STUCK = ("lost", "delayed", "returned_to_sender")


def about_parcels(facts: Facts, rng: Random) -> Iterator[Matter]:
    for shipment in facts.shipments:
        is_stuck = shipment.status in _STUCK
        found = None
        if is_stuck and rng.random() < 0.75:
            found = _stuck(shipment)
        elif not is_stuck and rng.random() < 0.25:
            found = _half_there(shipment, facts)
        if found is None and not is_stuck and rng.random() < 0.06:
            found = _under_way(shipment, rng)
        if found is None or found[1] >= found[2]:
            continue
        text, start, end = found
        order = facts.order[shipment.order_id]
        yield Matter(
            customer_id=order.customer_id,
            order=order,
            product_id=rng.choice(shipment.product_ids),
            at=between(start, end, rng),
            text=text,
            carrier=shipment.carrier,
            since=shipment.events[-1].at,
            is_ended=False if is_stuck else None,
        )


def _stuck(shipment: Shipment) -> tuple[TicketText, datetime, datetime]:
    last = shipment.events[-1].at
    text = texts.PARCEL_BACK if shipment.status == "returned_to_sender" else texts.PARCEL_STUCK
    return text, max(after(last, hours=30), NOW - timedelta(days=6)), NOW


def _half_there(shipment: Shipment, facts: Facts) -> tuple[TicketText, datetime, datetime] | None:
    """The time in which a shipment was missing after another of its order had arrived."""
    others = [s for s in facts.parcels[shipment.order_id] if s.id != shipment.id]
    first = next((s.delivered_at for s in others if s.delivered_at), None)
    end = shipment.delivered_at or NOW
    if first is None or end - first < timedelta(hours=6):
        return None
    return texts.PARCEL_HALF, after(first, hours=1), min(end, first + timedelta(days=3))


def _under_way(shipment: Shipment, rng: Random) -> tuple[TicketText, datetime, datetime] | None:
    if shipment.shipped_at is None:
        return None
    arrived = shipment.delivered_at
    if arrived is not None and rng.random() < 0.5:
        start = after(arrived, hours=1)
        return texts.PARCEL_NOT_HERE, start, min(NOW, start + timedelta(hours=30))
    return texts.PARCEL_AWAY, after(shipment.shipped_at, hours=1), arrived or NOW


def about_builds(facts: Facts, rng: Random) -> Iterator[Matter]:
    for build in facts.builds:
        if build.order_id is None or build.status == "cancelled" or rng.random() < 0.45:
            continue
        order = facts.order[build.order_id]
        text = rng.choice((texts.BUILD_NEWS, texts.BUILD_CHANGE))
        start, end = after(order.placed_at, hours=50), NOW
        if build.status == "completed":
            arrived = facts.arrival(order.id, order.lines[0].product_id)
            text, start = texts.BUILD_SCRAPES, after(arrived or NOW, hours=20)
            end = min(NOW, start + timedelta(days=20))
        fitting = [
            line.product_id
            for line in order.lines
            if not text.fits or facts.products[line.product_id].category in text.fits
        ]
        if end - start > timedelta(hours=1):
            yield Matter(
                customer_id=build.customer_id,
                order=order,
                product_id=rng.choice(fitting),
                at=between(start, end, rng),
                text=text,
                is_ended=False if build.status == "ordered" else None,
            )


def about_payments(facts: Facts, rng: Random) -> Iterator[Matter]:
    for order in facts.orders:
        paid = facts.paid[order.id]
        failed = [payment for payment in paid if payment.status == "failed"]
        last, is_firm = paid[-1], facts.customers[order.customer_id].company is not None
        start, end = last.created_at, min(NOW, last.created_at + timedelta(days=2))
        if failed and rng.random() < 0.3:
            text = texts.CARD_DECLINED
            start = failed[-1].created_at
            end = end if last.status == "failed" else max(last.created_at, after(start, minutes=2))
        elif failed and last.status != "failed" and rng.random() < 0.3:
            text = texts.CHARGED_TWICE
        elif is_firm and last.status != "failed" and rng.random() < 0.2:
            text = texts.INVOICE
        else:
            continue
        yield Matter(
            customer_id=order.customer_id,
            order=order,
            product_id=None,
            at=between(start, end, rng),
            text=text,
        )
