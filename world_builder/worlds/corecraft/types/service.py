"""Entity types of service: tickets, escalations, resolutions, the knowledge base."""

from world_builder.entities import EntityType
from world_builder.worlds.corecraft.rules import (
    ARTICLE_STATUSES,
    ARTICLE_TOPICS,
    ESCALATION_LEVELS,
    ESCALATION_STATUSES,
    RESOLUTION_KINDS,
    TICKET_CATEGORIES,
    TICKET_CHANNELS,
    TICKET_PRIORITIES,
    TICKET_STATUSES,
)
from world_builder.worlds.corecraft.types.fields import (
    choice,
    day,
    group,
    link,
    long_text,
    many,
    moment,
    text,
)

SUPPORT_TICKET = EntityType(
    name="support_ticket",
    title="Support ticket",
    plural="Support tickets",
    description="What a customer wants from us, and how far it has come.",
    id_format="tick-{date}-{n:3}",
    title_field="subject",
    fields=(
        link("customer_id", "customer", "Customer"),
        link("order_id", "order", "Order", required=False),
        link("product_id", "product", "Product", required=False),
        text("subject"),
        choice("channel", TICKET_CHANNELS),
        choice("category", TICKET_CATEGORIES),
        choice("priority", TICKET_PRIORITIES),
        choice("status", TICKET_STATUSES),
        moment("created_at"),
        moment("updated_at"),
        link("assignee_id", "employee", "Assignee", required=False),
        many("messages", group("message", moment("at"), text("author"), long_text("text"))),
        long_text("internal_note", required=False, note="Never shown to the customer."),
    ),
)

ESCALATION = EntityType(
    name="escalation",
    title="Escalation",
    plural="Escalations",
    description="A ticket handed to somebody who may do more.",
    id_format="esc-{date}-{n:3}",
    title_field="reason",
    fields=(
        link("ticket_id", "support_ticket", "Ticket"),
        choice("level", ESCALATION_LEVELS),
        text("reason"),
        choice("status", ESCALATION_STATUSES),
        link("raised_by_id", "employee", "Raised by"),
        link("assigned_to_id", "employee", "Assigned to"),
        moment("created_at"),
        moment("due_at", note="Must be taken up by then."),
        moment("resolved_at", required=False),
    ),
)

RESOLUTION = EntityType(
    name="resolution",
    title="Resolution",
    plural="Resolutions",
    description="How a ticket ended.",
    id_format="res-{date}-{n:3}",
    title_field="summary",
    fields=(
        link("ticket_id", "support_ticket", "Ticket"),
        choice("kind", RESOLUTION_KINDS),
        long_text("summary"),
        link("refund_id", "refund", "Refund", required=False),
        link("resolved_by_id", "employee", "Resolved by"),
        moment("created_at"),
        day("follow_up_on", required=False),
    ),
)

KNOWLEDGE_BASE_ARTICLE = EntityType(
    name="knowledge_base_article",
    title="Knowledge base article",
    plural="Knowledge base articles",
    description="How we do things, or how we once did.",
    id_format="kb-{n:3}",
    title_field="title",
    fields=(
        text("title"),
        choice("topic", ARTICLE_TOPICS),
        choice("status", ARTICLE_STATUSES),
        long_text("body"),
        day("published_on"),
        day("updated_on"),
        link("author_id", "employee", "Author"),
        link("replaced_by_id", "knowledge_base_article", "Replaced by", required=False),
    ),
)
