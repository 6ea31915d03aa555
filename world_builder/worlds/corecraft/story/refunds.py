"""Refunds as the rules allow them, some still requested, some denied; payments follow."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import (
    Customer,
    Employee,
    Line,
    Order,
    Payment,
    Product,
    Refund,
    Shipment,
)
from world_builder.worlds.corecraft.rules import (
    DEFECT_REFUND_DAYS,
    GOODWILL_LIMIT_CENTS,
    NO_OPENED_RETURN_CATEGORIES,
    NOW,
    RETURN_DAYS,
    TRANSIT_DAMAGE_DAYS,
    line_cents,
    restocking_cents,
)
from world_builder.worlds.corecraft.story.ledger import DailyIds, after, at, at_desk, later
from world_builder.worlds.corecraft.story.staff import was_at_work

_REASONS = (
    ("changed_mind", "unopened", 30),
    ("changed_mind", "opened", 18),
    ("defective", "defective", 18),
    ("damaged_in_transit", "damaged", 12),
    ("wrong_item", "unopened", 8),
)
_SHARE = 0.3
"""Of delivered orders that see a refund for a line."""
_DISPUTED = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What refunds are made of, by id."""

    customers: dict[str, Customer]
    products: dict[str, Product]
    payments: dict[str, Payment]
    """The payment that counts, by order."""
    parcels: dict[str, list[Shipment]]
    """By order, of those whose parcels have all arrived."""
    staff: tuple[Employee, ...]

    def approver(self, amount: int, moment: datetime, rng: Random) -> str:
        """Somebody at work that day whose limit covers an amount."""
        able = [
            e
            for e in self.staff
            if e.refund_limit_cents >= amount and was_at_work(e, moment.date())
        ]
        return rng.choice(able).id


def build_refunds(
    orders: list[Order],
    shipments: list[Shipment],
    payments: list[Payment],
    customers: tuple[Customer, ...],
    products: tuple[Product, ...],
    staff: tuple[Employee, ...],
    rng: Random,
) -> tuple[list[Refund], list[Payment]]:
    """The refunds in the order of their time, and the payments as they stand after them."""
    books = Books(
        customers={c.id: c for c in customers},
        products={p.id: p for p in products},
        payments={p.order_id: p for p in payments if p.status != "failed"},
        parcels=_arrived(orders, shipments),
        staff=tuple(
            e for e in staff if e.team in ("support", "returns", "escalations") and e.is_active
        ),
    )
    drafts = [d for order in orders for d in _covered(_drafts(order, books, rng), order)]
    drafts.sort(key=lambda refund: (refund.created_at, refund.order_id))
    ids = DailyIds()
    refunds = [replace(draft, id=ids.next("rfd", draft.created_at)) for draft in drafts]
    return refunds, _settled(payments, refunds, rng)


def _arrived(orders: list[Order], shipments: list[Shipment]) -> dict[str, list[Shipment]]:
    parcels: dict[str, list[Shipment]] = {o.id: [] for o in orders if o.status == "delivered"}
    for shipment in shipments:
        if shipment.order_id in parcels:
            parcels[shipment.order_id].append(shipment)
    return parcels


def _covered(drafts: Iterator[Refund], order: Order) -> Iterator[Refund]:
    """The refunds of an order as long as its payment covers them."""
    left = order.total_cents
    for draft in drafts:
        if draft.amount_cents <= left:
            left -= draft.amount_cents if draft.status != "denied" else 0
            yield draft


def _drafts(order: Order, books: Books, rng: Random) -> Iterator[Refund]:
    if order.status == "cancelled":
        yield _cancellation(order, books, rng)
    parcels = books.parcels.get(order.id, [])
    arrived = max((s.delivered_at for s in parcels if s.delivered_at), default=NOW)
    if NOW - arrived < timedelta(hours=6):
        return
    if rng.random() < _SHARE:
        line = rng.choice(order.lines)
        yield from _of_line(order, line, parcels, books, rng)
        others = [other for other in order.lines if other is not line]
        if others and rng.random() < 0.12:
            yield from _of_line(order, rng.choice(others), parcels, books, rng)
    late = any(s.is_late for s in parcels)
    if late and order.shipping_service != "standard" and order.shipping_cents:
        if rng.random() < 0.3:
            yield _draft(order, "late_delivery", order.shipping_cents, arrived, 20, books, rng)
    elif rng.random() < 0.04:
        amount = GOODWILL_LIMIT_CENTS - rng.choice((0, 500, 1000, 1500))
        yield _draft(order, "goodwill", amount, arrived, 20, books, rng)


def _of_line(
    order: Order, line: Line, parcels: list[Shipment], books: Books, rng: Random
) -> Iterator[Refund]:
    """A refund for a line; a denied one, or none, when the rules do not allow the drawn kind."""
    product, customer = books.products[line.product_id], books.customers[order.customer_id]
    arrived = next(s.delivered_at for s in parcels if line.product_id in s.product_ids)
    if arrived is None:
        return
    kinds, weights = [k[:2] for k in _REASONS], [k[2] for k in _REASONS]
    reason, condition = rng.choices(kinds, weights)[0]
    tier = customer.loyalty_tier
    window = {
        "changed_mind": RETURN_DAYS[tier],
        "damaged_in_transit": TRANSIT_DAMAGE_DAYS,
    }.get(reason, DEFECT_REFUND_DAYS)
    is_excluded = reason == "changed_mind" and (
        product.is_clearance
        or (condition == "opened" and product.category in NO_OPENED_RETURN_CATEGORIES)
    )
    is_too_late = NOW - arrived > timedelta(days=window + 10) and rng.random() < 0.08
    if is_excluded and rng.random() < 0.4:
        return
    qty = rng.randrange(1, line.qty + 1)
    paid = line_cents(line.unit_price_cents, qty, tier, is_clearance=product.is_clearance)
    fee = restocking_cents(paid, tier, condition, reason)
    start = arrived + timedelta(days=window + 1) if is_too_late else arrived
    draft = replace(
        _draft(order, reason, paid - fee, start, 9 if is_too_late else window, books, rng),
        product_id=product.id,
        qty=qty,
        condition=condition,
        restocking_fee_cents=fee,
    )
    yield _denied(draft) if is_excluded or is_too_late else draft


def _denied(draft: Refund) -> Refund:
    return replace(draft, status="denied", processed_at=None, approved_by_id=None)


def _draft(
    order: Order,
    reason: str,
    amount: int,
    start: datetime,
    window: int,
    books: Books,
    rng: Random,
) -> Refund:
    """A refund asked for less than so many days after a start."""
    latest = min((NOW - start).days, window)
    day = start.date() + timedelta(days=rng.randrange(0, max(1, latest)))
    created = max(at(day, rng.randrange(9, 18), rng.randrange(60)), after(start, hours=2))
    created = min(at_desk(created, rng), NOW - timedelta(minutes=30 + rng.randrange(90)))
    age = NOW - created
    status = "processed" if age > timedelta(days=4) else rng.choice(("approved", "requested"))
    is_decided = status != "requested"
    done = at_desk(later(created, rng, 20 * 60, 80 * 60), rng)
    return Refund(
        id="",
        order_id=order.id,
        payment_id=books.payments[order.id].id,
        customer_id=order.customer_id,
        reason=reason,
        amount_cents=amount,
        destination="store_credit" if rng.random() < 0.12 else "original_payment",
        status=status,
        created_at=created,
        processed_at=done if status == "processed" else None,
        approved_by_id=books.approver(amount, created, rng) if is_decided else None,
    )


def _cancellation(order: Order, books: Books, rng: Random) -> Refund:
    """A cancelled order goes back whole on the day after it was placed."""
    paid_at = books.payments[order.id].created_at
    created = at_desk(later(paid_at, rng, 60, 30 * 60), rng)
    created = min(created, NOW - timedelta(minutes=rng.randrange(10, 60)))
    return Refund(
        id="",
        order_id=order.id,
        payment_id=books.payments[order.id].id,
        customer_id=order.customer_id,
        reason="changed_mind",
        amount_cents=order.total_cents,
        status="processed",
        created_at=created,
        processed_at=created,
        approved_by_id=books.approver(order.total_cents, created, rng),
    )


def _settled(payments: list[Payment], refunds: list[Refund], rng: Random) -> list[Payment]:
    """Payments with what went back, and some that the bank disputes."""
    back: Counter[str] = Counter()
    for refund in refunds:
        if refund.status in ("approved", "processed"):
            back[refund.payment_id] += refund.amount_cents
    touched = {refund.payment_id for refund in refunds}
    calm = [
        p.id
        for p in payments
        if p.status == "captured"
        and p.id not in touched
        and p.method in ("card", "paypal")
        and p.created_at > NOW - timedelta(days=120)
    ]
    disputed = set(rng.sample(calm, _DISPUTED))
    return [_after(p, back[p.id], is_disputed=p.id in disputed) for p in payments]


def _after(payment: Payment, back: int, *, is_disputed: bool) -> Payment:
    if is_disputed:
        return replace(payment, status="disputed")
    if not back:
        return payment
    status = "refunded" if back == payment.amount_cents else "partially_refunded"
    return replace(payment, status=status, refunded_cents=back)
