"""The scenario `carrier-on-time`: how punctual a carrier was with the parcels of some days.

Never trained on: it asks for a figure that nobody looks up, worked out over a dozen parcels.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    changes_nothing,
    says_any,
    says_matching,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import (
    carrier_delay,
    days_late,
)
from world_builder.worlds.corecraft.rules import CARRIERS
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.shipping.asks.on_time import DETAILS, PHRASINGS
from world_builder.worlds.corecraft.scenarios.shipping.wording import days_pattern

_NUM = 12
_LAST_DAY, _FIRST_DAY = date(2025, 9, 10), date(2025, 3, 15)
_MOST_DAYS = 40
"""The longest window."""
_LEAST, _MOST = 8, 13
_DELIVERED = r"\b(?:delivered|arrived|came|in total|total)\b"
_ON_TIME = r"\b(?:on[ -]time|punctual\w*|in time|by the promised)\b"
_LATE = r"\b(?:late|delayed|overdue|missed)\b"
_FAST = r"\b(?:expedited|overnight|fast(?:er)?|express)\b"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The delivered parcels that a carrier took over in some days."""

    carrier: str
    first: date
    last: date
    parcels: tuple[Shipment, ...]
    fast: tuple[Shipment, ...]
    """Those of expedited or overnight orders."""

    @property
    def num_late(self) -> int:
        return sum(parcel.is_late for parcel in self.parcels)

    @property
    def num_on_time(self) -> int:
        return len(self.parcels) - self.num_late

    @property
    def num_fast_on_time(self) -> int:
        return sum(not parcel.is_late for parcel in self.fast)

    @property
    def percent(self) -> int:
        return round(100 * self.num_on_time / len(self.parcels))

    @property
    def latest(self) -> Shipment:
        return max(self.parcels, key=days_late)

    @property
    def has_midnight(self) -> bool:
        """Whether a parcel came minutes before or after a day's end."""
        return any(p.delivered_at.hour in (0, 23) for p in self.parcels if p.delivered_at)

    @property
    def is_telling(self) -> bool:
        """Whether it has one latest parcel, both kinds of outcome and a share that rounds; fewer
        of the fast parcels on time than of all, so that neither count passes for the other."""
        delays = sorted(days_late(parcel) for parcel in self.parcels)
        exact = 100 * self.num_on_time / len(self.parcels)
        return (
            delays[-1] > delays[-2] > 0
            and self.num_on_time > 1
            and 1 < len(self.fast) < len(self.parcels)
            and 0 < self.num_fast_on_time < self.num_on_time
            and abs(exact % 1 - 0.5) > 0.01
        )


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("carrier-on-time")
    windows = [window for carrier in CARRIERS for window in _windows_of(desk.model, carrier)]
    rng.shuffle(windows)
    windows.sort(key=lambda window: not window.has_midnight)
    for window in by_turns(windows, lambda window: window.carrier):
        yield _draft(desk, window, rng)


def _windows_of(company: Company, carrier: str) -> Iterator[_Window]:
    """Windows that do not overlap, from the latest backwards; none of days of an open delay."""
    delay = carrier_delay(company)
    by_day: defaultdict[date, list[Shipment]] = defaultdict(list)
    for parcel in company.shipments:
        if parcel.carrier == carrier and parcel.delivered_at and parcel.shipped_at:
            by_day[parcel.shipped_at.date()].append(parcel)
    last = delay.shipped_from - timedelta(days=1) if delay.carrier == carrier else _LAST_DAY
    while last > _FIRST_DAY:
        found = _window(company, carrier, by_day, last)
        if found:
            yield found
        last = (found.first if found else last) - timedelta(days=1)


def _window(
    company: Company, carrier: str, by_day: dict[date, list[Shipment]], last: date
) -> _Window | None:
    """The shortest window up to a day that holds enough parcels and tells something."""
    parcels: list[Shipment] = []
    for ago in range(_MOST_DAYS):
        first = last - timedelta(days=ago)
        parcels += by_day.get(first, [])
        if len(parcels) > _MOST:
            break
        if len(parcels) >= _LEAST:
            fast = [p for p in parcels if company.order(p.order_id).shipping_service != "standard"]
            window = _Window(
                carrier=carrier, first=first, last=last, parcels=tuple(parcels), fast=tuple(fast)
            )
            if window.is_telling:
                return window
    return None


def _draft(desk: Desk[Company], window: _Window, rng: Random) -> Draft:
    session = desk.session()
    found = session.call(
        "search_shipments",
        carrier=window.carrier,
        status="delivered",
        shipped_after=window.first.isoformat(),
        shipped_before=(window.last + timedelta(days=1)).isoformat(),
        limit=50,
    )
    if found["count"] != len(window.parcels):
        raise ValueError(f"{window} is not what the search shows")
    for parcel in window.parcels:
        session.call("get_order", id=parcel.order_id)
    first, last = spoken_day(window.first), spoken_day(window.last)
    return Draft(
        title=f"How punctual was {window.carrier} from {first} to {last}?",
        keys=tuple(parcel.id for parcel in window.parcels),
        slots={"carrier": window.carrier, "first": first, "last": last},
        calls=session.calls,
        response=_answer(window),
        criteria=(*_count_criteria(window), *_latest_criteria(window), changes_nothing()),
        requester=requester(asked_by(desk.model, rng, "warehouse", "support", "product")),
    )


def _answer(window: _Window) -> str:
    days = counted(days_late(window.latest), "calendar day")
    return (
        f"{len(window.parcels)} parcels were delivered, {window.num_on_time} on time and "
        f"{window.num_late} late: {window.percent} % on time. The latest was {window.latest.id}, "
        f"{days} late. Of the {len(window.fast)} expedited and overnight parcels, "
        f"{window.num_fast_on_time} came on time."
    )


def _count_criteria(window: _Window) -> tuple[Criterion, ...]:
    total, good, fast = len(window.parcels), window.num_on_time, len(window.fast)
    told = {
        "delivered": (f"Counts the delivered parcels: {total}.", _beside(total, _DELIVERED)),
        "on-time": (f"Counts those on time: {good}.", _beside(good, _ON_TIME)),
        "late": (f"Counts the late ones: {window.num_late}.", _beside(window.num_late, _LATE)),
        "share": (
            f"Gives the share on time: {window.percent} %.",
            rf"(?<![\d.]){window.percent}(?:\.0)? ?(?:%|percent\b|per cent\b)",
        ),
        "fast": (
            f"Says that {window.num_fast_on_time} of the {fast} expedited and overnight parcels "
            "were on time.",
            _fast(fast, window.num_fast_on_time),
        ),
    }
    return tuple(
        says_matching(key, text, pattern, CORRECTNESS) for key, (text, pattern) in told.items()
    )


def _beside(num: int, word: str) -> str:
    """Finds a number with the word that says what it counts."""
    count = count_pattern(num)
    return (
        rf"(?:{count})(?! (?:calendar )?days?\b)[^.;:,|\n]{{0,40}}?{word}"
        rf"|{word}[^.;\n\d]{{0,14}}(?:{count})"
    )


def _fast(total: int, on_time: int) -> str:
    """Finds both numbers in one clause about the faster services."""
    all_, good = count_pattern(total), count_pattern(on_time)
    rest = r"[^.\n]{0,80}?"
    return (
        rf"{_FAST}{rest}(?:{all_}){rest}(?:{good})|(?:{all_}){rest}{_FAST}{rest}(?:{good})"
        rf"|(?:{good}) (?:out )?(?:of|/) ?(?:the |these |those )?(?:{all_}){rest}{_FAST}"
        rf"|{_FAST}{rest}(?:{good}) ?(?:out of|of|/) ?(?:the )?(?:{all_})"
    )


def _latest_criteria(window: _Window) -> tuple[Criterion, ...]:
    latest = window.latest
    num, number = days_late(latest), latest.tracking_number
    one, days = re.escape(latest.id), days_pattern(num)
    near = r"[^\n]{0,80}?"
    return (
        says_any("latest", f"Names the latest parcel: {latest.id}.", latest.id, number),
        says_matching(
            "latest-days",
            f"Says that it was {counted(num, 'calendar day')} late.",
            rf"(?:{one}|{number}){near}(?:{days})|(?:{days}){near}{one}",
            CORRECTNESS,
        ),
    )


CARRIER_ON_TIME: Scenario[Company] = Scenario(
    name="carrier-on-time",
    category=Category.REASONING,
    difficulty=Difficulty.EXPERT,
    system_prompt=ORDER_DESK,
    intent="Talk to {carrier} about its punctuality with figures that hold: what was shipped from "
    "{first} to {last} and how it arrived.",
    phrasings=PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
    is_unseen=True,
)
