"""Resolutions: each ended ticket has one, and it says what really happened."""

from collections.abc import Iterator
from itertools import pairwise

from world_builder.worlds.corecraft.consistency.payments import PAID_BACK
from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    day,
    moment,
)

_ENDED = ("resolved", "closed")


def _of_ticket(ticket: Record, records: Records) -> Iterator[str]:
    status, mine = ticket["status"], _in_order(ticket, records)
    if not mine:
        if status in _ENDED:
            yield f"is {status} without a resolution"
        return
    last = mine[-1]
    if moment(last["created_at"]) > moment(ticket["updated_at"]):
        yield f"{last['id']} came after its last change at {ticket['updated_at']}"
    if status not in _ENDED and not _is_reopened(ticket, last):
        yield f"is {status} but {last['id']} ended it"
    customer = records.of("customer")[ticket["customer_id"]]["name"]
    said = [moment(m["at"]) for m in ticket["messages"] if m["author"] == customer]
    if status in _ENDED and said and moment(last["created_at"]) < said[-1]:
        yield f"{last['id']} came before the customer's last message"


def _is_reopened(ticket: Record, last: Record) -> bool:
    """Whether a ticket was changed since it was resolved last."""
    return moment(ticket["updated_at"]) > moment(last["created_at"])


def _at_once(ticket: Record, records: Records) -> Iterator[str]:
    for first, second in pairwise(_in_order(ticket, records)):
        if moment(second["created_at"]) == moment(first["created_at"]):
            yield f"{first['id']} and {second['id']} end it at one moment"


def _in_order(ticket: Record, records: Records) -> list[Record]:
    """A ticket's resolutions, oldest first."""
    mine = records.where("resolution", "ticket_id", ticket["id"])
    return sorted(mine, key=lambda resolution: moment(resolution["created_at"]))


def _refund(resolution: Record, records: Records) -> Iterator[str]:
    refund_id = resolution.get("refund_id")
    if (resolution["kind"] == "refund") != (refund_id is not None):
        yield f"is of kind {resolution['kind']} but its refund is {refund_id}"
    if refund_id is None:
        return
    refund, ticket_id = records.of("refund")[refund_id], resolution["ticket_id"]
    ticket = records.of("support_ticket")[ticket_id]
    if refund["customer_id"] != ticket["customer_id"]:
        yield f"{refund_id} is for {refund['customer_id']}, not for {ticket['customer_id']}"
    if refund.get("ticket_id") not in (None, ticket_id):
        yield f"{refund_id} belongs to {refund['ticket_id']}, not to {ticket_id}"
    if refund["status"] not in PAID_BACK:
        yield f"{refund_id} is only {refund['status']}"


def _follow_up(resolution: Record, _: Records) -> Iterator[str]:
    follow_up_on = resolution.get("follow_up_on")
    if follow_up_on is not None and day(follow_up_on) < day(resolution["created_at"]):
        yield f"is followed up on {follow_up_on}, before it was made"


CHECKS: Checks = {"support_ticket": (_of_ticket, _at_once), "resolution": (_refund, _follow_up)}
