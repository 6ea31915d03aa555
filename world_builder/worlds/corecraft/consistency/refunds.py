"""Refunds: what they belong to, who decided, and what an order's refunds add up to.

Whether the returns policy allows them is checked in `refunds_by_rule`.
"""

from collections.abc import Iterator

from world_builder.worlds.corecraft.consistency.payments import PAID_BACK, RECEIVED
from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    line_of,
    moment,
    repeated,
)
from world_builder.worlds.corecraft.rules import GOODWILL_LIMIT_CENTS, REFUND_LIMIT_CENTS


def _belongs(refund: Record, records: Records) -> Iterator[str]:
    order, payment = records.of("order")[refund["order_id"]], _payment(refund, records)
    if payment["order_id"] != order["id"]:
        yield f"{payment['id']} did not pay for {order['id']}"
    if refund["customer_id"] != order["customer_id"]:
        yield f"is for {refund['customer_id']}, but {order['id']} is by {order['customer_id']}"
    if refund["status"] != "denied" and payment["status"] not in RECEIVED:
        yield f"pays back {payment['id']}, which is {payment['status']}"
    if refund["status"] != "denied" and payment["status"] == "disputed":
        yield f"pays back {payment['id']}, which is disputed"
    if moment(refund["created_at"]) < moment(order["placed_at"]):
        yield f"was made before {order['id']} was placed"


def _ticket(refund: Record, records: Records) -> Iterator[str]:
    if refund.get("ticket_id") is None:
        return
    ticket = records.of("support_ticket")[refund["ticket_id"]]
    if ticket["customer_id"] != refund["customer_id"]:
        yield f"{ticket['id']} is by {ticket['customer_id']}, not by {refund['customer_id']}"
    if ticket.get("order_id") not in (None, refund["order_id"]):
        yield f"{ticket['id']} is about {ticket['order_id']}, not about {refund['order_id']}"
    if moment(ticket["created_at"]) > moment(refund["created_at"]):
        yield f"was made before its ticket {ticket['id']}"


def _decision(refund: Record, records: Records) -> Iterator[str]:
    status, approver_id = refund["status"], refund.get("approved_by_id")
    if status == "requested" and approver_id is not None:
        yield f"is only requested but {approver_id} approved it"
    if status not in PAID_BACK:
        return
    if approver_id is None:
        yield f"is {status} but nobody approved it"
        return
    approver = records.of("employee")[approver_id]
    limit = REFUND_LIMIT_CENTS[approver["role"]]
    if refund["amount_cents"] > limit:
        yield f"{approver_id} approved {refund['amount_cents']} cents, above the limit of {limit}"
    if not approver["is_active"]:
        yield f"{approver_id}, who approved it, does not work here"


def _processing(refund: Record, _: Records) -> Iterator[str]:
    status, processed_at = refund["status"], refund.get("processed_at")
    if (status == "processed") != (processed_at is not None):
        yield f"is {status} but processed_at is {processed_at}"
    if processed_at is not None and moment(processed_at) < moment(refund["created_at"]):
        yield f"was processed at {processed_at}, before it was made"


def _sums(order: Record, records: Records) -> Iterator[str]:
    standing = [r for r in records.refunds_of(order["id"]) if r["status"] != "denied"]
    for payment_id in dict.fromkeys(refund["payment_id"] for refund in standing):
        amount = records.of("payment")[payment_id]["amount_cents"]
        back = sum(r["amount_cents"] for r in standing if r["payment_id"] == payment_id)
        if back > amount:
            yield f"{back} of {amount} cents of {payment_id} are to go back"
    for line in order["lines"]:
        mine = [r for r in standing if r.get("product_id") == line["product_id"]]
        if sum(r["qty"] for r in mine) > line["qty"]:
            yield f"more than {line['qty']} of {line['product_id']} came back"


def _at_most_one(order: Record, records: Records) -> Iterator[str]:
    refunds = records.refunds_of(order["id"])
    standing = [r["reason"] for r in refunds if r["status"] != "denied"]
    for reason in ("goodwill", "late_delivery"):
        if standing.count(reason) > 1:
            yield f"has two refunds for {reason}"
    asked = [r.get("product_id") or "" for r in refunds if r["status"] == "requested"]
    for product_id in repeated(asked):
        if product_id:
            yield f"has two requested refunds of {product_id}"


def _goodwill(refund: Record, _: Records) -> Iterator[str]:
    if refund["reason"] == "goodwill" and refund["amount_cents"] > GOODWILL_LIMIT_CENTS:
        yield (
            f"goodwill is {refund['amount_cents']} cents, above the limit of {GOODWILL_LIMIT_CENTS}"
        )


def _line(refund: Record, records: Records) -> Iterator[str]:
    order, product_id = records.of("order")[refund["order_id"]], refund.get("product_id")
    if product_id is not None and line_of(order, product_id) is None:
        yield f"{product_id} is not in {order['id']}"
    if (product_id is not None) != (refund["qty"] > 0):
        yield f"takes back {refund['qty']} of {product_id}"


def _payment(refund: Record, records: Records) -> Record:
    return records.of("payment")[refund["payment_id"]]


CHECKS: Checks = {
    "refund": (_belongs, _ticket, _decision, _processing, _goodwill, _line),
    "order": (_sums, _at_most_one),
}
