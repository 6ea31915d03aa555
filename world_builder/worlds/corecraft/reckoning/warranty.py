"""How long a warranty runs, and what a failing item is due.

Worked out from typed values, apart from the tools' expressions, so that the two check each other.
"""

from dataclasses import dataclass
from datetime import date

from world_builder.worlds.corecraft.company import Customer, Product
from world_builder.worlds.corecraft.rules import (
    DEFECT_REFUND_DAYS,
    PLATINUM_WARRANTY_MONTHS,
    add_months,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warranty:
    """The warranty of one delivered item."""

    arrived_on: date
    months: int

    @property
    def ends_on(self) -> date:
        """Its last day."""
        return add_months(self.arrived_on, self.months)


def warranty_months(product: Product, customer: Customer) -> int:
    """The months of a product for a customer."""
    more = PLATINUM_WARRANTY_MONTHS if customer.loyalty_tier == "platinum" else 0
    return product.warranty_months + more


def warranty(product: Product, customer: Customer, arrived_on: date) -> Warranty:
    return Warranty(arrived_on=arrived_on, months=warranty_months(product, customer))


def remedy(found: Warranty, product: Product, reported_on: date, *, is_accident: bool) -> str:
    """What a failing item is due: `refund`, `replacement`, `repair` or `nothing`."""
    if is_accident or reported_on > found.ends_on:
        return "nothing"
    if (reported_on - found.arrived_on).days <= DEFECT_REFUND_DAYS:
        return "refund"
    return "replacement" if product.stock > 0 else "repair"
