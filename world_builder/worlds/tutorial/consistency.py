"""Invariants of the shop's story: what must hold across entities, beyond shapes and references.

Tests run them over every seed and over the states that reference solutions leave behind. They say
what is wrong and mend nothing.
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any, TypeAlias

from world_builder.world import World
from world_builder.worlds.tutorial.rules import (
    DAMAGED_RETURN_DAYS,
    RETURN_DAYS,
    price_paid,
    shipping,
)

_Records: TypeAlias = dict[str, dict[str, Any]]
"""Records of one type by id."""


def violations(world: World) -> tuple[str, ...]:
    """Every broken invariant, as `<id>: <what is wrong>`; empty for a consistent shop.

    The world must be valid: shapes and references are not checked again.
    """
    kinds: dict[str, _Records] = {
        kind: {str(record["id"]): record for record in records}
        for kind, records in world.entities.items()
    }
    today = world.now.date()
    return (
        *_order_violations(kinds, today),
        *_return_violations(kinds, today),
    )


def _order_violations(kinds: dict[str, _Records], today: date) -> Iterator[str]:
    for order_id, order in kinds["order"].items():
        for problem in (*_date_problems(order, today), *_price_problems(order, kinds)):
            yield f"{order_id}: {problem}"


def _date_problems(order: dict[str, Any], today: date) -> Iterator[str]:
    placed, delivered = order["placed_on"], order.get("delivered_on")
    if (order["status"] == "delivered") != (delivered is not None):
        yield f"is {order['status']} but delivered_on is {delivered}"
    if delivered is not None and delivered < placed:
        yield f"delivered on {delivered}, before it was placed on {placed}"
    if max(placed, delivered or placed) > today.isoformat():
        yield "has a date in the future"


def _price_problems(order: dict[str, Any], kinds: dict[str, _Records]) -> Iterator[str]:
    tier = kinds["customer"][order["customer_id"]]["tier"]
    lines = order["lines"]
    if len({line["book_id"] for line in lines}) < len(lines):
        yield "has two lines of one book"
    for line in lines:
        due = price_paid(kinds["book"][line["book_id"]]["price_cents"], tier)
        if line["price_cents"] != due:
            yield f"{line['book_id']} was {line['price_cents']} cents, not {due}"
    goods = sum(line["qty"] * line["price_cents"] for line in lines)
    if order["shipping_cents"] != shipping(goods, tier):
        yield f"shipping is {order['shipping_cents']} cents, not {shipping(goods, tier)}"
    if order["total_cents"] != goods + order["shipping_cents"]:
        yield f"total is {order['total_cents']} cents, not {goods + order['shipping_cents']}"


def _return_violations(kinds: dict[str, _Records], today: date) -> Iterator[str]:
    returns = sorted(kinds["return_request"].values(), key=_line_key)
    for request in returns:
        for problem in _return_problems(request, kinds, today):
            yield f"{request['id']}: {problem}"
    for (order_id, book_id), group in groupby(returns, key=_line_key):
        num_back = sum(request["qty"] for request in group)
        bought = _bought(kinds["order"][order_id], book_id)
        if bought is not None and num_back > bought["qty"]:
            yield f"{order_id}: {num_back} of {bought['qty']} copies of {book_id} came back"


def _return_problems(
    request: dict[str, Any], kinds: dict[str, _Records], today: date
) -> Iterator[str]:
    order, book = kinds["order"][request["order_id"]], kinds["book"][request["book_id"]]
    line, is_damaged = _bought(order, book["id"]), request["reason"] == "damaged"
    if line is None:
        yield f"{order['id']} has no {book['id']}"
        return
    if request["refund_cents"] != request["qty"] * line["price_cents"]:
        yield f"refund is {request['refund_cents']} cents for {request['qty']} copies"
    if book["is_final_sale"] and not is_damaged:
        yield f"{book['id']} is final sale"
    if order["delivered_on"] is None:
        yield f"{order['id']} was never delivered"
        return
    delivered, created = map(date.fromisoformat, (order["delivered_on"], request["created_on"]))
    window = DAMAGED_RETURN_DAYS if is_damaged else RETURN_DAYS
    if not 0 <= (created - delivered).days <= window or created > today:
        yield f"created on {created}, outside the window of {order['id']}"


def _line_key(request: dict[str, Any]) -> tuple[str, str]:
    return request["order_id"], request["book_id"]


def _bought(order: dict[str, Any], book_id: str) -> dict[str, Any] | None:
    lines: list[dict[str, Any]] = order["lines"]
    return next((line for line in lines if line["book_id"] == book_id), None)
