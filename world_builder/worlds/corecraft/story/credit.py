"""Store credit: what refunds gave, and what of it paid for later orders."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from world_builder.worlds.corecraft.company import Customer, Payment, Refund


def spent(payments: list[Payment], refunds: list[Refund]) -> list[Payment]:
    """The payments, some of them made by the store credit that the customer had by then."""
    given: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for refund in refunds:
        if refund.destination == "store_credit" and refund.processed_at is not None:
            given[refund.customer_id].append((refund.processed_at, refund.amount_cents))
    touched = {refund.payment_id for refund in refunds}
    after: list[Payment] = []
    for payment in payments:
        mine = given[payment.customer_id]
        has = sum(amount for moment, amount in mine if moment < payment.created_at)
        is_calm = payment.status == "captured" and payment.id not in touched
        if is_calm and payment.amount_cents <= has:
            mine.append((payment.created_at, -payment.amount_cents))
            payment = replace(payment, method="store_credit", card_last4=None)
        after.append(payment)
    return after


def credited(
    customers: tuple[Customer, ...], payments: list[Payment], refunds: list[Refund]
) -> tuple[Customer, ...]:
    """Customers with the store credit that is left to them."""
    left: defaultdict[str, int] = defaultdict(int)
    for refund in refunds:
        if refund.destination == "store_credit" and refund.status in ("approved", "processed"):
            left[refund.customer_id] += refund.amount_cents
    for payment in payments:
        if payment.method == "store_credit":
            left[payment.customer_id] -= payment.amount_cents
    return tuple(replace(c, store_credit_cents=left[c.id]) for c in customers)
