"""The tools that search: one per entity type, all with the same pattern of arguments."""

from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.story.slack_texts import CHANNELS
from world_builder.worlds.corecraft.tools.arguments import (
    CUSTOMER_ID,
    EMPLOYEE_ID,
    ORDER_ID,
    PRODUCT_ID,
    TICKET_ID,
    cents,
    flag,
    text,
)
from world_builder.worlds.corecraft.tools.searching import Searching, at_least, at_most

_CHANNEL_IDS = {f"chan-{i:02}": name for i, (name, _, _) in enumerate(CHANNELS, 1)}

SEARCH_CUSTOMERS = Searching(
    entity_type="customer",
    texts=("name", "email", "phone", "company"),
    choices={"loyalty_tier": rules.TIERS},
    moment="joined_on",
    moment_name="joined",
).tool(
    "search_customers",
    "Search customers",
    "Customers by name, e-mail, phone, company or loyalty tier. Names can occur twice.",
)

SEARCH_EMPLOYEES = Searching(
    entity_type="employee",
    texts=("name", "email", "slack_handle", "job_title"),
    choices={"team": rules.TEAMS, "role": rules.ROLES},
    links={
        "is_active": flag("True: only who works here today."),
        "manager_id": text("Only the people of this manager, such as emp-012."),
    },
).tool(
    "search_employees",
    "Search employees",
    "Colleagues with team, role, refund limit and absence.",
)

SEARCH_PRODUCTS = Searching(
    entity_type="product",
    texts=("name", "brand", "specs"),
    choices={"category": rules.PRODUCT_CATEGORIES, "status": rules.PRODUCT_STATUSES},
    links={"is_clearance": flag("True: only clearance, false: only regular items.")},
    bounds={
        "min_price_cents": at_least("min_price_cents", "price_cents"),
        "max_price_cents": at_most("max_price_cents", "price_cents"),
        "min_stock": at_least("min_stock", "stock"),
    },
    more={
        "min_price_cents": cents("List price at least."),
        "max_price_cents": cents("List price at most."),
        "min_stock": {"type": "integer", "minimum": 1, "description": "So many in stock."},
    },
    sort="price_cents",
).tool(
    "search_products",
    "Search products",
    "Products with price, stock, warranty and specifications, cheapest first. `text` also looks "
    "into specifications, such as AM5 or DDR5.",
)

SEARCH_ORDERS = Searching(
    entity_type="order",
    choices={"status": rules.ORDER_STATUSES, "channel": rules.ORDER_CHANNELS,
             "shipping_service": rules.SHIPPING_SERVICES},
    links={"customer_id": CUSTOMER_ID},
    moment="placed_at",
    moment_name="placed",
    bounds={
        "min_total_cents": at_least("min_total_cents", "total_cents"),
        "max_total_cents": at_most("max_total_cents", "total_cents"),
    },
    more={
        "product_id": PRODUCT_ID,
        "min_total_cents": cents("Total at least."),
        "max_total_cents": cents("Total at most."),
    },
    where="args.product_id == null || it.lines.exists(l, l.product_id == args.product_id)",
    sort="-placed_at",
    fields=("customer_id", "placed_at", "status", "channel", "lines", "shipping_service",
            "total_cents"),
).tool(
    "search_orders",
    "Search orders",
    "Orders by customer, product, status, total or time, newest first. Details with get_order.",
)  # fmt: skip

SEARCH_TICKETS = Searching(
    entity_type="support_ticket",
    texts=("subject", "messages", "internal_note"),
    choices={"category": rules.TICKET_CATEGORIES, "priority": rules.TICKET_PRIORITIES,
             "status": rules.TICKET_STATUSES, "channel": rules.TICKET_CHANNELS},
    links={"customer_id": CUSTOMER_ID, "order_id": ORDER_ID, "product_id": PRODUCT_ID,
           "assignee_id": EMPLOYEE_ID},
    moment="created_at",
    sort="-created_at",
    fields=("customer_id", "order_id", "product_id", "subject", "category", "priority", "status",
            "created_at", "updated_at", "assignee_id"),
).tool(
    "search_tickets",
    "Search tickets",
    "Support tickets, newest first. Messages and what became of it with get_ticket.",
)  # fmt: skip

SEARCH_BUILDS = Searching(
    entity_type="build",
    texts=("name", "notes"),
    choices={"status": rules.BUILD_STATUSES, "purpose": rules.BUILD_PURPOSES},
    links={"customer_id": CUSTOMER_ID, "order_id": ORDER_ID, "technician_id": EMPLOYEE_ID},
    moment="quoted_on",
    moment_name="quoted",
    sort="-quoted_on",
).tool(
    "search_builds",
    "Search builds",
    "Computers quoted or put together for customers, with parts, newest quote first.",
)

SEARCH_KNOWLEDGE_BASE = Searching(
    entity_type="knowledge_base_article",
    texts=("title", "body"),
    choices={"topic": rules.ARTICLE_TOPICS, "status": rules.ARTICLE_STATUSES},
    sort="-updated_on",
).tool(
    "search_knowledge_base",
    "Search the knowledge base",
    "Articles with their text, last updated first. Deprecated ones no longer hold: see "
    "replaced_by_id.",
)

SEARCH_PAYMENTS = Searching(
    entity_type="payment",
    choices={"status": rules.PAYMENT_STATUSES, "method": rules.PAYMENT_METHODS},
    links={"order_id": ORDER_ID, "customer_id": CUSTOMER_ID,
           "card_last4": text("Last four digits of the card.")},
    moment="created_at",
    sort="-created_at",
).tool(
    "search_payments",
    "Search payments",
    "Payments and failed attempts with their reason, newest first.",
)  # fmt: skip

SEARCH_SHIPMENTS = Searching(
    entity_type="shipment",
    choices={"status": rules.SHIPMENT_STATUSES, "carrier": rules.CARRIERS},
    links={"order_id": ORDER_ID, "tracking_number": text("As printed on the label.")},
    moment="shipped_at",
    moment_name="shipped",
    sort="-shipped_at",
).tool(
    "search_shipments",
    "Search shipments",
    "Parcels with carrier, tracking number, promised day and scans, newest first.",
)

SEARCH_REFUNDS = Searching(
    entity_type="refund",
    choices={"status": rules.REFUND_STATUSES, "reason": rules.REFUND_REASONS,
             "destination": rules.REFUND_DESTINATIONS},
    links={"order_id": ORDER_ID, "customer_id": CUSTOMER_ID, "product_id": PRODUCT_ID,
           "ticket_id": TICKET_ID, "approved_by_id": EMPLOYEE_ID},
    moment="created_at",
    bounds={"min_amount_cents": at_least("min_amount_cents", "amount_cents")},
    more={"min_amount_cents": cents("Amount at least.")},
    sort="-created_at",
).tool(
    "search_refunds",
    "Search refunds",
    "Refunds requested, approved, processed or denied, newest first.",
)  # fmt: skip

SEARCH_SLACK_MESSAGES = Searching(
    entity_type="slack_message",
    texts=("text",),
    links={
        "channel_id": {
            "type": "string",
            "enum": list(_CHANNEL_IDS),
            "description": ", ".join(f"{i} {name}" for i, name in _CHANNEL_IDS.items()) + ".",
        },
        "author_id": EMPLOYEE_ID,
        "reply_to_id": text("Only replies to this message."),
        "is_pinned": flag("True: only pinned ones."),
    },
    moment="sent_at",
    moment_name="sent",
    sort="-sent_at",
).tool(
    "search_slack_messages",
    "Search Slack messages",
    "What colleagues wrote in Slack, newest first. Look the author up before you rely on it.",
)
