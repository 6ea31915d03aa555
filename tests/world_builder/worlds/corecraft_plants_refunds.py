"""Violations planted in refunds."""

from collections.abc import Callable
from typing import Any

from tests.world_builder.worlds.corecraft_drafts import Draft, Plant, moved, plant, twin

_Record = dict[str, Any]
_Edit = Callable[[Draft], str]


def _of_line(refund: _Record) -> bool:
    return refund["product_id"] is not None


def _of_order(refund: _Record) -> bool:
    return refund["product_id"] is None


def _on_other_payment(draft: Draft) -> str:
    refund = draft.one("refund", status="processed")
    other = draft.one("payment", lambda p: p["order_id"] != refund["order_id"], status="captured")
    return draft.put("refund", refund, payment_id=other["id"])


def _on_status(status: str) -> _Edit:
    def edit(draft: Draft) -> str:
        refund = draft.one("refund", status="processed")
        draft.put("payment", draft.get("payment", refund["payment_id"]), status=status)
        return str(refund["id"])

    return edit


def _on_ticket(**changes: object) -> _Edit:
    def edit(draft: Draft) -> str:
        refund = draft.one("refund", lambda r: r["ticket_id"] is not None)
        draft.put("support_ticket", draft.get("support_ticket", refund["ticket_id"]), **changes)
        return str(refund["id"])

    return edit


def _about_other_order(draft: Draft) -> str:
    refund = draft.one("refund", lambda r: r["ticket_id"] is not None)
    other = draft.one("order", lambda o: o["id"] != refund["order_id"])
    ticket = draft.get("support_ticket", refund["ticket_id"])
    draft.put("support_ticket", ticket, order_id=other["id"])
    return str(refund["id"])


def _requested_twice(draft: Draft) -> str:
    refund = draft.one("refund", _of_line, status="requested")
    draft.put("refund", refund, id="rfd-991231-001")
    return str(refund["order_id"])


def _by_somebody_who_left(draft: Draft) -> str:
    refund = draft.one("refund", status="processed")
    draft.put("employee", draft.get("employee", refund["approved_by_id"]), is_active=False)
    return str(refund["id"])


REFUNDS: tuple[Plant, ...] = (
    ("did not pay for ord-", _on_other_payment),
    ("is for cust-0001, but ord-", plant("refund", {"customer_id": "cust-0001"})),
    ("which is failed", _on_status("failed")),
    ("which is disputed", _on_status("disputed")),
    ("was made before ord-", plant("refund", {"created_at": "2024-01-05T10:00:00-05:00"})),
    ("is by cust-0001, not by", _on_ticket(customer_id="cust-0001")),
    ("not about ord-", _about_other_order),
    ("was made before its ticket tick-", _on_ticket(created_at="2025-09-15T13:59:00-04:00")),
    (
        "is only requested but emp-002 approved it",
        plant("refund", {"approved_by_id": "emp-002"}, status="requested"),
    ),
    (
        "is processed but nobody approved it",
        plant("refund", {"approved_by_id": None}, status="processed"),
    ),
    (
        "above the limit of 15000",
        plant(
            "refund",
            {"approved_by_id": "emp-006"},
            lambda r: r["amount_cents"] > 15000,
            status="processed",
        ),
    ),
    ("who approved it, does not work here", _by_somebody_who_left),
    ("processed_at is None", plant("refund", {"processed_at": None}, status="processed")),
    (
        "before it was made",
        plant("refund", {"processed_at": "2024-01-05T10:00:00-05:00"}, status="processed"),
    ),
    (
        "are to go back",
        plant("refund", {"amount_cents": 99999999}, status="processed", blames="order_id"),
    ),
    ("came back", plant("refund", {"qty": 90}, _of_line, status="processed", blames="order_id")),
    (
        "has two refunds for goodwill",
        twin("refund", "rfd-991231-001", reason="goodwill", blames="order_id"),
    ),
    (
        "has two refunds for late_delivery",
        twin("refund", "rfd-991231-001", reason="late_delivery", blames="order_id"),
    ),
    ("has two requested refunds of prod-", _requested_twice),
    ("goodwill is 2501 cents", plant("refund", {"amount_cents": 2501}, reason="goodwill")),
    ("is not in ord-", plant("refund", {"product_id": "prod-0163"}, _of_line)),
    ("takes back 0 of prod-", plant("refund", {"qty": 0}, _of_line)),
    ("takes back 1 of None", plant("refund", {"qty": 1}, _of_order)),
)


def _standing(refund: _Record) -> bool:
    return refund["product_id"] is not None and refund["status"] != "denied"


def _opened(refund: _Record) -> bool:
    return _standing(refund) and refund["restocking_fee_cents"] > 0


def _with_product(**changes: object) -> _Edit:
    """Changes the product of a standing refund by a change of mind."""

    def edit(draft: Draft) -> str:
        refund = draft.one("refund", _standing, reason="changed_mind")
        draft.put("product", draft.get("product", refund["product_id"]), **changes)
        return draft.put("refund", refund, condition="opened")

    return edit


def _late_refund(**order: object) -> _Edit:
    def edit(draft: Draft) -> str:
        refund = draft.one("refund", reason="late_delivery")
        draft.put("order", draft.get("order", refund["order_id"]), **order)
        return str(refund["id"])

    return edit


def _no_parcel_late(draft: Draft) -> str:
    refund = draft.one("refund", reason="late_delivery")
    for shipment in draft.all("shipment", order_id=refund["order_id"]):
        draft.put("shipment", shipment, promised_on="2025-12-24")
    return str(refund["id"])


BY_RULE: tuple[Plant, ...] = (
    ("is for goodwill, yet for prod-", plant("refund", {"reason": "goodwill"}, _standing)),
    ("but the item is damaged", plant("refund", {"condition": "damaged"}, reason="defective")),
    (
        "but the item is None",
        plant("refund", {"condition": None}, _standing, reason="changed_mind"),
    ),
    ("is on clearance and came back", _with_product(is_clearance=True)),
    ("is opened cpu and came back", _with_product(category="cpu")),
    (
        "had not been delivered on",
        plant("refund", lambda r: {"created_at": moved(r["created_at"], days=-120)}, _standing),
    ),
    (
        "days after the delivery, 7 are allowed",
        plant(
            "refund",
            lambda r: {"created_at": moved(r["created_at"], days=8)},
            _standing,
            reason="damaged_in_transit",
        ),
    ),
    (
        "days after the delivery, 30 are allowed",
        plant(
            "refund",
            lambda r: {"created_at": moved(r["created_at"], days=31)},
            _standing,
            reason="defective",
        ),
    ),
    ("restocking fee is 0 cents", plant("refund", {"restocking_fee_cents": 0}, _opened)),
    ("amount is 5 cents, not", plant("refund", {"amount_cents": 5}, _standing)),
    (
        "has a fee or a condition but no line",
        plant("refund", {"condition": "opened"}, reason="goodwill"),
    ),
    (
        "is for defective without a line, and ord-",
        plant("refund", {"reason": "defective"}, reason="goodwill"),
    ),
    (
        "amount is 5 cents, not the total",
        plant("refund", {"amount_cents": 5}, reason="changed_mind", product_id=None),
    ),
    ("went by standard shipping", _late_refund(shipping_service="standard")),
    ("not the shipping of", plant("refund", {"amount_cents": 5}, reason="late_delivery")),
    ("was late on", _no_parcel_late),
)
