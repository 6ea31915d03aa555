"""Entity types of people and of how they talk: customers, employees, Slack."""

from world_builder.entities import EntityType
from world_builder.worlds.corecraft.rules import ROLES, TEAMS, TIERS
from world_builder.worlds.corecraft.types.fields import (
    address,
    choice,
    day,
    flag,
    link,
    long_text,
    many,
    moment,
    money,
    text,
)

CUSTOMER = EntityType(
    name="customer",
    title="Customer",
    plural="Customers",
    description="A person or firm that has bought from us.",
    id_format="cust-{n:4}",
    title_field="name",
    fields=(
        text("name"),
        text("email", "E-mail"),
        text("phone"),
        choice("loyalty_tier", TIERS),
        day("joined_on"),
        text("company", required=False, note="Set for business accounts."),
        address("address"),
        money("store_credit_cents", "Store credit"),
        long_text("notes", required=False, note="What support should know."),
    ),
)

EMPLOYEE = EntityType(
    name="employee",
    title="Employee",
    plural="Employees",
    description="Somebody who works here, with what they may do.",
    id_format="emp-{n:3}",
    title_field="name",
    fields=(
        text("name"),
        text("email", "E-mail"),
        text("slack_handle", note="With its @."),
        text("job_title"),
        choice("team", TEAMS),
        choice("role", ROLES),
        money("refund_limit_cents", "Refund limit", note="The largest refund made alone."),
        link("manager_id", "employee", "Manager", required=False),
        day("hired_on"),
        flag("is_active", "Works here today"),
        text("out_of_office", required=False, note="Until when and who covers."),
    ),
)

SLACK_CHANNEL = EntityType(
    name="slack_channel",
    title="Slack channel",
    plural="Slack channels",
    description="Where people talk about a subject.",
    id_format="chan-{n:2}",
    title_field="name",
    fields=(
        text("name", note="With its #."),
        text("purpose"),
        many("member_ids", link("member_id", "employee"), "Members"),
        day("created_on"),
        flag("is_archived"),
    ),
)

SLACK_MESSAGE = EntityType(
    name="slack_message",
    title="Slack message",
    plural="Slack messages",
    description="One message: noise, news or a decision.",
    id_format="msg-{date}-{n:3}",
    title_field="text",
    fields=(
        link("channel_id", "slack_channel", "Channel"),
        link("author_id", "employee", "Author"),
        moment("sent_at"),
        long_text("text"),
        link("reply_to_id", "slack_message", "In reply to", required=False),
        flag("is_pinned"),
    ),
)
