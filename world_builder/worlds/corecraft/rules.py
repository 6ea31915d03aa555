"""The figures and choices of the company's rules, in one place.

Tools put them into expressions, policies into words, the story into data, `consistency` into
invariants and scenarios into answers. Plain values and the few price and date rules; nothing here
reads a world.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from world_builder.expressions import percent

TIME_ZONE = ZoneInfo("America/New_York")
NOW = datetime(2025, 9, 15, 14, 0, tzinfo=TIME_ZONE)
"""The world's clock."""
FIRST_DAY = date(2024, 1, 8)
"""The first day that any order was placed."""

TIERS = ("standard", "silver", "gold", "platinum")
ORDER_STATUSES = ("pending_payment", "processing", "shipped", "delivered", "cancelled")
ORDER_CHANNELS = ("web", "phone", "chat")
SHIPPING_SERVICES = ("standard", "expedited", "overnight")
CARRIERS = ("UPS", "FedEx", "USPS", "DHL")
SHIPMENT_STATUSES = (
    "label_created",
    "in_transit",
    "out_for_delivery",
    "delayed",
    "delivered",
    "lost",
    "returned_to_sender",
)
PAYMENT_METHODS = ("card", "paypal", "store_credit", "wire", "financing")
PAYMENT_STATUSES = (
    "authorized",
    "captured",
    "failed",
    "partially_refunded",
    "refunded",
    "disputed",
)
TICKET_CHANNELS = ("email", "chat", "phone", "web")
TICKET_CATEGORIES = (
    "return",
    "refund",
    "warranty",
    "shipping",
    "compatibility",
    "build",
    "billing",
    "account",
)
TICKET_PRIORITIES = ("low", "normal", "high", "urgent")
TICKET_STATUSES = ("new", "open", "pending_customer", "escalated", "resolved", "closed")
BUILD_STATUSES = ("quoted", "ordered", "assembling", "testing", "completed", "cancelled")
BUILD_PURPOSES = ("gaming", "streaming", "workstation", "home_office", "home_server")
ARTICLE_TOPICS = (
    "returns",
    "refunds",
    "warranty",
    "shipping",
    "loyalty",
    "escalation",
    "builds",
    "compatibility",
    "billing",
    "communication",
)
ARTICLE_STATUSES = ("current", "deprecated", "draft")
REFUND_REASONS = (
    "changed_mind",
    "defective",
    "damaged_in_transit",
    "wrong_item",
    "late_delivery",
    "goodwill",
)
REFUND_STATUSES = ("requested", "approved", "processed", "denied")
REFUND_DESTINATIONS = ("original_payment", "store_credit")
ITEM_CONDITIONS = ("unopened", "opened", "damaged", "defective")
ESCALATION_LEVELS = ("tier_2", "manager", "safety")
ESCALATION_STATUSES = ("open", "acknowledged", "resolved")
RESOLUTION_KINDS = (
    "refund",
    "replacement",
    "exchange",
    "repair",
    "information",
    "discount",
    "no_action",
)
TEAMS = ("support", "returns", "builds", "warehouse", "billing", "escalations", "product")
ROLES = ("agent", "senior_agent", "team_lead", "manager", "technician", "specialist")
PRODUCT_CATEGORIES = (
    "cpu",
    "gpu",
    "motherboard",
    "memory",
    "storage",
    "psu",
    "case",
    "cooler",
    "monitor",
    "peripheral",
)
PRODUCT_STATUSES = ("active", "preorder", "discontinued")

DISCOUNT_PERCENT = {"standard": 0, "silver": 3, "gold": 5, "platinum": 8}
"""Off the goods of an order; never off clearance items or the assembly fee."""
SHIPPING_CENTS = {"standard": 995, "expedited": 1995, "overnight": 3995}
FREE_STANDARD_FROM_CENTS = 9900
"""Goods after discount from which standard shipping is free."""
OVERSIZE_CENTS = 1500
"""Added once per order that holds a case or a monitor; platinum does not pay it."""
OVERSIZE_CATEGORIES = ("case", "monitor")
DELIVERY_BUSINESS_DAYS = {"standard": 5, "expedited": 2, "overnight": 1}
"""Promised days, Monday to Friday, counted from the day of shipping."""

RETURN_DAYS = {"standard": 30, "silver": 30, "gold": 45, "platinum": 60}
"""Days after delivery within which an item may come back."""
RESTOCKING_PERCENT = 15
"""Kept back when an opened item comes back by a change of mind; platinum does not pay it."""
NO_OPENED_RETURN_CATEGORIES = ("cpu", "memory")
"""Come back by a change of mind only unopened."""
TRANSIT_DAMAGE_DAYS = 7
"""Days after delivery within which damage in transit must be reported."""
DEFECT_REFUND_DAYS = 30
"""Days after delivery within which a defect is refunded; later it is a matter of warranty."""
PLATINUM_WARRANTY_MONTHS = 12
"""Months that platinum adds to a product's warranty."""
REFUND_LIMIT_CENTS = {
    "agent": 15000,
    "senior_agent": 50000,
    "team_lead": 200000,
    "manager": 1000000,
    "technician": 0,
    "specialist": 0,
}
"""The largest refund an employee may make alone; one above it needs somebody whose limit covers
it, and is escalated to the level `manager` until then."""
GOODWILL_LIMIT_CENTS = 2500
"""The largest goodwill refund; one per order."""
LOST_AFTER_DAYS = 7
"""Days without a scan after which a parcel counts as lost."""
ESCALATION_HOURS = {"tier_2": 24, "manager": 8, "safety": 2}
"""Hours until an escalation must be taken up."""
LONG_OPEN_HOURS = 72
"""A ticket of high or urgent priority open for longer must be escalated to `tier_2`."""
REOPEN_DAYS = 14
"""Days after its last change within which a resolved ticket may be opened again."""
ASSEMBLY_CENTS = 9900
"""Fee for putting a build together; platinum does not pay it."""
QUOTE_DAYS = 14
"""Days that a quote for a build holds."""
ARCHIVE_AFTER_DAYS = 90
"""Days without a message after which a Slack channel may be archived."""
PSU_HEADROOM_PERCENT = 20
"""What a power supply must offer above the sum of CPU and GPU power plus `BASE_LOAD_W`."""
BASE_LOAD_W = 100


def discount_cents(goods_cents: int, tier: str) -> int:
    """The loyalty discount on goods that are not on clearance.

    >>> discount_cents(19999, "gold")
    1000
    """
    return percent(goods_cents, DISCOUNT_PERCENT[tier])


def shipping_cents(service: str, tier: str, goods_cents: int, *, is_oversize: bool) -> int:
    """The shipping of an order; `goods_cents` is after discount.

    >>> shipping_cents("standard", "silver", 9900, is_oversize=True)
    1500
    >>> shipping_cents("expedited", "gold", 9900, is_oversize=False)
    998
    """
    price = SHIPPING_CENTS[service]
    if service == "standard" and (
        goods_cents >= FREE_STANDARD_FROM_CENTS or tier in ("gold", "platinum")
    ):
        price = 0
    if service == "expedited" and tier == "platinum":
        price = 0
    if (service, tier) in (("expedited", "gold"), ("overnight", "platinum")):
        price = percent(price, 50)
    return price + (OVERSIZE_CENTS if is_oversize and tier != "platinum" else 0)


def line_cents(unit_price_cents: int, qty: int, tier: str, *, is_clearance: bool) -> int:
    """What a customer paid for items of one line: the list price less her loyalty discount.

    >>> line_cents(10000, 2, "silver", is_clearance=False)
    19400
    """
    goods = unit_price_cents * qty
    return goods if is_clearance else goods - discount_cents(goods, tier)


def restocking_cents(paid_cents: int, tier: str, condition: str | None, reason: str) -> int:
    """The part of a line that is kept back when it returns.

    >>> restocking_cents(19400, "silver", "opened", "changed_mind")
    2910
    """
    is_due = reason == "changed_mind" and condition == "opened" and tier != "platinum"
    return percent(paid_cents, RESTOCKING_PERCENT) if is_due else 0


def add_business_days(day: date, num_days: int) -> date:
    """The day so many working days (Monday to Friday) later.

    >>> add_business_days(date(2025, 9, 12), 2).isoformat()
    '2025-09-16'
    """
    while num_days > 0:
        day += timedelta(days=1)
        num_days -= day.weekday() < 5
    return day


def tracking_prefix(carrier: str) -> str:
    """The letters with which a carrier's tracking numbers begin.

    >>> tracking_prefix("FedEx")
    'FE'
    """
    return carrier[:2].upper()


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day.

    >>> add_months(date(2024, 1, 31), 1).isoformat()
    '2024-02-29'
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def required_psu_w(cpu_power_w: int, gpu_power_w: int) -> int:
    """The least rated power of a supply for a machine, in watts, rounded up.

    >>> required_psu_w(120, 285)
    606
    """
    return -(-(cpu_power_w + gpu_power_w + BASE_LOAD_W) * (100 + PSU_HEADROOM_PERCENT) // 100)
