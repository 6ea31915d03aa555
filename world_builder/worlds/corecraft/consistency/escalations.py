"""Escalations: one open per ticket, to the right person, in time."""

from collections.abc import Iterator
from datetime import timedelta

from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    moment,
)
from world_builder.worlds.corecraft.rules import ESCALATION_HOURS
from world_builder.worlds.corecraft.story.staff import ESCALATIONS_LEAD, SAFETY_OFFICER

_OWNERS = {"tier_2": ESCALATIONS_LEAD, "safety": SAFETY_OFFICER}


def _ticket_status(ticket: Record, records: Records) -> Iterator[str]:
    escalations = records.where("escalation", "ticket_id", ticket["id"])
    still_open = [e["id"] for e in escalations if e["status"] != "resolved"]
    if len(still_open) > 1:
        yield f"has two open escalations, {still_open[0]} and {still_open[1]}"
    if ticket["status"] == "escalated" and not still_open:
        yield "is escalated without an open escalation"
    if ticket["status"] != "escalated" and still_open:
        yield f"is {ticket['status']} but {still_open[0]} is open"


def _times(escalation: Record, records: Records) -> Iterator[str]:
    created, resolved_at = moment(escalation["created_at"]), escalation.get("resolved_at")
    hours = ESCALATION_HOURS[escalation["level"]]
    if moment(escalation["due_at"]) - created != timedelta(hours=hours):
        yield f"is due at {escalation['due_at']}, not {hours} hours after it was made"
    if (escalation["status"] == "resolved") != (resolved_at is not None):
        yield f"is {escalation['status']} but resolved_at is {resolved_at}"
    if resolved_at is not None and moment(resolved_at) < created:
        yield f"was resolved at {resolved_at}, before it was made"
    ticket = records.of("support_ticket")[escalation["ticket_id"]]
    if created < moment(ticket["created_at"]):
        yield f"was made before its ticket {ticket['id']}"


def _owner(escalation: Record, records: Records) -> Iterator[str]:
    level, owner_id = escalation["level"], escalation["assigned_to_id"]
    owner = records.of("employee")[owner_id]
    if level in _OWNERS and owner_id != _OWNERS[level]:
        yield f"is of level {level} but {owner_id} has it, not {_OWNERS[level]}"
    teams = _teams(escalation, records)
    if level == "manager" and (owner["role"] != "manager" or owner["team"] not in teams):
        yield f"{owner_id} is no manager of {' or '.join(teams)}"
    if escalation["status"] != "resolved" and not owner["is_active"]:
        yield f"{owner_id}, who has it, does not work here"


def _priority(escalation: Record, records: Records) -> Iterator[str]:
    ticket = records.of("support_ticket")[escalation["ticket_id"]]
    is_open_safety = escalation["level"] == "safety" and escalation["status"] != "resolved"
    if is_open_safety and ticket["priority"] != "urgent":
        yield f"is a safety matter, but {ticket['id']} has the priority {ticket['priority']}"


def _teams(escalation: Record, records: Records) -> list[str]:
    """The team of the ticket's assignee, and that of whoever raised it."""
    ticket = records.of("support_ticket")[escalation["ticket_id"]]
    people = [ticket.get("assignee_id"), escalation["raised_by_id"]]
    return sorted({records.of("employee")[person]["team"] for person in people if person})


CHECKS: Checks = {"support_ticket": (_ticket_status,), "escalation": (_times, _owner, _priority)}
