"""The figures and choices of the clinic's rules, in one place.

Tools put them into expressions, policies into words, the story into data, `consistency` into
invariants and scenarios into answers. Plain values and rules of one line; nothing reads a world.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

EDT = timezone(timedelta(hours=-4), "EDT")
NOW = datetime(2025, 10, 31, 10, 0, tzinfo=EDT)
"""The world's clock: a Friday; the clocks go back in the night to Sunday."""
TODAY = NOW.date()
CLOSED_DAYS = (date(2025, 9, 1), date(2025, 11, 11), date(2025, 11, 27), date(2025, 11, 28))
"""Working days on which the clinic is shut."""

QUARTER = 15
"""Minutes: visits start on the quarter hour and last whole quarters."""
OPENS, CLOSES = "08:00", "18:00"
TIMES = tuple(f"{m // 60:02}:{m % 60:02}" for m in range(8 * 60, 18 * 60 + 1, QUARTER))
LENGTHS = (30, 45, 60)
"""Minutes that visits may last."""
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""In the order in which expressions count them."""

SPECIALTIES = ("general", "physiotherapy", "dermatology", "audiology", "optometry", "imaging")
ROOM_KINDS = ("consulting", "gym", "treatment", "booth", "optics", "imaging")
GROUPS = ("standard", "specialist", "procedure")
"""What a service counts as for fees and co-payments."""
APPOINTMENT_STATUSES = ("booked", "completed", "cancelled", "missed")
CANCELLED_BY = ("patient", "clinic")
CONTACT_WAYS = ("phone", "email", "text")
PARTS_OF_DAY = ("any", "morning", "afternoon")
NOON = "12:00"
PRIORITIES = ("soon", "routine")
WAITING_STATUSES = ("waiting", "booked", "withdrawn")
MESSAGE_STATUSES = ("open", "answered")

NOTICE_DAYS = {"standard": 1, "specialist": 1, "procedure": 2}
"""So many working days before a visit, at its time of day, it can last be cancelled free."""
LATE_FEE_CENTS = {"standard": 3500, "specialist": 4500, "procedure": 9000}
MISSED_FEE_FACTOR = 2
"""A missed visit costs so many late fees."""
FORGIVING_DAYS = 365
"""A late fee is waived without another late cancellation or missed visit in so many days."""
MAX_OPEN = {"Physiotherapy session": 4}
"""Visits of one service that a patient may have booked at a time; of others one."""
ADULT_AGE = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a patient pays under an insurance plan; a flat sum of 0 means the share counts."""

    title: str
    flat_cents: dict[str, int]
    percent: dict[str, int]
    cap_cents: int
    """A share of the price is never more than this."""
    needs_referral: bool
    """For every specialty but general."""
    children_free: bool = False
    """Standard visits of patients under 18 cost nothing."""


_NO_CAP = 10_000_00

PLANS: dict[str, Plan] = {
    "cedar_basic": Plan(
        title="Cedar Basic",
        flat_cents={"standard": 2000, "specialist": 4000, "procedure": 0},
        percent={"standard": 0, "specialist": 0, "procedure": 20},
        cap_cents=_NO_CAP,
        needs_referral=True,
    ),
    "cedar_plus": Plan(
        title="Cedar Plus",
        flat_cents={"standard": 1000, "specialist": 2500, "procedure": 0},
        percent={"standard": 0, "specialist": 0, "procedure": 10},
        cap_cents=_NO_CAP,
        needs_referral=False,
    ),
    "lakeside_saver": Plan(
        title="Lakeside Saver",
        flat_cents={"standard": 0, "specialist": 0, "procedure": 0},
        percent={"standard": 30, "specialist": 30, "procedure": 30},
        cap_cents=7500,
        needs_referral=True,
    ),
    "northgate_family": Plan(
        title="Northgate Family",
        flat_cents={"standard": 1500, "specialist": 3000, "procedure": 6500},
        percent={"standard": 0, "specialist": 0, "procedure": 0},
        cap_cents=_NO_CAP,
        needs_referral=False,
        children_free=True,
    ),
    "self_pay": Plan(
        title="self-pay",
        flat_cents={"standard": 0, "specialist": 0, "procedure": 0},
        percent={"standard": 85, "specialist": 85, "procedure": 85},
        cap_cents=_NO_CAP,
        needs_referral=False,
    ),
}


def is_working_day(day: date) -> bool:
    """Whether the clinic is open.

    >>> [is_working_day(date(2025, 11, d)) for d in (10, 11, 15)]
    [True, False, False]
    """
    return day.weekday() < 5 and day not in CLOSED_DAYS


def working_days_before(day: date, num: int) -> date:
    """The working day so many working days earlier.

    >>> working_days_before(date(2025, 11, 3), 1), working_days_before(date(2025, 11, 12), 2)
    (datetime.date(2025, 10, 31), datetime.date(2025, 11, 7))
    """
    while num:
        day -= timedelta(days=1)
        num -= is_working_day(day)
    return day


def working_days_after(day: date, num: int) -> date:
    """The working day so many working days later; with 0 the day itself or the next open one.

    >>> working_days_after(date(2025, 10, 31), 1), working_days_after(date(2025, 11, 1), 0)
    (datetime.date(2025, 11, 3), datetime.date(2025, 11, 3))
    """
    while num or not is_working_day(day):
        day += timedelta(days=1)
        num -= is_working_day(day) and num > 0
    return day


def later(time: str, minutes: int) -> str:
    """A time of day so many minutes later.

    >>> later("09:45", 30), later("17:30", 45)
    ('10:15', '18:15')
    """
    total = int(time[:2]) * 60 + int(time[3:]) + minutes
    return f"{total // 60:02}:{total % 60:02}"


def is_child(date_of_birth: date, day: date) -> bool:
    """Whether somebody is under 18 on a day.

    >>> [is_child(date(2007, 11, d), date(2025, 11, 3)) for d in (4, 3)]
    [True, False]
    """
    birthday = (day.month, day.day) >= (date_of_birth.month, date_of_birth.day)
    return day.year - date_of_birth.year - (not birthday) < ADULT_AGE


def copay(price_cents: int, group: str, plan: str, *, child: bool) -> int:
    """What a patient pays; prices are whole dollars, so shares are whole cents.

    >>> copay(28000, "procedure", "lakeside_saver", child=False)
    7500
    >>> copay(16000, "standard", "northgate_family", child=True)
    0
    """
    terms = PLANS[plan]
    if child and terms.children_free and group == "standard":
        return 0
    flat = terms.flat_cents[group]
    share = price_cents * terms.percent[group] // 100
    return min(flat, price_cents) if flat else min(share, terms.cap_cents)


def needs_referral(plan: str, specialty: str, service_needs_it: bool) -> bool:
    """Whether a visit needs a referral."""
    return service_needs_it or (PLANS[plan].needs_referral and specialty != "general")


def may_hold(service_name: str) -> int:
    """How many open bookings of a service a patient may have."""
    return MAX_OPEN.get(service_name, 1)
