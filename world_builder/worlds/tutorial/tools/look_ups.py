"""The tools that only look: books, customers, orders."""

from world_builder.operations import Comparison, Filter, Get, Join, Search, object_schema
from world_builder.tools import Tool
from world_builder.worlds.tutorial.rules import GENRES, STATUSES
from world_builder.worlds.tutorial.tools.arguments import (
    BOOK_ID,
    CUSTOMER_ID,
    DAY,
    LOOK_UPS,
    ORDER_ID,
    choice,
    text,
)

FIND_BOOKS = Tool(
    name="find_books",
    title="Find books",
    description="Books by words of title or author, genre, price or stock.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "text": text("Words of the title or the author."),
            "genre": choice(GENRES, "Only this genre."),
            "max_price_cents": {"type": "integer", "description": "List price at most."},
            "in_stock": {"type": "boolean", "description": "True: only what is in stock."},
        }
    ),
    operation=Search(
        entity_type="book",
        filters=(
            Filter(argument="text", fields=("title", "author"), comparison=Comparison.TEXT),
            Filter(argument="genre", fields=("genre",)),
            Filter(
                argument="max_price_cents",
                fields=("price_cents",),
                comparison=Comparison.AT_MOST,
            ),
        ),
        where="args.in_stock != true || it.stock > 0",
        fields=("title", "author", "price_cents", "stock"),
    ),
)

GET_BOOK = Tool(
    name="get_book",
    title="Get a book",
    description="Everything about one book.",
    group=LOOK_UPS,
    parameters=object_schema({"id": BOOK_ID}, ("id",)),
    operation=Get(entity_type="book"),
)

FIND_CUSTOMERS = Tool(
    name="find_customers",
    title="Find customers",
    description="Customers by words of the name or the e-mail address.",
    group=LOOK_UPS,
    parameters=object_schema({"text": text("Words of name or e-mail.")}, ("text",)),
    operation=Search(
        entity_type="customer",
        filters=(Filter(argument="text", fields=("name", "email"), comparison=Comparison.TEXT),),
        fields=("name", "tier"),
    ),
)

FIND_ORDERS = Tool(
    name="find_orders",
    title="Find orders",
    description="Orders by customer, status or day, newest first.",
    group=LOOK_UPS,
    parameters=object_schema(
        {
            "customer_id": CUSTOMER_ID,
            "status": choice(STATUSES, "Only this status."),
            "placed_after": DAY,
            "placed_before": DAY,
        }
    ),
    operation=Search(
        entity_type="order",
        filters=(
            Filter(argument="customer_id", fields=("customer_id",)),
            Filter(argument="status", fields=("status",)),
            Filter(argument="placed_after", fields=("placed_on",), comparison=Comparison.AFTER),
            Filter(argument="placed_before", fields=("placed_on",), comparison=Comparison.BEFORE),
        ),
        sort="-placed_on",
        fields=("placed_on", "status", "total_cents"),
    ),
)

GET_ORDER = Tool(
    name="get_order",
    title="Get an order",
    description="One order with its customer.",
    group=LOOK_UPS,
    parameters=object_schema({"id": ORDER_ID}, ("id",)),
    operation=Get(
        entity_type="order",
        fields=("placed_on", "status", "delivered_on", "ship_to", "lines", "total_cents"),
        joins=(Join(name="customer", entity_type="customer", reference="customer_id"),),
    ),
)
