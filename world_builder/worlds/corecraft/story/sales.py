"""Carries out order plans: orders, payments and shipments that agree with each other."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Order, Payment, Product, Shipment
from world_builder.worlds.corecraft.rules import (
    NOW,
    OVERSIZE_CATEGORIES,
    discount_cents,
    shipping_cents,
)
from world_builder.worlds.corecraft.story.customers import an_address
from world_builder.worlds.corecraft.story.ledger import DailyIds, later, some_time
from world_builder.worlds.corecraft.story.parcels import Parcel, parcels_of
from world_builder.worlds.corecraft.story.plans import OrderPlan

_METHODS = ("card", "paypal", "wire", "financing"), (66, 18, 7, 7)
"""Methods with their weights; what store credit pays for is decided in `credit`."""
_FAILURES = (
    "card declined by the bank",
    "insufficient funds",
    "security code does not match",
    "3-D Secure was not confirmed",
    "card expired",
)
_ORDER_NOTES = (
    "Leave at the side door.",
    "Gift: no prices in the parcel, please.",
    "Call before delivery.",
    "Loading dock closes at 16:00.",
    "Customer asked for recycled packaging.",
)


_YOUNG = (
    (timedelta(hours=30), {"pending_payment": 0.4, "cancelled": 0.05, "processing": 0.55}),
    (timedelta(days=3), {"pending_payment": 0.15, "cancelled": 0.07, "processing": 0.55}),
    (timedelta(days=6), {"pending_payment": 0.05, "cancelled": 0.06, "processing": 0.35}),
    (timedelta(days=11), {"cancelled": 0.06, "processing": 0.12}),
    (timedelta(days=45), {"cancelled": 0.06}),
)
"""Shares of statuses of orders up to an age; the rest was shipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """What the plans became; `builds` gives the order of each build that was ordered."""

    orders: list[Order]
    payments: list[Payment]
    shipments: list[Shipment]
    builds: dict[int, Order]


def carry_out(plans: list[OrderPlan], products: tuple[Product, ...], rng: Random) -> Sales:
    """Orders in the order of their time, each with its payments and parcels."""
    known, ids = {product.id: product for product in products}, DailyIds()
    timed = sorted(
        ((_placed_at(plan, rng), i, plan) for i, plan in enumerate(plans)), key=lambda x: x[:2]
    )
    sales = Sales(orders=[], payments=[], shipments=[], builds={})
    unnumbered: list[Payment] = []
    waiting: list[tuple[Parcel, str]] = []
    for placed_at, _, plan in timed:
        order = _order(ids.next("ord", placed_at), plan, placed_at, known, rng)
        payments = _payments(order, rng)
        parcels: list[Parcel] = []
        if order.status in ("shipped", "delivered"):
            is_old = order.status == "delivered"
            paid_at, goal = payments[-1].created_at, order.ship_to
            parcels = parcels_of(plan, paid_at, goal, rng, is_old=is_old)
            all_there = all(parcel.status == "delivered" for parcel in parcels)
            order = replace(order, status="delivered" if all_there else "shipped")
        sales.orders.append(order)
        unnumbered.extend(payments)
        waiting.extend((parcel, order.id) for parcel in parcels)
        if plan.build_number is not None:
            sales.builds[plan.build_number] = order
    for payment in sorted(unnumbered, key=lambda p: p.created_at):
        sales.payments.append(replace(payment, id=ids.next("pay", payment.created_at)))
    for parcel, order_id in sorted(waiting, key=lambda w: (w[0].shipped_at, w[1])):
        sales.shipments.append(parcel.shipment(ids.next("shp", parcel.shipped_at), order_id))
    return sales


def _placed_at(plan: OrderPlan, rng: Random) -> datetime:
    moment = some_time(plan.day, rng)
    return (
        moment
        if moment < NOW - timedelta(hours=2)
        else NOW - timedelta(minutes=150 + rng.randrange(200))
    )


def _order(
    order_id: str, plan: OrderPlan, placed_at: datetime, known: dict[str, Product], rng: Random
) -> Order:
    tier = plan.customer.loyalty_tier
    goods = sum(line.qty * line.unit_price_cents for line in plan.lines)
    regular = sum(
        line.qty * line.unit_price_cents
        for line in plan.lines
        if not known[line.product_id].is_clearance
    )
    discount = discount_cents(regular, tier)
    is_oversize = any(known[line.product_id].category in OVERSIZE_CATEGORIES for line in plan.lines)
    shipping = shipping_cents(plan.service, tier, goods - discount, is_oversize=is_oversize)
    return Order(
        id=order_id,
        customer_id=plan.customer.id,
        placed_at=placed_at,
        channel=rng.choices(("web", "phone", "chat"), (80, 12, 8))[0],
        status=plan.status or _status(plan, placed_at, rng),
        lines=plan.lines,
        goods_cents=goods,
        discount_cents=discount,
        assembly_cents=plan.assembly_cents,
        shipping_service=plan.service,
        shipping_cents=shipping,
        total_cents=goods - discount + plan.assembly_cents + shipping,
        ship_to=plan.customer.address if rng.random() < 0.92 else an_address(rng),
        notes=rng.choice(_ORDER_NOTES) if rng.random() < 0.1 else None,
    )


def _status(plan: OrderPlan, placed_at: datetime, rng: Random) -> str:
    age, chance = NOW - placed_at, rng.random()
    if plan.delivered_on is not None:
        return "delivered"
    shares = next((shares for limit, shares in _YOUNG if age < limit), None)
    if shares is None:
        return "cancelled" if chance < 0.05 else "delivered"
    for status, share in shares.items():
        chance -= share
        if chance < 0:
            return status
    return "shipped"


def _payments(order: Order, rng: Random) -> list[Payment]:
    """Payments without ids, failed attempts first; the last one is the one that counts."""
    method = rng.choices(*_METHODS)[0]
    last4 = f"{rng.randrange(1000, 9999)}" if method == "card" else None
    moment, payments = order.placed_at, []
    attempts = 1 if order.status == "pending_payment" and rng.random() < 0.7 else 0
    attempts += rng.choices((0, 1, 2), (84, 12, 4))[0] if method == "card" else 0
    for _ in range(attempts):
        payments.append(_failed(order, moment, rng))
        moment = later(moment, rng, 2, 25)
    if order.status == "pending_payment" and payments:
        return payments
    status = "authorized" if order.status == "pending_payment" else "captured"
    payments.append(
        Payment(
            id="",
            order_id=order.id,
            customer_id=order.customer_id,
            method=method,
            status=status,
            amount_cents=order.total_cents,
            created_at=moment,
            card_last4=last4,
        )
    )
    return payments


def _failed(order: Order, moment: datetime, rng: Random) -> Payment:
    return Payment(
        id="",
        order_id=order.id,
        customer_id=order.customer_id,
        method="card",
        status="failed",
        amount_cents=order.total_cents,
        created_at=moment,
        card_last4=f"{rng.randrange(1000, 9999)}",
        failure_reason=rng.choice(_FAILURES),
    )
