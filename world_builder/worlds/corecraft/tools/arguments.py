"""Arguments, bindings and headings that several tools share."""

from world_builder.frozen import Json
from world_builder.operations import Assignment, Binding, Let, Precondition
from world_builder.worlds.corecraft.rules import SHIPPING_SERVICES

LOOK_UPS = "look-ups and search"
CALCULATIONS = "calculations and diagnostics"
UPDATES = "updates"
WORKFLOW = "communication and workflow"


def text(description: str) -> dict[str, Json]:
    return {"type": "string", "minLength": 1, "description": description}


def choice(options: tuple[str, ...], description: str) -> dict[str, Json]:
    return {"type": "string", "enum": list(options), "description": description}


def flag(description: str) -> dict[str, Json]:
    return {"type": "boolean", "description": description}


def cents(description: str) -> dict[str, Json]:
    return {"type": "integer", "minimum": 0, "description": f"{description} In cents."}


def moment(description: str) -> dict[str, Json]:
    return text(f"{description} ISO date or time; a date means its midnight in New York.")


CUSTOMER_ID = text("Such as cust-0042.")
EMPLOYEE_ID = text("Such as emp-006.")
PRODUCT_ID = text("Such as prod-0017.")
ORDER_ID = text("Such as ord-250901-003.")
TICKET_ID = text("Such as tick-250901-003.")
REFUND_ID = text("Such as rfd-250901-003.")
DAY: dict[str, Json] = {"type": "string", "format": "date", "description": "YYYY-MM-DD."}
QTY: dict[str, Json] = {"type": "integer", "minimum": 1, "maximum": 50}
LIMIT: dict[str, Json] = {
    "type": "integer",
    "minimum": 1,
    "maximum": 50,
    "default": 10,
    "description": "Most results to show; `count` tells how many there are.",
}
SERVICE = choice(SHIPPING_SERVICES, "Shipping service.")
ITEMS: dict[str, Json] = {
    "type": "array",
    "minItems": 1,
    "maxItems": 20,
    "description": "Products with their numbers.",
    "items": {
        "type": "object",
        "properties": {"product_id": PRODUCT_ID, "qty": QTY},
        "required": ["product_id", "qty"],
        "additionalProperties": False,
    },
}

BOUND_CUSTOMER = Binding(name="customer", entity_type="customer", id="args.customer_id")
BOUND_ORDER = Binding(name="order", entity_type="order", id="args.order_id")
BOUND_TICKET = Binding(name="ticket", entity_type="support_ticket", id="args.ticket_id")
BOUND_EMPLOYEE = Binding(name="employee", entity_type="employee", id="args.employee_id")

PARTS = Let(
    name="parts",
    value="args.items.filter(i, lookup('product', i.product_id) != null)"
    ".map(i, {'product': lookup('product', i.product_id), 'qty': i.qty})",
)
"""Without items of unknown products, which `KNOWN_ITEMS` refuses."""
STRANGE = Let(
    name="strange",
    value="args.items.filter(i, lookup('product', i.product_id) == null).map(i, i.product_id)",
)
KNOWN_ITEMS = Precondition(
    check="strange.size() == 0",
    message="no product has the id {join(strange, ', ')}; look it up with search_products",
)
ONCE_EACH = Precondition(
    check="args.items.all(i, args.items.exists_one(j, j.product_id == i.product_id))",
    message="list each product once and give its number as qty",
)
IS_ACTIVE = Precondition(
    check="employee.is_active",
    message="{employee.name} no longer works here; name somebody who does",
)


def sets(**values: str) -> tuple[Assignment, ...]:
    """Assignments of CEL expressions by field."""
    return tuple(Assignment(field=name, value=value) for name, value in values.items())


def sets_given(**values: str) -> tuple[Assignment, ...]:
    """Assignments that are made only when the argument of that name is given."""
    return tuple(
        Assignment(field=name, value=value, when=f"args.{name} != null")
        for name, value in values.items()
    )
