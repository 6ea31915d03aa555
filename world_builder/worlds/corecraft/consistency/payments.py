"""Payments: what they are for, what came back, and which one counts for an order."""

from collections.abc import Iterator

from world_builder.worlds.corecraft.consistency.records import Checks, Record, Records, moment

RECEIVED = ("captured", "partially_refunded", "refunded", "disputed")
"""Statuses of payments whose money came in."""
PAID_BACK = ("approved", "processed")
"""Statuses of refunds that count as paid back."""


def _order(payment: Record, records: Records) -> Iterator[str]:
    order = records.of("order")[payment["order_id"]]
    if payment["amount_cents"] != order["total_cents"]:
        yield (
            f"amount is {payment['amount_cents']} cents, not the {order['total_cents']} of "
            f"{order['id']}"
        )
    if payment["customer_id"] != order["customer_id"]:
        yield f"is by {payment['customer_id']}, but {order['id']} is by {order['customer_id']}"
    if moment(payment["created_at"]) < moment(order["placed_at"]):
        yield f"was made before {order['id']} was placed"


def _status(payment: Record, records: Records) -> Iterator[str]:
    status, back, amount = payment["status"], payment["refunded_cents"], payment["amount_cents"]
    order = records.of("order")[payment["order_id"]]
    due = "refunded" if back == amount else "partially_refunded"
    if back and status != due:
        yield f"is {status}, not {due}, with {back} of {amount} cents paid back"
    if not back and status in ("refunded", "partially_refunded"):
        yield f"is {status} but nothing was paid back"
    if status == "authorized" and order["status"] not in ("pending_payment", "cancelled"):
        yield f"is only authorized but {order['id']} is {order['status']}"


def _refunded(payment: Record, records: Records) -> Iterator[str]:
    back = sum(
        refund["amount_cents"]
        for refund in records.where("refund", "payment_id", payment["id"])
        if refund["status"] in PAID_BACK
    )
    if payment["refunded_cents"] != back:
        yield f"refunded is {payment['refunded_cents']} cents, but its refunds are {back}"


def _details(payment: Record, _: Records) -> Iterator[str]:
    if (payment["status"] == "failed") != bool(payment.get("failure_reason")):
        yield f"is {payment['status']} but its failure reason is {payment.get('failure_reason')}"
    if (payment["method"] == "card") != bool(payment.get("card_last4")):
        yield f"is by {payment['method']} but its card is {payment.get('card_last4')}"


def _counting(order: Record, records: Records) -> Iterator[str]:
    payments = records.payments_of(order["id"])
    received = [p for p in payments if p["status"] in RECEIVED]
    if len(received) > 1:
        yield f"was paid twice, by {received[0]['id']} and {received[1]['id']}"
    if order["status"] == "pending_payment" and received:
        yield f"is pending_payment but {received[0]['id']} is {received[0]['status']}"
    if order["status"] in ("processing", "shipped", "delivered") and not received:
        yield f"is {order['status']} but was never paid"
    for payment in received:
        for other in payments:
            is_late = moment(other["created_at"]) > moment(payment["created_at"])
            if other["status"] == "failed" and is_late:
                yield f"{other['id']} failed after {payment['id']} had paid"


def _cancelled(order: Record, records: Records) -> Iterator[str]:
    for payment in records.payments_of(order["id"]):
        back, amount = payment["refunded_cents"], payment["amount_cents"]
        if order["status"] == "cancelled" and payment["status"] in RECEIVED and back < amount:
            yield f"is cancelled but only {back} of {amount} cents were paid back"


CHECKS: Checks = {
    "payment": (_order, _status, _refunded, _details),
    "order": (_counting, _cancelled),
}
