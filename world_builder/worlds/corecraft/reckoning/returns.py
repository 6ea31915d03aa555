"""What the policies say of one return: whether it may be, why not, and what goes back.

Worked out from typed values, apart from the tools' expressions, so that the two check each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from world_builder.worlds.corecraft.company import Company, Line, Order
from world_builder.worlds.corecraft.rules import (
    DEFECT_REFUND_DAYS,
    NO_OPENED_RETURN_CATEGORIES,
    RETURN_DAYS,
    TRANSIT_DAMAGE_DAYS,
    line_cents,
    restocking_cents,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The ruling on items of one line."""

    problems: tuple[str, ...]
    """`not_delivered`, or all of `already_back`, `disputed`, `clearance`, `opened_part` and
    `too_late` that stand in the way; empty when the items may come back."""
    arrived_on: date | None
    """The day the item's parcel arrived; None while it has not."""
    window_days: int
    paid_cents: int
    fee_cents: int

    @property
    def problem(self) -> str | None:
        """The first problem; None when the items may come back."""
        return self.problems[0] if self.problems else None

    @property
    def amount_cents(self) -> int:
        """What goes back."""
        return self.paid_cents - self.fee_cents

    @property
    def last_day(self) -> date:
        """The last day of the window. Raises ValueError before delivery."""
        if self.arrived_on is None:
            raise ValueError("nothing has arrived yet")
        return self.arrived_on + timedelta(days=self.window_days)


def arrived_on(company: Company, order_id: str, product_id: str) -> date | None:
    """The day on which the parcel with an item arrived; None while it has not."""
    for shipment in company.shipments_of(order_id):
        if product_id in shipment.product_ids and shipment.delivered_at is not None:
            return shipment.delivered_at.date()
    return None


def window_days(reason: str, tier: str) -> int:
    """Days after delivery within which an item comes back for a reason."""
    if reason == "changed_mind":
        return RETURN_DAYS[tier]
    return TRANSIT_DAMAGE_DAYS if reason == "damaged_in_transit" else DEFECT_REFUND_DAYS


def qty_back(company: Company, order_id: str, product_id: str) -> int:
    """Items of a line that came back or have a refund under way."""
    return sum(
        refund.qty
        for refund in company.refunds_of(order_id)
        if refund.product_id == product_id and refund.status != "denied"
    )


def ruling(
    company: Company, order: Order, line: Line, reason: str, condition: str, qty: int = 1
) -> Ruling:
    """The ruling on `qty` items of a line that would come back today."""
    tier = company.customer(order.customer_id).loyalty_tier
    product = company.product(line.product_id)
    paid = line_cents(line.unit_price_cents, qty, tier, is_clearance=product.is_clearance)
    return Ruling(
        problems=tuple(_problems(company, order, line, reason, condition, qty)),
        arrived_on=arrived_on(company, order.id, line.product_id),
        window_days=window_days(reason, tier),
        paid_cents=paid,
        fee_cents=restocking_cents(paid, tier, condition, reason),
    )


def _problems(
    company: Company, order: Order, line: Line, reason: str, condition: str, qty: int
) -> Iterator[str]:
    arrived = arrived_on(company, order.id, line.product_id)
    product = company.product(line.product_id)
    is_by_choice = reason == "changed_mind"
    tier = company.customer(order.customer_id).loyalty_tier
    if arrived is None:
        yield "not_delivered"
        return
    if qty_back(company, order.id, line.product_id) + qty > line.qty:
        yield "already_back"
    if any(payment.status == "disputed" for payment in company.payments_of(order.id)):
        yield "disputed"
    if is_by_choice and product.is_clearance:
        yield "clearance"
    if is_by_choice and condition == "opened" and product.category in NO_OPENED_RETURN_CATEGORIES:
        yield "opened_part"
    if (company.now.date() - arrived).days > window_days(reason, tier):
        yield "too_late"
