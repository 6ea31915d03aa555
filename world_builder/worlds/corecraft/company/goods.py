"""Products and builds as typed values."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    id: str
    name: str
    brand: str
    category: str
    price_cents: int
    stock: int
    status: str = "active"
    is_clearance: bool = False
    warranty_months: int
    released_on: date
    restock_on: date | None = None
    specs: dict[str, Any] = field(default_factory=dict)
    """Only the figures that the category has; keys as in `types.goods.SPECS`."""

    @property
    def is_oversize(self) -> bool:
        return self.category in ("case", "monitor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    product_id: str
    qty: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    id: str
    name: str
    customer_id: str
    order_id: str | None = None
    purpose: str
    status: str
    parts: tuple[Part, ...]
    parts_cents: int
    assembly_cents: int
    quoted_on: date
    due_on: date | None = None
    technician_id: str | None = None
    notes: str | None = None
