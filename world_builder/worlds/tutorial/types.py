"""The entity types of the bookshop.

Declarations only; `stock_room` fills them.
"""

from world_builder.entities import EntityType, Field, FieldKind
from world_builder.worlds.tutorial.rules import GENRES, REASONS, STATUSES, TIERS

_BOOK_REFERENCE = Field(
    name="book_id", title="Book", kind=FieldKind.REFERENCE, entity_type="book", required=True
)
_QTY = Field(name="qty", title="Copies", kind=FieldKind.INTEGER, minimum=1, required=True)

BOOK = EntityType(
    name="book",
    title="Book",
    plural="Books",
    description="A title the shop sells.",
    id_format="bk-{n:3}",
    title_field="title",
    fields=(
        Field(name="title", kind=FieldKind.TEXT, required=True, unique=True, minimum=1),
        Field(name="author", kind=FieldKind.TEXT, required=True, minimum=1),
        Field(name="genre", kind=FieldKind.ENUM, options=GENRES, required=True),
        Field(
            name="price_cents",
            title="List price",
            kind=FieldKind.MONEY,
            required=True,
            minimum=20,
            help="Before any loyalty discount.",
        ),
        Field(
            name="stock",
            title="Copies in stock",
            kind=FieldKind.INTEGER,
            required=True,
            minimum=0,
            help="Copies free to sell; copies in open orders are already taken out.",
        ),
        Field(
            name="is_final_sale",
            title="Final sale",
            kind=FieldKind.BOOLEAN,
            required=True,
            help="Sold for good: comes back only when damaged.",
        ),
    ),
)

CUSTOMER = EntityType(
    name="customer",
    title="Customer",
    plural="Customers",
    description="Someone who has bought from the shop.",
    id_format="cus-{n:3}",
    title_field="name",
    fields=(
        Field(name="name", kind=FieldKind.TEXT, required=True, minimum=1),
        Field(
            name="email",
            title="E-mail",
            kind=FieldKind.TEXT,
            required=True,
            unique=True,
            pattern=r"^[^@\s]+@[^@\s]+$",
        ),
        Field(name="tier", title="Loyalty tier", kind=FieldKind.ENUM, options=TIERS, required=True),
    ),
)

ORDER = EntityType(
    name="order",
    title="Order",
    plural="Orders",
    description="What a customer bought: the lines, what they cost, where they go.",
    id_format="ord-{n:4}",
    fields=(
        Field(
            name="customer_id",
            title="Customer",
            kind=FieldKind.REFERENCE,
            entity_type="customer",
            required=True,
        ),
        Field(name="placed_on", kind=FieldKind.DATE, required=True),
        Field(name="status", kind=FieldKind.ENUM, options=STATUSES, required=True),
        Field(name="delivered_on", kind=FieldKind.DATE, help="Empty until the parcel has arrived."),
        Field(name="ship_to", title="Ship to", kind=FieldKind.TEXT, required=True, minimum=1),
        Field(
            name="lines",
            kind=FieldKind.LIST,
            required=True,
            minimum=1,
            item=Field(
                name="line",
                kind=FieldKind.OBJECT,
                fields=(
                    _BOOK_REFERENCE,
                    _QTY,
                    Field(
                        name="price_cents",
                        title="Price paid per copy",
                        kind=FieldKind.MONEY,
                        minimum=0,
                        required=True,
                        help="The list price less the customer's loyalty discount.",
                    ),
                ),
            ),
        ),
        Field(
            name="shipping_cents", title="Shipping", kind=FieldKind.MONEY, minimum=0, required=True
        ),
        Field(
            name="total_cents",
            title="Total",
            kind=FieldKind.MONEY,
            minimum=0,
            required=True,
            help="All lines and the shipping.",
        ),
    ),
)

RETURN_REQUEST = EntityType(
    name="return_request",
    title="Return",
    plural="Returns",
    description="Copies of one title that come back from one order.",
    id_format="ret-{n:3}",
    fields=(
        Field(
            name="order_id",
            title="Order",
            kind=FieldKind.REFERENCE,
            entity_type="order",
            required=True,
        ),
        _BOOK_REFERENCE,
        _QTY,
        Field(name="reason", kind=FieldKind.ENUM, options=REASONS, required=True),
        Field(
            name="refund_cents",
            title="Refund",
            kind=FieldKind.MONEY,
            minimum=0,
            required=True,
            help="The price paid per copy, times the copies; no shipping.",
        ),
        Field(name="created_on", kind=FieldKind.DATE, required=True),
    ),
)

ENTITY_TYPES: tuple[EntityType, ...] = (BOOK, CUSTOMER, ORDER, RETURN_REQUEST)
