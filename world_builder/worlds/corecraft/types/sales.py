"""Entity types of a sale: orders, payments, shipments, refunds."""

from world_builder.entities import EntityType
from world_builder.worlds.corecraft.rules import (
    CARRIERS,
    ITEM_CONDITIONS,
    ORDER_CHANNELS,
    ORDER_STATUSES,
    PAYMENT_METHODS,
    PAYMENT_STATUSES,
    REFUND_DESTINATIONS,
    REFUND_REASONS,
    REFUND_STATUSES,
    SHIPMENT_STATUSES,
    SHIPPING_SERVICES,
)
from world_builder.worlds.corecraft.types.fields import (
    address,
    choice,
    day,
    group,
    integer,
    link,
    long_text,
    many,
    moment,
    money,
    text,
)

ORDER = EntityType(
    name="order",
    title="Order",
    plural="Orders",
    description="What a customer bought: lines, prices, where it goes.",
    id_format="ord-{date}-{n:3}",
    fields=(
        link("customer_id", "customer", "Customer"),
        moment("placed_at"),
        choice("channel", ORDER_CHANNELS),
        choice("status", ORDER_STATUSES),
        many(
            "lines",
            group(
                "line",
                link("product_id", "product", "Product"),
                integer("qty", minimum=1),
                money("unit_price_cents", "List price when ordered"),
            ),
        ),
        money("goods_cents", "Goods", note="Sum of the lines, before discount."),
        money("discount_cents", "Loyalty discount"),
        money("assembly_cents", "Assembly fee"),
        choice("shipping_service", SHIPPING_SERVICES),
        money("shipping_cents", "Shipping"),
        money("total_cents", "Total", note="Goods - discount + assembly + shipping."),
        address("ship_to", "Ships to"),
        long_text("notes", required=False),
    ),
)

PAYMENT = EntityType(
    name="payment",
    title="Payment",
    plural="Payments",
    description="Money that came in for an order, or an attempt.",
    id_format="pay-{date}-{n:3}",
    fields=(
        link("order_id", "order", "Order"),
        link("customer_id", "customer", "Customer"),
        choice("method", PAYMENT_METHODS),
        choice("status", PAYMENT_STATUSES),
        money("amount_cents", "Amount"),
        money("refunded_cents", "Refunded so far"),
        moment("created_at"),
        text("card_last4", "Card, last four digits", required=False),
        text("failure_reason", required=False),
    ),
)

SHIPMENT = EntityType(
    name="shipment",
    title="Shipment",
    plural="Shipments",
    description="A parcel of an order and where it has been.",
    id_format="shp-{date}-{n:3}",
    fields=(
        link("order_id", "order", "Order"),
        choice("carrier", CARRIERS),
        text("tracking_number"),
        choice("status", SHIPMENT_STATUSES),
        many("product_ids", link("product_id", "product"), "Contents"),
        moment("shipped_at", required=False),
        day("promised_on", note="The last day on which it is on time."),
        moment("delivered_at", required=False),
        many("events", group("event", moment("at"), text("place"), text("note"))),
    ),
)

REFUND = EntityType(
    name="refund",
    title="Refund",
    plural="Refunds",
    description="Money that goes back for a line, for shipping, or as goodwill.",
    id_format="rfd-{date}-{n:3}",
    fields=(
        link("order_id", "order", "Order"),
        link("payment_id", "payment", "Payment"),
        link("customer_id", "customer", "Customer"),
        link("product_id", "product", "Product", required=False, note="Empty: not for a line."),
        integer("qty", note="Items that come back; 0 when it is not for a line."),
        choice("reason", REFUND_REASONS),
        choice("condition", ITEM_CONDITIONS, "Condition of the item", required=False),
        money("restocking_fee_cents", "Restocking fee kept"),
        money("amount_cents", "Amount paid back"),
        choice("destination", REFUND_DESTINATIONS),
        choice("status", REFUND_STATUSES),
        moment("created_at"),
        moment("processed_at", required=False),
        link("approved_by_id", "employee", "Approved by", required=False),
        link("ticket_id", "support_ticket", "Ticket", required=False),
    ),
)
