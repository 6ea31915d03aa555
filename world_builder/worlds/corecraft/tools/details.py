"""The tools that show one thing with all that belongs to it."""

from world_builder.operations import Compute, Get, Join, Let, object_schema
from world_builder.tools import Tool
from world_builder.worlds.corecraft.tools.arguments import (
    BOUND_CUSTOMER,
    CUSTOMER_ID,
    LOOK_UPS,
    ORDER_ID,
    TICKET_ID,
)

GET_ORDER = Tool(
    name="get_order",
    title="Get an order",
    description="One order with its customer, payments, shipments and refunds.",
    group=LOOK_UPS,
    parameters=object_schema({"id": ORDER_ID}, ("id",)),
    operation=Get(
        entity_type="order",
        joins=(
            Join(name="customer", entity_type="customer", reference="customer_id"),
            Join(name="payments", entity_type="payment", reference="order_id", is_reverse=True),
            Join(name="shipments", entity_type="shipment", reference="order_id", is_reverse=True),
            Join(name="refunds", entity_type="refund", reference="order_id", is_reverse=True),
        ),
    ),
)

GET_TICKET = Tool(
    name="get_ticket",
    title="Get a ticket",
    description="One ticket with its messages, customer, escalations and resolutions.",
    group=LOOK_UPS,
    parameters=object_schema({"id": TICKET_ID}, ("id",)),
    operation=Get(
        entity_type="support_ticket",
        joins=(
            Join(name="customer", entity_type="customer", reference="customer_id"),
            Join(
                name="escalations", entity_type="escalation", reference="ticket_id", is_reverse=True
            ),
            Join(
                name="resolutions", entity_type="resolution", reference="ticket_id", is_reverse=True
            ),
        ),
    ),
)


def _listed(entity_type: str, *fields: str) -> str:
    """CEL: the customer's entities of a type, cut to some fields."""
    shown = ", ".join(f"'{name}': x.{name}" for name in ("id", *fields))
    return f"find('{entity_type}', 'customer_id', customer.id).map(x, {{{shown}}})"


GET_CUSTOMER_HISTORY = Tool(
    name="get_customer_history",
    title="Get a customer's history",
    description="A customer with all orders, tickets, refunds and builds in short, oldest first, "
    "and what the orders that were not cancelled come to.",
    group=LOOK_UPS,
    parameters=object_schema({"customer_id": CUSTOMER_ID}, ("customer_id",)),
    operation=Compute(
        bindings=(BOUND_CUSTOMER,),
        result=(
            Let(name="customer", value="customer"),
            Let(
                name="orders",
                value=_listed("order", "placed_at", "status", "total_cents"),
            ),
            Let(
                name="tickets",
                value=_listed("support_ticket", "subject", "category", "status", "created_at"),
            ),
            Let(
                name="refunds",
                value=_listed("refund", "order_id", "reason", "status", "amount_cents"),
            ),
            Let(name="builds", value=_listed("build", "name", "status", "quoted_on")),
            Let(
                name="ordered_cents",
                value="sum(orders.filter(o, o.status != 'cancelled').map(o, o.total_cents))",
            ),
        ),
    ),
)
