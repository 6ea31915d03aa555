"""What has happened to each order, as a script that every seed plays.

The script is the same in all sibling worlds, so every scenario finds its cases: an order on the
last day of the window and one just outside it, final sale, a partial return, two orders on one day,
two customers with nearly the same name. `stock_room` fills it with people, books and dates.
"""

from dataclasses import dataclass
from enum import StrEnum


class Story(StrEnum):
    """The fate of an order."""

    PACKING = "packing"
    SAME_DAY = "same_day"
    """Still in packing, one of two that a customer placed yesterday."""
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    RECENT = "recent"
    """Delivered well within the return window."""
    LAST_DAY = "last_day"
    """Delivered as long ago as the window allows."""
    FINAL_SALE = "final_sale"
    """Delivered recently; the first line is a final-sale title."""
    PARTLY_RETURNED = "partly_returned"
    """One of several copies of the first line already came back."""
    FULLY_RETURNED = "fully_returned"
    JUST_OUTSIDE = "just_outside"
    """Delivered one day too long ago."""
    LATE = "late"
    """Outside the window, inside the one for damaged copies."""
    TOO_LATE_IF_DAMAGED = "too_late_if_damaged"
    """One day outside the window for damaged copies."""
    OLD = "old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """Days before today, each as (least, most)."""

    delivered: tuple[int, int] | None
    """None when it has not arrived."""
    placed: tuple[int, int]
    """Before the delivery when there is one, else before today."""


_TRANSIT = (3, 6)

AGES: dict[Story, Ages] = {
    Story.PACKING: Ages(delivered=None, placed=(0, 2)),
    Story.SAME_DAY: Ages(delivered=None, placed=(1, 1)),
    Story.SHIPPED: Ages(delivered=None, placed=(3, 6)),
    Story.CANCELLED: Ages(delivered=None, placed=(8, 20)),
    Story.RECENT: Ages(delivered=(3, 24), placed=_TRANSIT),
    Story.LAST_DAY: Ages(delivered=(30, 30), placed=_TRANSIT),
    Story.FINAL_SALE: Ages(delivered=(4, 24), placed=_TRANSIT),
    Story.PARTLY_RETURNED: Ages(delivered=(12, 24), placed=_TRANSIT),
    Story.FULLY_RETURNED: Ages(delivered=(12, 24), placed=_TRANSIT),
    Story.JUST_OUTSIDE: Ages(delivered=(31, 31), placed=_TRANSIT),
    Story.LATE: Ages(delivered=(34, 56), placed=_TRANSIT),
    Story.TOO_LATE_IF_DAMAGED: Ages(delivered=(61, 61), placed=_TRANSIT),
    Story.OLD: Ages(delivered=(75, 200), placed=_TRANSIT),
}

ORDERS_BY_CUSTOMER: tuple[tuple[Story, ...], ...] = (
    (Story.RECENT, Story.PACKING, Story.OLD),
    (Story.RECENT, Story.SHIPPED, Story.LATE),
    (Story.RECENT, Story.OLD, Story.PACKING),
    (Story.LAST_DAY, Story.PACKING),
    (Story.RECENT, Story.FINAL_SALE),
    (Story.SAME_DAY, Story.SAME_DAY, Story.RECENT),
    (Story.FINAL_SALE, Story.SHIPPED, Story.OLD),
    (Story.PARTLY_RETURNED, Story.SHIPPED),
    (Story.FULLY_RETURNED, Story.PACKING, Story.LATE),
    (Story.JUST_OUTSIDE, Story.RECENT),
    (Story.TOO_LATE_IF_DAMAGED, Story.PACKING),
    (Story.SHIPPED, Story.CANCELLED),
    (Story.RECENT, Story.PACKING, Story.OLD),
    (Story.LATE, Story.SHIPPED, Story.PACKING),
)
"""One row per customer; the first two customers are the ones with nearly the same name."""

STATUS_OF: dict[Story, str] = {
    Story.PACKING: "packing",
    Story.SAME_DAY: "packing",
    Story.SHIPPED: "shipped",
    Story.CANCELLED: "cancelled",
}
"""All other stories have been delivered."""
