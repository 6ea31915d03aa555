"""Arguments, bindings and headings that several tools share."""

from world_builder.frozen import Json
from world_builder.operations import Binding
from world_builder.worlds.tutorial.rules import REASONS

LOOK_UPS = "look-ups"
RULES = "prices and rules"
CHANGES = "changes"


def text(description: str) -> Json:
    return {"type": "string", "minLength": 1, "description": description}


def choice(options: tuple[str, ...], description: str) -> Json:
    return {"type": "string", "enum": list(options), "description": description}


ORDER_ID = text("Such as ord-1042.")
BOOK_ID = text("Such as bk-217.")
CUSTOMER_ID = text("Such as cus-305.")
QTY: dict[str, Json] = {"type": "integer", "minimum": 1, "maximum": 50, "description": "Copies."}
DAY: Json = {"type": "string", "format": "date", "description": "YYYY-MM-DD."}
REASON = choice(REASONS, "Why it comes back.")

BOUND_BOOK = Binding(name="book", entity_type="book", id="args.book_id")
BOUND_CUSTOMER = Binding(name="customer", entity_type="customer", id="args.customer_id")
BOUND_ORDER = Binding(name="order", entity_type="order", id="args.order_id")
