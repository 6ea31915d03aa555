"""The tools that quote, place, cancel and redirect orders.

The price rules are written once and serve the quote and the order.
"""

from world_builder.operations import (
    Assignment,
    Compute,
    Create,
    Let,
    Precondition,
    Sequence,
    Step,
    Transition,
    Update,
    object_schema,
)
from world_builder.tools import Tool
from world_builder.worlds.tutorial.rules import (
    DISCOUNT_PERCENT,
    FREE_SHIPPING_FROM_CENTS,
    SHIPPING_CENTS,
)
from world_builder.worlds.tutorial.tools.arguments import (
    BOOK_ID,
    BOUND_BOOK,
    BOUND_CUSTOMER,
    CHANGES,
    CUSTOMER_ID,
    ORDER_ID,
    QTY,
    RULES,
    text,
)

_DISCOUNT = (
    f"customer.tier == 'gold' ? {DISCOUNT_PERCENT['gold']} : "
    f"customer.tier == 'silver' ? {DISCOUNT_PERCENT['silver']} : {DISCOUNT_PERCENT['basic']}"
)
_PRICE_LETS = (
    Let(name="paid_cents", value=f"book.price_cents - percent(book.price_cents, {_DISCOUNT})"),
    Let(name="goods_cents", value="paid_cents * args.qty"),
    Let(
        name="freight_cents",
        value=f"customer.tier == 'gold' || goods_cents >= {FREE_SHIPPING_FROM_CENTS} "
        f"? 0 : {SHIPPING_CENTS}",
    ),
)
_IN_STOCK = Precondition(
    check="book.stock >= args.qty",
    message="only {book.stock} copies of {book.id} are in stock; lower qty or choose another book",
)

QUOTE_ORDER = Tool(
    name="quote_order",
    title="Quote an order",
    description="What copies of a book cost a customer. Orders nothing.",
    group=RULES,
    parameters=object_schema(
        {"customer_id": CUSTOMER_ID, "book_id": BOOK_ID, "qty": QTY},
        ("customer_id", "book_id", "qty"),
    ),
    operation=Compute(
        bindings=(BOUND_CUSTOMER, BOUND_BOOK),
        lets=_PRICE_LETS,
        preconditions=(_IN_STOCK,),
        result=(
            Let(name="discount_cents", value="book.price_cents * args.qty - goods_cents"),
            Let(name="shipping_cents", value="freight_cents"),
            Let(name="total_cents", value="goods_cents + freight_cents"),
        ),
    ),
)


def _still_packing(what: str) -> Precondition:
    return Precondition(
        check="it.status == 'packing'",
        message=f"{{it.id}} is {{it.status}}; only an order in packing can {what}",
    )


CANCEL_ORDER = Tool(
    name="cancel_order",
    title="Cancel an order",
    description="Cancels an order that is still in packing and refunds its total.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema({"id": ORDER_ID}, ("id",)),
    operation=Update(
        entity_type="order",
        preconditions=(_still_packing("be cancelled"),),
        values=(Assignment(field="status", value="'cancelled'"),),
        transitions=(Transition(field="status", allowed={"packing": ("cancelled",)}),),
    ),
)

CHANGE_ADDRESS = Tool(
    name="change_address",
    title="Change the address",
    description="Sends an order that is still in packing somewhere else.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {"id": ORDER_ID, "ship_to": text("Street and town.")}, ("id", "ship_to")
    ),
    operation=Update(
        entity_type="order",
        preconditions=(_still_packing("be sent elsewhere"),),
        values=(Assignment(field="ship_to", value="args.ship_to"),),
    ),
)

PLACE_ORDER = Tool(
    name="place_order",
    title="Place an order",
    description="Orders copies of a book for a customer and takes them out of stock.",
    group=CHANGES,
    is_read_only=False,
    parameters=object_schema(
        {
            "customer_id": CUSTOMER_ID,
            "book_id": BOOK_ID,
            "qty": QTY,
            "ship_to": text("Street and town."),
        },
        ("customer_id", "book_id", "qty", "ship_to"),
    ),
    operation=Sequence(
        steps=(
            Step(
                name="placed",
                operation=Create(
                    entity_type="order",
                    bindings=(BOUND_CUSTOMER, BOUND_BOOK),
                    lets=_PRICE_LETS,
                    preconditions=(_IN_STOCK,),
                    values=(
                        Assignment(field="customer_id", value="customer.id"),
                        Assignment(field="placed_on", value="date(now)"),
                        Assignment(field="status", value="'packing'"),
                        Assignment(field="ship_to", value="args.ship_to"),
                        Assignment(
                            field="lines",
                            value="[{'book_id': book.id, 'qty': args.qty, "
                            "'price_cents': paid_cents}]",
                        ),
                        Assignment(field="shipping_cents", value="freight_cents"),
                        Assignment(field="total_cents", value="goods_cents + freight_cents"),
                    ),
                ),
            ),
            Step(
                name="book",
                operation=Update(
                    entity_type="book",
                    id="args.book_id",
                    values=(Assignment(field="stock", value="it.stock - args.qty"),),
                ),
            ),
        ),
        result=(
            Let(name="order_id", value="placed.id"),
            Let(name="total_cents", value="placed.total_cents"),
            Let(name="stock_left", value="book.stock"),
        ),
    ),
)
