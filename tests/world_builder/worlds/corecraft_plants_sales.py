"""Violations planted in orders, payments, parcels and refunds."""

from typing import Any

from tests.world_builder.worlds.corecraft_drafts import Draft, Plant, moved, plant, twin

_Record = dict[str, Any]


def _first_line(order: _Record, **changes: object) -> dict[str, object]:
    return {"lines": [{**order["lines"][0], **changes}, *order["lines"][1:]]}


def _late_product(draft: Draft) -> str:
    order = draft.one("order", status="delivered")
    product = draft.get("product", order["lines"][0]["product_id"])
    draft.put("product", product, released_on="2025-09-14", status="active")
    return str(order["id"])


def _late_customer(draft: Draft) -> str:
    order = draft.one("order", status="delivered")
    draft.put("customer", draft.get("customer", order["customer_id"]), joined_on="2025-09-15")
    return str(order["id"])


ORDERS: tuple[Plant, ...] = (
    ("has no lines", plant("order", {"lines": []}, status="processing")),
    ("has two lines of prod-", plant("order", lambda o: {"lines": o["lines"][:1] * 2})),
    ("came out on 2025-09-14, after it was ordered", _late_product),
    ("goods are 1 cents", plant("order", {"goods_cents": 1})),
    ("discount is 99999 cents", plant("order", {"discount_cents": 99999})),
    ("shipping is 777 cents", plant("order", {"shipping_cents": 777})),
    ("assembly is 9900 cents, not 0", plant("order", {"assembly_cents": 9900}, assembly_cents=0)),
    ("total is 5 cents", plant("order", {"total_cents": 5})),
    ("before the first day", plant("order", {"placed_at": "2023-12-01T09:00:00-05:00"})),
    ("before its customer joined on 2025-09-15", _late_customer),
    ("is processing but shp-", plant("order", {"status": "processing"}, status="delivered")),
    ("is shipped without a parcel", plant("order", {"status": "shipped"}, status="processing")),
    ("is delivered but shp-", plant("order", {"status": "delivered"}, status="shipped")),
    ("all its parcels are delivered", plant("order", {"status": "shipped"}, status="delivered")),
    (
        "is in more than one parcel",
        plant("shipment", lambda s: {"product_ids": s["product_ids"] * 2}, blames="order_id"),
    ),
    (
        "was sent but not ordered",
        plant("shipment", {"product_ids": ["prod-0001"]}, blames="order_id"),
    ),
    ("is in no parcel", plant("shipment", {"product_ids": []}, blames="order_id")),
)

PAYMENTS: tuple[Plant, ...] = (
    ("amount is 7 cents, not the", plant("payment", {"amount_cents": 7})),
    ("is by cust-0001, but ord-", plant("payment", {"customer_id": "cust-0001"})),
    (
        "was made before ord-",
        plant("payment", lambda p: {"created_at": moved(p["created_at"], days=-1)}),
    ),
    (
        "is captured, not partially_refunded, with",
        plant("payment", {"status": "captured"}, status="partially_refunded"),
    ),
    ("not refunded, with", plant("payment", {"status": "partially_refunded"}, status="refunded")),
    (
        "is refunded but nothing was paid back",
        plant("payment", {"status": "refunded"}, status="captured"),
    ),
    ("is only authorized but ord-", plant("payment", {"status": "authorized"}, status="captured")),
    ("refunded is 3 cents, but", plant("payment", {"refunded_cents": 3})),
    ("its failure reason is None", plant("payment", {"failure_reason": None}, status="failed")),
    (
        "is captured but its failure reason is late",
        plant("payment", {"failure_reason": "late"}, status="captured"),
    ),
    ("is by card but its card is None", plant("payment", {"card_last4": None}, method="card")),
    ("is by paypal but its card is", plant("payment", {"card_last4": "1234"}, method="paypal")),
    (
        "was paid twice, by pay-",
        twin("payment", "pay-250101-900", status="captured", blames="order_id"),
    ),
    (
        "is pending_payment but pay-",
        plant("order", {"status": "pending_payment"}, status="processing"),
    ),
    (
        "is processing but was never paid",
        plant("order", {"status": "processing"}, status="pending_payment"),
    ),
    (
        "failed after pay-",
        twin(
            "payment",
            "pay-250101-900",
            lambda p: {"status": "failed", "created_at": moved(p["created_at"], hours=1)},
            status="captured",
            blames="order_id",
        ),
    ),
    (
        "is cancelled but only 0 of",
        plant("order", {"status": "cancelled"}, status="processing"),
    ),
)

PARCELS: tuple[Plant, ...] = (
    ("holds nothing", plant("shipment", {"product_ids": []})),
    ("was never shipped", plant("shipment", {"shipped_at": None})),
    ("was shipped before pay-", plant("shipment", {"shipped_at": "2024-01-08T09:00:00-05:00"})),
    ("is promised for 2025-12-24", plant("shipment", {"promised_on": "2025-12-24"})),
    (
        "is in_transit but delivered_at",
        plant("shipment", {"status": "in_transit"}, status="delivered"),
    ),
    ("delivered_at is None", plant("shipment", {"delivered_at": None}, status="delivered")),
    (
        "was delivered before it was shipped",
        plant(
            "shipment",
            lambda s: {"delivered_at": moved(s["shipped_at"], days=-1)},
            status="delivered",
        ),
    ),
    (
        "its last event is not the delivery",
        plant("shipment", lambda s: {"events": s["events"][:-1]}, status="delivered"),
    ),
    (
        "was delivered in Nowhere, XX, not",
        plant(
            "shipment",
            lambda s: {"events": [*s["events"][:-1], {**s["events"][-1], "place": "Nowhere, XX"}]},
            status="delivered",
        ),
    ),
    (
        "its events are not in the order of time",
        plant("shipment", lambda s: {"events": s["events"][::-1]}, status="delivered"),
    ),
    (
        "its first event is not the shipping",
        plant("shipment", lambda s: {"events": s["events"][1:]}),
    ),
    (
        "is in_transit though it was promised for",
        plant("shipment", {"status": "in_transit"}, status="delayed"),
    ),
    (
        "is lost but was scanned at",
        plant("shipment", {"status": "lost"}, status="in_transit"),
    ),
    ("X1 is no tracking number of", plant("shipment", {"tracking_number": "X1"})),
    ("has the tracking number of shp-", twin("shipment", "shp-991231-001", status="delivered")),
)
