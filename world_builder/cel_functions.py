"""The functions that expressions have beside CEL's own.

Plain functions of plain values: `names` adds those that read a state, `expressions` runs them all.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


def days_between(earlier: object, later: object) -> int:
    """Whole days from one moment to another, rounded down; negative when the order is reversed.

    >>> days_between("2025-09-01T10:00:00+00:00", "2025-09-03T09:00:00+00:00")
    1
    """
    gap = as_datetime(later) - as_datetime(earlier)
    return gap // timedelta(days=1)


def money(cents: int) -> str:
    """Cents as dollars.

    >>> money(129905), money(-500)
    ('$1,299.05', '-$5.00')
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def percent(amount: int, share: float) -> int:
    """`share` percent of an amount, rounded half up.

    >>> percent(1050, 5)
    53
    """
    exact = Decimal(amount) * Decimal(str(share)) / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def add_days(moment: object, days: int) -> str:
    """The moment so many days later, in the form it was given (a date stays a date).

    >>> add_days("2025-09-15", 30)
    '2025-10-15'
    """
    if isinstance(moment, str) and len(moment) == 10:
        return (date.fromisoformat(moment) + timedelta(days=days)).isoformat()
    return (as_datetime(moment) + timedelta(days=days)).isoformat()


def add_hours(moment: object, hours: int) -> str:
    """The moment so many hours later, in the zone it was given.

    >>> add_hours("2025-09-15T23:30:00-04:00", 8)
    '2025-09-16T07:30:00-04:00'
    """
    return (as_datetime(moment) + timedelta(hours=hours)).isoformat()


def add_months(day: str, months: int) -> str:
    """The same day of the month so many months later, or that month's last day.

    >>> add_months("2024-01-31", 1), add_months("2023-11-15", 26)
    ('2024-02-29', '2026-01-15')
    """
    start = date.fromisoformat(day[:10])
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).isoformat()


def as_datetime(value: object) -> datetime:
    """The moment that ISO text or a datetime names; a bare date is its midnight in UTC.

    Raises ValueError for anything else.
    """
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError(f"not a date or time: {value!r}")
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sum": sum,
    "lower": str.lower,
    "join": lambda items, sep: sep.join(str(i) for i in items),
    "minimum": min,
    "maximum": max,
    "round": lambda x: int(Decimal(str(x)).quantize(Decimal(1), rounding=ROUND_HALF_UP)),
    "days_between": days_between,
    "add_days": add_days,
    "add_hours": add_hours,
    "add_months": add_months,
    "first": lambda items, count: items[:count],
    "date": lambda moment: as_datetime(moment).date().isoformat(),
    "money": money,
    "percent": percent,
}
"""Functions beside CEL's own.

`lookup(type, id)` and `find(type, field, value)` read the state; `find` may be given more fields
and values, which is far cheaper than a filter over what it finds.
"""
