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
    NO_OPENED_RETURN_CATEGORIES,
    NOW,
    RETURN_DAYS,
    TRANSIT_DAMAGE_DAYS,
    line_cents,
    restocking_cents,
)
from world_builder.worlds.corecraft.story.ledger import DailyIds, at, wall

_REASONS = (
    ("changed_mind", "unopened", 30),
    ("changed_mind", "opened", 18),
    ("defective", "defective", 18),
    ("damaged_in_transit", "damaged", 12),
    ("wrong_item", "unopened", 8),
)
_GOODWILL_CENTS = (1000, 1500, 2000, 2500)
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
    arrivals: dict[str, datetime]
    """When the last parcel of an order arrived, by order."""
    staff: tuple[Employee, ...]


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
        arrivals=_arrivals(orders, shipments),
        staff=tuple(
            e for e in staff if e.team in ("support", "returns", "escalations") and e.is_active
        ),
    )
    drafts = [d for order in orders for d in _drafts(order, shipments, books, rng)]
    drafts.sort(key=lambda refund: (refund.created_at, refund.order_id))
    ids = DailyIds()
    refunds = [replace(draft, id=ids.next("rfd", draft.created_at)) for draft in drafts]
    return refunds, _settled(payments, refunds, rng)


def _arrivals(orders: list[Order], shipments: list[Shipment]) -> dict[str, datetime]:
    delivered = {order.id for order in orders if order.status == "delivered"}
    arrivals: dict[str, datetime] = {}
    for shipment in shipments:
        if shipment.order_id in delivered and shipment.delivered_at is not None:
            known = arrivals.get(shipment.order_id, shipment.delivered_at)
            arrivals[shipment.order_id] = max(known, shipment.delivered_at)
    return arrivals


def _drafts(order: Order, shipments: list[Shipment], books: Books, rng: Random) -> Iterator[Refund]:
    if order.status == "cancelled":
        yield _cancellation(order, books, rng)
    arrived = books.arrivals.get(order.id)
    if arrived is None or NOW - arrived < timedelta(hours=6):
        return
    if rng.random() < _SHARE:
        line = rng.choice(order.lines)
        refund = _of_line(order, line, arrived, books, rng)
        if refund is not None:
            yield refund
            others = [other for other in order.lines if other is not line]
            if others and rng.random() < 0.12:
                second = _of_line(order, rng.choice(others), arrived, books, rng)
                if second is not None:
                    yield second
    late = any(s.is_late for s in shipments if s.order_id == order.id)
    if late and order.shipping_service != "standard" and order.shipping_cents:
        if rng.random() < 0.3:
            yield _other(order, "late_delivery", order.shipping_cents, arrived, books, rng)
    elif rng.random() < 0.04:
        yield _other(order, "goodwill", rng.choice(_GOODWILL_CENTS), arrived, books, rng)


def _of_line(
    order: Order, line: Line, arrived: datetime, books: Books, rng: Random
) -> Refund | None:
    """A refund for a line; None when the rules allow none of the drawn kind."""
    product, customer = books.products[line.product_id], books.customers[order.customer_id]
    kinds, weights = [k[:2] for k in _REASONS], [k[2] for k in _REASONS]
    reason, condition = rng.choices(kinds, weights)[0]
    tier = customer.loyalty_tier
    window = {
        "changed_mind": RETURN_DAYS[tier],
        "damaged_in_transit": TRANSIT_DAMAGE_DAYS,
    }.get(reason, DEFECT_REFUND_DAYS)
    if reason == "changed_mind" and (
        product.is_clearance
        or (condition == "opened" and product.category in NO_OPENED_RETURN_CATEGORIES)
    ):
        return None
    qty = rng.randrange(1, line.qty + 1)
    paid = line_cents(line.unit_price_cents, qty, tier, is_clearance=product.is_clearance)
    fee = restocking_cents(paid, tier, condition, reason)
    draft = _draft(order, reason, paid - fee, arrived, window, books, rng)
    return replace(
        draft, product_id=product.id, qty=qty, condition=condition, restocking_fee_cents=fee
    )


def _other(
    order: Order, reason: str, amount: int, arrived: datetime, books: Books, rng: Random
) -> Refund:
    return _draft(order, reason, amount, arrived, 20, books, rng)


def _draft(
    order: Order,
    reason: str,
    amount: int,
    arrived: datetime,
    window: int,
    books: Books,
    rng: Random,
) -> Refund:
    latest = min((NOW - arrived).days, window)
    day = arrived.date() + timedelta(days=rng.randrange(0, max(1, latest)))
    created = max(at(day, rng.randrange(9, 18), rng.randrange(60)), arrived + timedelta(minutes=20))
    created = min(wall(created), NOW - timedelta(minutes=30 + rng.randrange(90)))
    age = NOW - created
    status = "processed" if age > timedelta(days=4) else rng.choice(("approved", "requested"))
    able = [e for e in books.staff if e.refund_limit_cents >= amount]
    is_decided = status != "requested"
    done = wall(created + timedelta(hours=rng.randrange(20, 80)))
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
        approved_by_id=rng.choice(able).id if is_decided else None,
    )


def _cancellation(order: Order, books: Books, rng: Random) -> Refund:
    """A cancelled order goes back whole on the day after it was placed."""
    created = min(
        wall(order.placed_at + timedelta(hours=rng.randrange(2, 30))), NOW - timedelta(hours=1)
    )
    able = [e for e in books.staff if e.refund_limit_cents >= order.total_cents]
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
        approved_by_id=rng.choice(able).id,
    )


def _settled(payments: list[Payment], refunds: list[Refund], rng: Random) -> list[Payment]:
    """Payments with what went back, and some that the bank disputes."""
    back: Counter[str] = Counter()
    for refund in refunds:
        if refund.status in ("approved", "processed"):
            back[refund.payment_id] += refund.amount_cents
    calm = [
        p.id
        for p in payments
        if p.status == "captured"
        and not back[p.id]
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
