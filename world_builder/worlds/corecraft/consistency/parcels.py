"""Shipments: when they left and arrived, what they promised, and what their scans say."""

from collections.abc import Iterator
from datetime import timedelta

from world_builder.worlds.corecraft.consistency.payments import RECEIVED
from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    day,
    moment,
)
from world_builder.worlds.corecraft.rules import (
    DELIVERY_BUSINESS_DAYS,
    LOST_AFTER_DAYS,
    add_business_days,
    tracking_prefix,
)

_UNDER_WAY = ("label_created", "in_transit", "out_for_delivery")


def _contents(shipment: Record, _: Records) -> Iterator[str]:
    if not shipment["product_ids"]:
        yield "holds nothing"


def _departure(shipment: Record, records: Records) -> Iterator[str]:
    shipped_at = shipment.get("shipped_at")
    if shipped_at is None:
        yield "was never shipped"
        return
    order = records.of("order")[shipment["order_id"]]
    for payment in records.payments_of(order["id"]):
        if payment["status"] in RECEIVED and moment(payment["created_at"]) > moment(shipped_at):
            yield f"was shipped before {payment['id']} paid for it"
    days = DELIVERY_BUSINESS_DAYS[order["shipping_service"]]
    promised_on = add_business_days(day(shipped_at), days)
    if day(shipment["promised_on"]) != promised_on:
        yield f"is promised for {shipment['promised_on']}, not {promised_on}"


def _arrival(shipment: Record, records: Records) -> Iterator[str]:
    shipped_at, delivered_at = shipment.get("shipped_at"), shipment.get("delivered_at")
    if (shipment["status"] == "delivered") != (delivered_at is not None):
        yield f"is {shipment['status']} but delivered_at is {delivered_at}"
    if delivered_at and shipped_at and moment(delivered_at) < moment(shipped_at):
        yield "was delivered before it was shipped"
    events = shipment["events"]
    if delivered_at and (not events or moment(events[-1]["at"]) != moment(delivered_at)):
        yield f"its last event is not the delivery at {delivered_at}"
    city = records.of("order")[shipment["order_id"]]["ship_to"]["city"]
    if delivered_at and events and not events[-1]["place"].startswith(city):
        yield f"was delivered in {events[-1]['place']}, not {city}"


def _events(shipment: Record, _: Records) -> Iterator[str]:
    times = [moment(event["at"]) for event in shipment["events"]]
    if times != sorted(times):
        yield "its events are not in the order of time"
    shipped_at = shipment.get("shipped_at")
    if shipped_at and (not times or times[0] != moment(shipped_at)):
        yield f"its first event is not the shipping at {shipped_at}"


def _status(shipment: Record, records: Records) -> Iterator[str]:
    status, promised_on = shipment["status"], shipment["promised_on"]
    if status in _UNDER_WAY and day(promised_on) < records.now.date():
        yield f"is {status} though it was promised for {promised_on}"
    if status == "lost" and shipment["events"]:
        last = moment(shipment["events"][-1]["at"])
        if records.now - last <= timedelta(days=LOST_AFTER_DAYS):
            yield f"is lost but was scanned at {shipment['events'][-1]['at']}"


def _tracking(shipment: Record, records: Records) -> Iterator[str]:
    number, carrier = shipment["tracking_number"], shipment["carrier"]
    if not number.startswith(tracking_prefix(carrier)):
        yield f"{number} is no tracking number of {carrier}"
    for other in records.where("shipment", "tracking_number", number):
        if other["id"] < shipment["id"]:
            yield f"has the tracking number of {other['id']}"


CHECKS: Checks = {"shipment": (_contents, _departure, _arrival, _events, _status, _tracking)}
