"""The bookshop's contents as typed values, before they become records.

`stock_room` makes a `Shop`; scenarios bind to it and read their facts from it.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from world_builder.frozen import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    id: str
    title: str
    author: str
    genre: str
    price_cents: int
    stock: int
    is_final_sale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    id: str
    name: str
    email: str
    tier: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    book_id: str
    qty: int
    price_cents: int
    """Paid per copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: str
    customer_id: str
    placed_on: str
    status: str
    delivered_on: str | None
    ship_to: str
    lines: tuple[Line, ...]
    shipping_cents: int
    total_cents: int

    @property
    def street(self) -> str:
        """The address up to the town."""
        return self.ship_to.split(",")[0]

    def days_since_delivery(self, today: date) -> int:
        """Whole days. Raises ValueError when it has not been delivered."""
        if self.delivered_on is None:
            raise ValueError(f"{self.id} has not been delivered")
        return (today - date.fromisoformat(self.delivered_on)).days


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequest:
    id: str
    order_id: str
    book_id: str
    qty: int
    reason: str
    refund_cents: int
    created_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """All entities, each kind in id order."""

    seed: int
    now: datetime
    books: tuple[Book, ...]
    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    returns: tuple[ReturnRequest, ...]
    spare_addresses: tuple[str, ...]
    """Addresses nobody lives at yet, for prompts."""

    @property
    def today(self) -> date:
        return self.now.date()

    def book(self, book_id: str) -> Book:
        return next(book for book in self.books if book.id == book_id)

    def customer(self, customer_id: str) -> Customer:
        return next(customer for customer in self.customers if customer.id == customer_id)

    def orders_of(self, customer_id: str) -> tuple[Order, ...]:
        return tuple(order for order in self.orders if order.customer_id == customer_id)

    def num_returned(self, order_id: str, book_id: str) -> int:
        """Copies of a title that already came back from an order."""
        return sum(r.qty for r in self.returns if (r.order_id, r.book_id) == (order_id, book_id))

    def records(self) -> dict[str, tuple[dict[str, Json], ...]]:
        """The entities as the world stores them, by type."""
        return {
            "book": tuple(asdict(book) for book in self.books),
            "customer": tuple(asdict(customer) for customer in self.customers),
            "order": tuple(_order_record(order) for order in self.orders),
            "return_request": tuple(asdict(request) for request in self.returns),
        }


def _order_record(order: Order) -> dict[str, Json]:
    record: dict[str, Json] = asdict(order)
    record["lines"] = [asdict(line) for line in order.lines]
    return record
