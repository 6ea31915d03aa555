"""Refunds against the returns policy: windows, conditions, fees, amounts, late parcels.

A decision that a team lead or a manager wrote in Slack lifts the window or the fee. A denied refund
may be whatever was asked for.
"""

import re
from collections.abc import Iterator
from datetime import date

from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    day,
    line_of,
)
from world_builder.worlds.corecraft.rules import (
    DEFECT_REFUND_DAYS,
    NO_OPENED_RETURN_CATEGORIES,
    RETURN_DAYS,
    TRANSIT_DAMAGE_DAYS,
    line_cents,
    restocking_cents,
)

_CONDITIONS = {
    "changed_mind": ("unopened", "opened"),
    "defective": ("defective",),
    "damaged_in_transit": ("damaged",),
}
_WITHOUT_LINE = ("goodwill", "late_delivery")
_DECIDING_ROLES = ("team_lead", "manager")
_EXCEPTION = re.compile(r"\bException for (ord-\d{6}-\d+): (.*)")
_NO_FEE = re.compile(r"\bwaive the restocking fee for (.*) in (ord-\d{6}-\d+)")


def _of_line(refund: Record, records: Records) -> Iterator[str]:
    order, product_id = records.of("order")[refund["order_id"]], refund.get("product_id")
    line = line_of(order, product_id) if product_id is not None else None
    if line is None or refund["status"] == "denied":
        return
    if refund["reason"] in _WITHOUT_LINE:
        yield f"is for {refund['reason']}, yet for {product_id}"
        return
    yield from _condition(refund, records)
    yield from _window(refund, records)
    yield from _amount(refund, line, records)


def _condition(refund: Record, records: Records) -> Iterator[str]:
    reason, condition = refund["reason"], refund.get("condition")
    product = records.of("product")[refund["product_id"]]
    if reason in _CONDITIONS and condition not in _CONDITIONS[reason]:
        yield f"is for {reason}, but the item is {condition}"
    if reason != "changed_mind":
        return
    if product["is_clearance"]:
        yield f"{product['id']} is on clearance and came back by a change of mind"
    if condition == "opened" and product["category"] in NO_OPENED_RETURN_CATEGORIES:
        yield f"{product['id']} is opened {product['category']} and came back by a change of mind"


def _window(refund: Record, records: Records) -> Iterator[str]:
    product_id, created_on = refund["product_id"], day(refund["created_at"])
    arrivals = [
        day(parcel["delivered_at"])
        for parcel in records.shipments_of(refund["order_id"])
        if product_id in parcel["product_ids"] and parcel.get("delivered_at")
    ]
    if not arrivals or created_on < min(arrivals):
        yield f"{product_id} had not been delivered on {created_on}"
        return
    days = (created_on - min(arrivals)).days
    limit = {
        "changed_mind": RETURN_DAYS[records.tier(refund["customer_id"])],
        "damaged_in_transit": TRANSIT_DAMAGE_DAYS,
    }.get(refund["reason"], DEFECT_REFUND_DAYS)
    if days > limit and not _is_excepted(refund, records):
        yield f"was made {days} days after the delivery, {limit} are allowed"


def _amount(refund: Record, line: Record, records: Records) -> Iterator[str]:
    tier = records.tier(refund["customer_id"])
    product = records.of("product")[refund["product_id"]]
    fee, amount = refund["restocking_fee_cents"], refund["amount_cents"]
    paid = line_cents(
        line["unit_price_cents"], refund["qty"], tier, is_clearance=product["is_clearance"]
    )
    due = restocking_cents(paid, tier, refund.get("condition"), refund["reason"])
    if fee != due and (fee or not _is_free(refund, records)):
        yield f"restocking fee is {fee} cents, not {due}"
    if amount != paid - fee:
        yield f"amount is {amount} cents, not {paid - fee}"


def _without_line(refund: Record, records: Records) -> Iterator[str]:
    if refund.get("product_id") is not None or refund["status"] == "denied":
        return
    order = records.of("order")[refund["order_id"]]
    reason, amount = refund["reason"], refund["amount_cents"]
    if refund["restocking_fee_cents"] or refund.get("condition"):
        yield "has a fee or a condition but no line"
    if reason not in _WITHOUT_LINE and order["status"] != "cancelled":
        yield f"is for {reason} without a line, and {order['id']} is {order['status']}"
    if reason not in _WITHOUT_LINE and amount != order["total_cents"]:
        yield f"amount is {amount} cents, not the total of {order['total_cents']}"


def _late(refund: Record, records: Records) -> Iterator[str]:
    if refund["reason"] != "late_delivery" or refund["status"] == "denied":
        return
    order, today = records.of("order")[refund["order_id"]], day(refund["created_at"])
    if order["shipping_service"] == "standard":
        yield f"is for late_delivery, but {order['id']} went by standard shipping"
    if refund["amount_cents"] != order["shipping_cents"]:
        yield (
            f"amount is {refund['amount_cents']} cents, not the shipping of "
            f"{order['shipping_cents']}"
        )
    if not any(_is_late(parcel, today) for parcel in records.shipments_of(order["id"])):
        yield f"no parcel of {order['id']} was late on {today}"


def _is_late(parcel: Record, today: date) -> bool:
    """Whether a parcel had missed its promised day by a day."""
    delivered_at = parcel.get("delivered_at")
    arrived_on = day(delivered_at) if delivered_at else today
    return day(parcel["promised_on"]) < min(arrived_on, today)


def _is_excepted(refund: Record, records: Records) -> bool:
    """Whether somebody in charge took the item back although the window had closed."""
    name = records.of("product")[refund["product_id"]]["name"]
    return any(
        found[1] == refund["order_id"] and name in found[2]
        for text in _decisions(records)
        if (found := _EXCEPTION.search(text))
    )


def _is_free(refund: Record, records: Records) -> bool:
    """Whether somebody in charge waived the restocking fee."""
    name = records.of("product")[refund["product_id"]]["name"]
    return _is_excepted(refund, records) or any(
        found[2] == refund["order_id"] and name == found[1]
        for text in _decisions(records)
        if (found := _NO_FEE.search(text))
    )


def _decisions(records: Records) -> list[str]:
    return [
        message["text"]
        for message in records.of("slack_message").values()
        if records.role(message["author_id"]) in _DECIDING_ROLES
    ]


CHECKS: Checks = {"refund": (_of_line, _without_line, _late)}
