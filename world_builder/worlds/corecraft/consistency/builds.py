"""Builds: their parts and prices, the orders they led to, and who puts them together."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.consistency.products import missing_specs
from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    day,
    repeated,
)
from world_builder.worlds.corecraft.reckoning.compatibility import (
    incompatibilities,
    missing_categories,
)
from world_builder.worlds.corecraft.rules import ASSEMBLY_CENTS, QUOTE_DAYS

_IN_LAB = ("assembling", "testing", "completed")
_BEFORE_SHIPPING = ("pending_payment", "processing")
_ORDER_STATUSES = {
    "ordered": _BEFORE_SHIPPING,
    "assembling": _BEFORE_SHIPPING,
    "testing": _BEFORE_SHIPPING,
    "completed": ("processing", "shipped", "delivered"),
    "cancelled": ("cancelled",),
}
"""What the order of a build can be."""


def _parts(build: Record, records: Records) -> Iterator[str]:
    if not build["parts"]:
        yield "has no parts"
    for product_id in repeated([part["product_id"] for part in build["parts"]]):
        yield f"has {product_id} twice"
    for other in records.where("build", "customer_id", build["customer_id"]):
        if other["name"] == build["name"] and other["id"] < build["id"]:
            yield f"has the name of {other['id']}, by the same customer"


def _fee(build: Record, records: Records) -> Iterator[str]:
    fee = 0 if records.tier(build["customer_id"]) == "platinum" else ASSEMBLY_CENTS
    if build["assembly_cents"] != fee:
        yield f"assembly is {build['assembly_cents']} cents, not {fee}"


def _price(build: Record, records: Records) -> Iterator[str]:
    """List prices: of the order's day once it is ordered."""
    prices = {part["product_id"]: _list_price(part, build, records) for part in build["parts"]}
    parts = sum(part["qty"] * prices[part["product_id"]] for part in build["parts"])
    if build["parts_cents"] != parts:
        yield f"parts are {build['parts_cents']} cents, not {parts}"


def _list_price(part: Record, build: Record, records: Records) -> int:
    order = records.of("order").get(build.get("order_id") or "")
    lines = order["lines"] if order else ()
    for line in lines:
        if line["product_id"] == part["product_id"]:
            return int(line["unit_price_cents"])
    return int(records.of("product")[part["product_id"]]["price_cents"])


def _stage(build: Record, records: Records) -> Iterator[str]:
    status, technician_id = build["status"], build.get("technician_id")
    for name in ("order_id", "due_on"):
        if (status == "quoted") != (build.get(name) is None):
            yield f"is {status} but its {name} is {build.get(name)}"
    if status != "cancelled" and (status in _IN_LAB) != (technician_id is not None):
        yield f"is {status} but its technician is {technician_id}"
    if technician_id is None:
        return
    technician = records.of("employee")[technician_id]
    if technician["role"] != "technician":
        yield f"{technician_id} is a {technician['role']}, not a technician"
    if not technician["is_active"] and status in ("assembling", "testing"):
        yield f"{technician_id}, who builds it, does not work here"


def _order(build: Record, records: Records) -> Iterator[str]:
    order = records.of("order").get(build.get("order_id") or "")
    if order is None:
        return
    if order["customer_id"] != build["customer_id"]:
        yield f"is for {build['customer_id']}, but {order['id']} is by {order['customer_id']}"
    ordered = {line["product_id"]: line["qty"] for line in order["lines"]}
    if ordered != {part["product_id"]: part["qty"] for part in build["parts"]}:
        yield f"its parts are not the lines of {order['id']}"
    if order["status"] not in _ORDER_STATUSES.get(build["status"], (order["status"],)):
        yield f"is {build['status']} but {order['id']} is {order['status']}"
    for other in records.where("build", "order_id", order["id"]):
        if other["id"] < build["id"]:
            yield f"has the order of {other['id']}"


def _dates(build: Record, records: Records) -> Iterator[str]:
    order = records.of("order").get(build.get("order_id") or "")
    if order is None:
        return
    placed_on, quoted_on = day(order["placed_at"]), day(build["quoted_on"])
    if not timedelta() <= placed_on - quoted_on <= timedelta(days=QUOTE_DAYS):
        yield f"was quoted on {quoted_on} and ordered on {placed_on}, outside the quote's days"
    if build.get("due_on") is not None and day(build["due_on"]) < placed_on:
        yield f"was due on {build['due_on']}, before it was ordered"


def _fit(build: Record, records: Records) -> Iterator[str]:
    """Quotes may be faulty; what was ordered must work."""
    products = [records.of("product")[part["product_id"]] for part in build["parts"]]
    if build["status"] == "quoted" or any(missing_specs(product) for product in products):
        return
    kit = [
        (_typed(product), part["qty"])
        for product, part in zip(products, build["parts"], strict=True)
    ]
    for category in missing_categories(kit):
        yield f"was ordered without a {category}"
    for rule in incompatibilities(kit):
        yield f"was ordered though its parts break the rule {rule}"


def _typed(product: Record) -> Product:
    known = {field.name: product[field.name] for field in fields(Product) if field.name in product}
    return Product(**known)


CHECKS: Checks = {"build": (_parts, _fee, _price, _stage, _order, _dates, _fit)}
