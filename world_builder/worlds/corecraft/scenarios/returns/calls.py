"""Calls that references of the returns desk share, with their answers as typed values."""

from typing import cast

from world_builder.frozen import Json
from world_builder.templates import Session
from world_builder.worlds.corecraft.scenarios.returns.choosing import Item


def rows(session: Session, tool: str, **arguments: Json) -> list[dict[str, Json]]:
    """What a search finds."""
    return cast(list[dict[str, Json]], session.call(tool, **arguments)["results"])


def made(session: Session, tool: str, what: str, **arguments: Json) -> dict[str, Json]:
    """The new entity that a writing call answers with."""
    return cast(dict[str, Json], session.call(tool, **arguments)[what])


def look_up(session: Session, item: Item) -> None:
    """The product, whoever bears the customer's name, their orders with it, and the order.

    Raises LookupError when that shows another order too.
    """
    session.call("search_products", text=item.product.name)
    seen = [
        order["id"]
        for row in rows(session, "search_customers", text=item.customer.name)
        for order in rows(
            session, "search_orders", customer_id=row["id"], product_id=item.product.id
        )
    ]
    if seen != [item.order.id]:
        raise LookupError(f"the look-ups show {seen}, not {item.order.id}")
    session.call("get_order", id=item.order.id)
