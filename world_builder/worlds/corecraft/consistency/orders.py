"""Orders: their lines, their prices, and what their status says about parcels."""

from collections.abc import Iterator
from datetime import date

from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    day,
    repeated,
)
from world_builder.worlds.corecraft.rules import (
    ASSEMBLY_CENTS,
    FIRST_DAY,
    OVERSIZE_CATEGORIES,
    discount_cents,
    shipping_cents,
)


def _lines(order: Record, records: Records) -> Iterator[str]:
    if not order["lines"]:
        yield "has no lines"
    for product_id in repeated([line["product_id"] for line in order["lines"]]):
        yield f"has two lines of {product_id}"
    placed_on = day(order["placed_at"])
    for line in order["lines"]:
        product = records.of("product")[line["product_id"]]
        if product["status"] != "preorder" and day(product["released_on"]) > placed_on:
            yield f"{product['id']} came out on {product['released_on']}, after it was ordered"


def _prices(order: Record, records: Records) -> Iterator[str]:
    tier, products = records.tier(order["customer_id"]), records.of("product")
    goods = regular = 0
    for line in order["lines"]:
        cents = line["qty"] * line["unit_price_cents"]
        goods += cents
        regular += 0 if products[line["product_id"]]["is_clearance"] else cents
    discount = discount_cents(regular, tier)
    is_oversize = any(
        products[line["product_id"]]["category"] in OVERSIZE_CATEGORIES for line in order["lines"]
    )
    shipping = shipping_cents(
        order["shipping_service"], tier, goods - discount, is_oversize=is_oversize
    )
    has_build = bool(records.where("build", "order_id", order["id"]))
    assembly = ASSEMBLY_CENTS if has_build and tier != "platinum" else 0
    due = {"goods": goods, "discount": discount, "assembly": assembly, "shipping": shipping}
    for name, cents in due.items():
        if order[f"{name}_cents"] != cents:
            yield f"{name} {_are(name)} {order[f'{name}_cents']} cents, not {cents}"


def _are(name: str) -> str:
    return "are" if name == "goods" else "is"


def _total(order: Record, _: Records) -> Iterator[str]:
    total = (
        order["goods_cents"]
        - order["discount_cents"]
        + order["assembly_cents"]
        + order["shipping_cents"]
    )
    if order["total_cents"] != total:
        yield f"total is {order['total_cents']} cents, not {total}"


def _date(order: Record, records: Records) -> Iterator[str]:
    placed_on: date = day(order["placed_at"])
    joined_on = records.of("customer")[order["customer_id"]]["joined_on"]
    if placed_on < FIRST_DAY:
        yield f"was placed on {placed_on}, before the first day of sales"
    if placed_on < day(joined_on):
        yield f"was placed on {placed_on}, before its customer joined on {joined_on}"


def _parcels(order: Record, records: Records) -> Iterator[str]:
    status, parcels = order["status"], records.shipments_of(order["id"])
    on_the_way = [s["id"] for s in parcels if s["status"] != "delivered"]
    if status not in ("shipped", "delivered"):
        if parcels:
            yield f"is {status} but {parcels[0]['id']} was sent"
    elif not parcels:
        yield f"is {status} without a parcel"
    elif status == "delivered" and on_the_way:
        yield f"is delivered but {on_the_way[0]} is not"
    elif status == "shipped" and not on_the_way:
        yield "is shipped but all its parcels are delivered"


def _contents(order: Record, records: Records) -> Iterator[str]:
    parcels = records.shipments_of(order["id"])
    sent = [product_id for parcel in parcels for product_id in parcel["product_ids"]]
    ordered = [line["product_id"] for line in order["lines"]]
    for product_id in repeated(sent):
        yield f"{product_id} is in more than one parcel"
    for product_id in dict.fromkeys(sent):
        if product_id not in ordered:
            yield f"{product_id} was sent but not ordered"
    for product_id in ordered if parcels else []:
        if product_id not in sent:
            yield f"{product_id} is in no parcel"


CHECKS: Checks = {"order": (_lines, _prices, _total, _date, _parcels, _contents)}
