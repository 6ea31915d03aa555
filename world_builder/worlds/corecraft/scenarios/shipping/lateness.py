"""How references say whether an order came late and its shipping charge goes back; the criteria.

Used by the scenarios that only ask and by those that carry the refund out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.templates.criteria import (
    COMPLETENESS,
    FORMAT,
    says_amount,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Order, Shipment
from world_builder.worlds.corecraft.reckoning.parcels import (
    carrier_delay,
    days_late,
    shipping_problem,
)
from world_builder.worlds.corecraft.scenarios.common import counted
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import (
    NOT,
    NOT_LATE,
    ON_TIME,
    REASONS,
    decides,
    says_shipping_back,
    says_shipping_kept,
    undenied,
)
from world_builder.worlds.corecraft.scenarios.shipping.wording import (
    day_pattern,
    days_pattern,
    in_one_row,
    twice,
)

_ON_TIME_IN_ROW = (
    rf"{ON_TIME}|{NOT_LATE}|\bearl(?:y|ier)\b|\bsame day\b"
    r"|\|\s*(?:0|no|none|-|–|—)\s*\||\b0\b"
)
_NONE_LATE = (
    rf"\b(?:it|order|delivery)\b[^.;,|\n]{{0,30}}{NOT} (?:come |arrive |delivered )?late\b"
    r"|\b(?:neither|no parcel|none)\b[^.;|\n]{0,30}\blate\b"
)
_SOME = r"[1-9]\d*|one|two|three|four|five|six|seven|eight|nine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A delivered order, whether it was late, and what that means for its shipping charge."""

    order: Order
    parcels: tuple[Shipment, ...]
    problem: str | None
    """As `shipping_problem` says."""

    @property
    def is_late(self) -> bool:
        return any(parcel.is_late for parcel in self.parcels)

    @property
    def is_mixed(self) -> bool:
        """Whether one parcel was late and the other on time."""
        return self.is_late and not all(parcel.is_late for parcel in self.parcels)

    @property
    def is_at_midnight(self) -> bool:
        """Whether a parcel came minutes before or after a day's end."""
        return any(p.delivered_at.hour in (0, 23) for p in self.parcels if p.delivered_at)

    @property
    def shipping(self) -> str:
        return money(self.order.shipping_cents)


def arrivals(company: Company) -> list[Arrival]:
    """Orders that are there as a whole, the latest first; those in dispute of rules left out.

    Left out are late parcels of days for which a carrier's delay was announced, and orders of
    which too little is paid to give the shipping back.
    """
    delay = carrier_delay(company)
    found = []
    for order in reversed(company.orders):
        parcels = tuple(company.shipments_of(order.id))
        if not parcels or any(parcel.delivered_at is None for parcel in parcels):
            continue
        if any(parcel.is_late and delay.covers(parcel) for parcel in parcels):
            continue
        problem = shipping_problem(company, order)
        if problem is not None or _left_cents(company, order) >= order.shipping_cents:
            found.append(Arrival(order=order, parcels=parcels, problem=problem))
    return found


def _left_cents(company: Company, order: Order) -> int:
    return max(p.amount_cents - p.refunded_cents for p in company.payments_of(order.id))


def arrival_lines(arrival: Arrival) -> str:
    """A line for each parcel with its days, and by how many calendar days it was late."""
    return "\n".join(
        f"- {parcel.id}: promised {parcel.promised_on}, arrived {_came(parcel)}, "
        f"{_lateness(parcel)}"
        for parcel in arrival.parcels
    )


def shipping_text(company: Company, arrival: Arrival) -> str:
    """Whether the shipping charge goes back, and the reason."""
    service = arrival.order.shipping_service
    refunds = company.refunds_of(arrival.order.id)
    is_done = any(r.reason == "late_delivery" and r.status == "processed" for r in refunds)
    already = "was already given back" if is_done else "already has a refund under way"
    return {
        None: f"It was late and went {service}, so the shipping charge of {arrival.shipping} is "
        "due back.",
        "on_time": "It was not late, so no shipping charge is due back.",
        "standard": "It was late, but by standard shipping, so no shipping charge is due back.",
        "nothing_paid": "It was late, but nothing was paid for shipping, so nothing is due back.",
        "already_back": f"It was late, but its shipping charge {already}.",
        "disputed": "It was late, but the payment is disputed, so no shipping charge is due back "
        "for now.",
    }[arrival.problem]


def arrival_criteria(arrival: Arrival) -> tuple[Criterion, ...]:
    """Late or not, and a line for each parcel with its days and its lateness."""
    rows = (row for parcel in arrival.parcels for row in _rows_of(parcel))
    return (_says_late(arrival), _has_lines(arrival), *rows)


def _has_lines(arrival: Arrival) -> Criterion:
    ids = [re.escape(parcel.id) for parcel in arrival.parcels]
    lines = "".join(
        rf"(?=[\s\S]*?(?:^|\n)(?=[^\n]*{one})(?![^\n]*(?:{'|'.join(_others(one, ids))})))"
        for one in ids
    )
    return says_matching("lines", "Gives each parcel a line of its own.", rf"^{lines}", FORMAT)


def _others(one: str, ids: Sequence[str]) -> list[str]:
    """What a line of one parcel does not hold: other parcels, the decision."""
    return [*(other for other in ids if other != one), r"\bdue\b", r"\bback\b", r"\brefund"]


def _rows_of(parcel: Shipment) -> tuple[Criterion, ...]:
    num, came = days_late(parcel), _came(parcel)
    days = day_pattern(parcel.promised_on), day_pattern(came)
    one, told = re.escape(parcel.id), f"was promised for {parcel.promised_on} and came on {came}"
    return (
        in_one_row(
            f"days-{parcel.id}",
            f"Says in one line that {parcel.id} {told}.",
            one,
            *((twice(days[0]),) if days[0] == days[1] else days),
        ),
        in_one_row(
            f"late-{parcel.id}",
            f"Says in one line that {parcel.id} was {_lateness(parcel)}.",
            one,
            _days_in_row(num) if num else _ON_TIME_IN_ROW,
        ),
    )


def _days_in_row(num: int) -> str:
    return (
        rf"{days_pattern(num)}|\|\s*\+?{num}\s*(?:\||$)|\b{num} late\b"
        rf"|\blate\b[^|\n]{{0,12}}\b{num}\b"
    )


def _lateness(parcel: Shipment) -> str:
    return f"{counted(days_late(parcel), 'calendar day')} late" if parcel.is_late else "on time"


def shipping_criteria(arrival: Arrival) -> tuple[Criterion, ...]:
    """Whether the shipping charge goes back, with its amount or what speaks against it."""
    if arrival.problem is None:
        return (
            says_shipping_back("Says that the shipping charge is due back."),
            says_amount("amount", "the shipping charge", arrival.order.shipping_cents),
        )
    kept = says_shipping_kept("Says that no shipping charge is due back.")
    if arrival.problem == "on_time":
        return (kept,)
    text, pattern = REASONS[arrival.problem]
    return (kept, says_matching("reason", text, pattern, COMPLETENESS))


def _says_late(arrival: Arrival) -> Criterion:
    late = undenied(
        r"\blate\b|overdue|after (?:the|its|their) promised|(?:missed|past) (?:the|its) promised"
        r"|days? (?:after|behind|past|over)\b"
    )
    if arrival.is_late:
        wrong = _NONE_LATE if arrival.is_mixed else rf"{NOT_LATE}|{ON_TIME}"
        return decides("late", "Says that it was late.", rf"^(?![\s\S]*(?:{wrong}))[\s\S]*{late}")
    wrong = undenied(
        r"\b(?:was|were|arrived|came|delivered) (?:(?!not\b)[\w ]){0,20}\blate\b"
        rf"|\b(?:{_SOME}) (?:calendar )?days? late\b"
    )
    right = rf"{NOT_LATE}|{ON_TIME}|\bearl(?:y|ier)\b|\bsame day\b"
    return decides(
        "late", "Says that it was not late.", rf"^(?![\s\S]*(?:{wrong}))[\s\S]*(?:{right})"
    )


def _came(parcel: Shipment) -> date:
    if parcel.delivered_at is None:
        raise ValueError(f"{parcel.id} has not arrived")
    return parcel.delivered_at.date()
