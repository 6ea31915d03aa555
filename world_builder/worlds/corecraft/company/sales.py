"""Orders, payments, shipments and refunds as typed values. Money is in cents."""

from dataclasses import dataclass
from datetime import date, datetime

from world_builder.worlds.corecraft.company.people import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    product_id: str
    qty: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: str
    customer_id: str
    placed_at: datetime
    channel: str
    status: str
    lines: tuple[Line, ...]
    goods_cents: int
    discount_cents: int
    assembly_cents: int = 0
    shipping_service: str
    shipping_cents: int
    total_cents: int
    ship_to: Address
    notes: str | None = None

    def line(self, product_id: str) -> Line | None:
        """The line of a product, or None."""
        return next((line for line in self.lines if line.product_id == product_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    id: str
    order_id: str
    customer_id: str
    method: str
    status: str
    amount_cents: int
    refunded_cents: int = 0
    created_at: datetime
    card_last4: str | None = None
    failure_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: datetime
    place: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    id: str
    order_id: str
    carrier: str
    tracking_number: str
    status: str
    product_ids: tuple[str, ...]
    shipped_at: datetime | None = None
    promised_on: date
    delivered_at: datetime | None = None
    events: tuple[Event, ...] = ()

    @property
    def is_late(self) -> bool:
        """Whether it was delivered after the promised day; False while under way."""
        return self.delivered_at is not None and self.delivered_at.date() > self.promised_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    id: str
    order_id: str
    payment_id: str
    customer_id: str
    product_id: str | None = None
    qty: int = 0
    reason: str
    condition: str | None = None
    restocking_fee_cents: int = 0
    amount_cents: int
    destination: str = "original_payment"
    status: str
    created_at: datetime
    processed_at: datetime | None = None
    approved_by_id: str | None = None
    ticket_id: str | None = None
