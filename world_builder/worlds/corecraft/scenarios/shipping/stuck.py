"""The scenario `stuck-parcels`: which parcels of a carrier hang, as a table and a number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import changes_nothing, is_table, leaves_out
from world_builder.worlds.corecraft.company import Company, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import is_overdue
from world_builder.worlds.corecraft.rules import CARRIERS, SHIPMENT_STATUSES
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import asked_by, counted, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.shipping.wording import (
    day_pattern,
    in_one_row,
    says_plain_count,
)

_NUM = 18
_MOST_ROWS, _MOST_NEAR_MISSES = 10, 8
_STATUSES: dict[str, tuple[str, ...]] = {
    "with the status delayed": ("delayed",),
    "with the status lost": ("lost",),
    "with the status returned_to_sender": ("returned_to_sender",),
    "that are lost or returned to sender": ("lost", "returned_to_sender"),
    "that are past their promised day and not delivered (whatever their status)": (),
}
"""How a choice is named, and its statuses; none: by the promised day."""
_WINDOWS: dict[str, tuple[date, date]] = {
    "": (date.min, date.max),
    " shipped in August 2025": (date(2025, 8, 1), date(2025, 9, 1)),
    " shipped in September 2025": (date(2025, 9, 1), date(2025, 10, 1)),
}
"""When they were shipped: from a day, before a day."""

_PHRASINGS = (
    "I need a table of all {which}: parcel id, order id, promised day. And below it how many "
    "there are.",
    "How many {which} do we have at the moment? Number first, then one table row per parcel with "
    "its id, its order and the day it was promised for.",
    "carrier call at three. pls list {which} - as a table, columns parcel / order / promised, "
    "plus the count so i can read it out",
    "For the weekly carrier report: {which}. Only those, nothing that is nearly one of them. "
    "Columns: parcel, order, promised day. State the number too.",
    "Please go through the shipments and pull out {which}. A table will do, with the parcel, the "
    "order it belongs to and its promised day in each row; say how many rows that makes.",
    "I was asked for {which} and I don't trust my own list. Make me a fresh one (table: parcel "
    "id | order id | promised day) and count them.",
    "Table wanted. Contents: {which}. Per row: which parcel, which order, promised when. Total "
    "number underneath.",
    "Before I open a trace with the carrier I have to know exactly which parcels we talk about, "
    "namely {which}. Give me parcel, order and promised day in tabular form together with the "
    "total.",
    "What's the tally of {which}, and which ones are they? Rows with shipment id, order id, and "
    "the date we had promised, in a table please.",
    "We have {which}, but nobody wrote down which. Write it down: a table with three columns "
    "(parcel, order, promised day), and how many it comes to.",
)
_DETAILS = (
    "Any order of rows is fine.",
    "It goes into the handover sheet.",
    "Last week's list was wrong in two places.",
    "No customer gets to see this.",
    "I do not need the tracking numbers.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """Parcels of a carrier that hang, and near misses beside them."""

    carrier: str
    kind: str
    window: str
    parcels: tuple[Shipment, ...]
    near_misses: tuple[Shipment, ...]

    @property
    def is_apart(self) -> bool:
        """Whether it shares few parcels with others, so that splits may part them."""
        return bool(self.window) or "delayed" in self.kind

    @property
    def which(self) -> str:
        return f"{self.carrier} parcels{self.window} {self.kind}"


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("stuck-parcels")
    choices = [
        _choice(desk.model, carrier, kind, window)
        for window in _WINDOWS
        for kind in _STATUSES
        for carrier in CARRIERS
    ]
    rng.shuffle(choices)
    choices.sort(key=lambda choice: not choice.is_apart)
    sized = [choice for choice in choices if 1 < len(choice.parcels) <= _MOST_ROWS]
    others = once_each(sized, lambda choice: choice.parcels)
    apart = [choice for choice in others if choice.is_apart]
    for choice in (*by_turns(apart, _kind), *by_turns(others[len(apart) :], _kind)):
        yield _draft(desk, choice, rng)


def _kind(choice: _Choice) -> str:
    return choice.kind


def _choice(company: Company, carrier: str, kind: str, window: str) -> _Choice:
    hanging = [s for s in company.shipments if s.carrier == carrier and s.delivered_at is None]
    found = [s for s in hanging if _is_of(s, kind, window)]
    missed = [s for s in hanging if s not in found]
    missed.sort(key=lambda s: (not _is_of(s, kind, ""), not is_overdue(s)))
    return _Choice(
        carrier=carrier,
        kind=kind,
        window=window,
        parcels=tuple(found),
        near_misses=tuple(missed[:_MOST_NEAR_MISSES]),
    )


def _is_of(parcel: Shipment, kind: str, window: str) -> bool:
    first, end = _WINDOWS[window]
    if parcel.shipped_at is None or not first <= parcel.shipped_at.date() < end:
        return False
    statuses = _STATUSES[kind]
    return parcel.status in statuses if statuses else is_overdue(parcel)


def _draft(desk: Desk[Company], choice: _Choice, rng: Random) -> Draft:
    session = desk.session()
    _gather(session, choice)
    num = len(choice.parcels)
    return Draft(
        title=f"List the {choice.which}",
        keys=tuple(parcel.id for parcel in choice.parcels),
        slots={"which": choice.which},
        calls=session.calls,
        response=_table(choice),
        criteria=(
            *(_row(parcel) for parcel in choice.parcels),
            is_table(num),
            says_plain_count("count", "how many parcels there are", num),
            leaves_out(
                "others",
                "Lists no other parcel of the carrier.",
                *(parcel.id for parcel in choice.near_misses),
            ),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "warehouse", "support", "escalations")),
    )


def _gather(session: Session, choice: _Choice) -> None:
    """Searches each status apart; what is overdue can have any but delivered."""
    first, end = _WINDOWS[choice.window]
    window: dict[str, Json] = {}
    if choice.window:
        window = {"shipped_after": first.isoformat(), "shipped_before": end.isoformat()}
    any_other = tuple(status for status in SHIPMENT_STATUSES if status != "delivered")
    for status in _STATUSES[choice.kind] or any_other:
        session.call("search_shipments", carrier=choice.carrier, status=status, limit=50, **window)


def _table(choice: _Choice) -> str:
    rows = "\n".join(
        f"| {parcel.id} | {parcel.order_id} | {spoken_day(parcel.promised_on)} |"
        for parcel in choice.parcels
    )
    return (
        f"| Parcel | Order | Promised day |\n|---|---|---|\n{rows}\n\n"
        f"That makes {counted(len(choice.parcels), 'parcel')}."
    )


def _row(parcel: Shipment) -> Criterion:
    return in_one_row(
        f"row-{parcel.id}",
        f"Has {parcel.id} with {parcel.order_id} and {parcel.promised_on}.",
        rf"{parcel.id}\b",
        rf"{parcel.order_id}\b",
        day_pattern(parcel.promised_on),
    )


STUCK_PARCELS: Scenario[Company] = Scenario(
    name="stuck-parcels",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="Take up the {which} with the carrier, from a list that is complete and holds no other.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
