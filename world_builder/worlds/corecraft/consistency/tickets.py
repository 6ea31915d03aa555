"""Support tickets: whose they are, who said what when, and what their status asks for."""

from collections.abc import Iterator

from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    line_of,
    moment,
)


def _subject(ticket: Record, records: Records) -> Iterator[str]:
    if ticket.get("order_id") is None:
        return
    order, product_id = records.of("order")[ticket["order_id"]], ticket.get("product_id")
    if order["customer_id"] != ticket["customer_id"]:
        yield f"{order['id']} is by {order['customer_id']}, not by {ticket['customer_id']}"
    if product_id is not None and line_of(order, product_id) is None:
        yield f"{product_id} is not in {order['id']}"
    if moment(ticket["created_at"]) < moment(order["placed_at"]):
        yield f"was written before {order['id']} was placed"


def _times(ticket: Record, _: Records) -> Iterator[str]:
    times = [moment(message["at"]) for message in ticket["messages"]]
    if times != sorted(times):
        yield "its messages are not in the order of time"
    if times and times[0] != moment(ticket["created_at"]):
        yield f"its first message is not of {ticket['created_at']}"
    if max([moment(ticket["created_at"]), *times]) > moment(ticket["updated_at"]):
        yield f"has a message after its last change at {ticket['updated_at']}"


def _authors(ticket: Record, records: Records) -> Iterator[str]:
    customer = records.of("customer")[ticket["customer_id"]]["name"]
    authors = [message["author"] for message in ticket["messages"]]
    if authors and authors[0] != customer:
        yield f"its first message is by {authors[0]}, not by {customer}"
    for author in dict.fromkeys(authors):
        if author != customer and not records.where("employee", "name", author):
            yield f"{author} is neither its customer nor one of us"


def _assignee(ticket: Record, records: Records) -> Iterator[str]:
    status = ticket["status"]
    if status != "new" and ticket.get("assignee_id") is None:
        yield f"is {status} but nobody has it"
    customer = records.of("customer")[ticket["customer_id"]]["name"]
    if status == "new" and any(m["author"] != customer for m in ticket["messages"]):
        yield "is new but was answered"


CHECKS: Checks = {"support_ticket": (_subject, _times, _authors, _assignee)}
