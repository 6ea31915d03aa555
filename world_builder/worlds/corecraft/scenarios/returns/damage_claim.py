"""The scenario `damage-claim`: was damage in transit reported in time, and what goes back?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_amount,
    says_any,
    says_date,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company, Refund
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import ruling
from world_builder.worlds.corecraft.rules import TRANSIT_DAMAGE_DAYS
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    iso_day,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    Item,
    balanced,
    parcel_of,
    plain_items,
)
from world_builder.worlds.corecraft.scenarios.returns.patterns import REASONS
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    REASON_TEXTS,
    says_granted,
    says_refused,
)

_NUM = 18
_DAYS_WORD = {7: "seven"}[TRANSIT_DAMAGE_DAYS]
_OLDEST = 45
"""Days since delivery beyond which a report of another day is not told."""
_SHIFTS = (7, 8, 6, 9, 4, 11)
"""Days from delivery to a report of another day."""

_PHRASINGS = (
    "The {product} of {order} came with transport damage and the customer told us {when}. Do we "
    "refund it? I need yes or no, the shipment it came in, its delivery day, the last day on which "
    "it could be reported, and the amount that goes back; for a no, the reason (and the refund id, "
    "should there be one already).",
    "Damage in transit, {order}, {product}, reported {when}. Refund yes/no? Shipment id? Delivered "
    "on? Last day to report? How much? Where it is a no, because of what? If it was paid back "
    "before, under which id?",
    "got a photo of a squashed {product} from {order}, they let us know {when}. pls check: do we "
    "pay it back, which shp number was it in, when did that get there, until when could they tell "
    "us, how much. or why not + id if a refund exists",
    "Please rule on a dented {product} ({order}). Report received: {when}. Give the decision, id "
    "and delivery day of the parcel, end of the reporting period and sum to refund, or else the "
    "obstacle, with the number of any earlier refund for it.",
    "What do we owe the customer of {order}, whose {product} was crushed on the way? They called "
    "{when}. First whether we refund, then the parcel (its shipment number), arrival, deadline and "
    "dollars. If we don't: what rule or fact stands against it, and which refund if that is the "
    "reason.",
    "Carrier broke a {product}. Order is {order}, the report reached me {when}. Am I right that it "
    "is refunded? Confirm or correct me, please, with the shipment, the date it was delivered, the "
    "last possible reporting day, the money, or the reason for a refusal. Quote the refund id if "
    "one was made.",
    "For the claims sheet: order {order}, item {product}, cause transport, reported {when}. The "
    "columns I miss are 'refund (yes/no)', 'shipment', 'delivered', 'report by', 'amount', 'reason "
    "if no', 'earlier refund id'. Please supply them.",
    "Money back for {order}, or not? A broken {product}, and we heard of it {when}. I'd like the "
    "delivery date of exactly that item with its shipment id, the deadline that follows and the "
    "verdict; then either what they get or what is in the way (an earlier refund by its number).",
    "'It rattled when I unpacked it', says the buyer of {order} about the {product}. Told us "
    "{when}. Does the rule for transit damage give them their money? Shipment and day it arrived, "
    "last day to speak up, amount, or the ground for a no together with any refund that already "
    "exists.",
    "Two parcels or one, I don't know; in any case the {product} out of {order} arrived broken and "
    "this was reported {when}. Decide by the rules. I want verdict, the right shipment, its "
    "arrival, reporting deadline, refund sum. A refusal needs its cause, a repeated claim the old "
    "refund's id.",
    "{product} ({order}): bent on arrival, complaint dated {when}. Payable? Work out shipment, "
    "delivery day, deadline and amount, or tell me what blocks it, naming the refund if we paid "
    "once.",
)
_DETAILS = (
    "The carton was kept.",
    "There are photos, I have seen them.",
    "Nothing is to be booked yet.",
    "The customer is quite calm about it.",
    "A colleague thinks that it has to be the day of delivery itself.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    parcel_id: str
    arrived_on: date
    reported_on: date
    is_today: bool
    paid_cents: int
    problem: str | None
    """`too_late`, `already_back` or `disputed`; None when the item is refunded."""
    earlier: Refund | None
    """The refund that was made for the item before."""

    @property
    def last_day(self) -> date:
        return self.arrived_on + timedelta(days=TRANSIT_DAMAGE_DAYS)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("damage-claim")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Reports of today and of other days, in time and not; the seventh and eighth day first."""
    items = [item for item in plain_items(company) if item.line.qty == 1]
    rng.shuffle(items)
    items.sort(key=lambda item: len(company.shipments_of(item.order.id)) < 2)
    items = once_each(items, lambda item: item.order.id)
    found = [case for i, item in enumerate(items) if (case := _case(company, item, i)) is not None]
    found.sort(key=lambda case: abs((case.reported_on - case.last_day).days))
    return balanced(
        found,
        lambda case: (case.problem, case.is_today if case.problem != "already_back" else True),
        lambda case: case.problem is None,
    )


def _case(company: Company, item: Item, i: int) -> _Case | None:
    today = company.now.date()
    if item.arrived_on is None or (today - item.arrived_on).days > _OLDEST:
        return None
    reported = item.arrived_on + timedelta(days=_SHIFTS[i % len(_SHIFTS)])
    is_today = reported >= today or (today - item.arrived_on).days <= 2 * TRANSIT_DAMAGE_DAYS - 4
    reported = today if is_today else reported
    ruled = ruling(company, item.order, item.line, "damaged_in_transit", "damaged")
    is_late = (reported - item.arrived_on).days > TRANSIT_DAMAGE_DAYS
    kept = ruled.problem if ruled.problem in ("already_back", "disputed") else None
    earlier = [r for r in company.refunds_of(item.order.id) if r.product_id == item.product.id]
    if (kept is not None and is_late) or len(earlier) > 1:
        return None
    return _Case(
        item=item,
        parcel_id=parcel_of(company, item.order, item.product.id).id,
        arrived_on=item.arrived_on,
        reported_on=reported,
        is_today=is_today,
        paid_cents=ruled.paid_cents,
        problem=kept or ("too_late" if is_late else None),
        earlier=earlier[0] if kept == "already_back" else None,
    )


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    session = desk.session()
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    return Draft(
        title=f"Damage to the {item.product.name} of {item.order.id}",
        keys=(item.order.id,),
        slots={
            "order": item.order.id,
            "product": item.product.name,
            "when": "today" if case.is_today else f"on {spoken_day(case.reported_on)}",
        },
        calls=session.calls,
        response=_response(case, rng),
        criteria=_criteria(case),
        requester=requester(asked_by(desk.model, rng, "support", "returns", "warehouse")),
    )


def _response(case: _Case, rng: Random) -> str:
    arrived, last = spoken_day(case.arrived_on), spoken_day(case.last_day)
    days = rng.choice(
        (
            f"It came in {case.parcel_id}, which was delivered on {arrived}. The last day to "
            f"report damage was {last}.",
            f"Its parcel {case.parcel_id} arrived on {arrived}. Damage could be reported until "
            f"{last}.",
        )
    )
    if case.problem is None:
        return f"Yes, it is refunded. {money(case.paid_cents)} goes back in full. {days}"
    why = {
        "too_late": f"The damage was reported after the {_DAYS_WORD} days.",
        "already_back": f"The item has a refund already, {case.earlier and case.earlier.id}.",
        "disputed": "Its payment is disputed and the bank decides.",
    }[case.problem]
    return f"No, it cannot be refunded. {why} {days}"


def _criteria(case: _Case) -> tuple[Criterion, ...]:
    facts = (
        says_any("parcel", f"Names the shipment: {case.parcel_id}.", case.parcel_id),
        says_date("arrived", "the day of delivery", iso_day(case.arrived_on)),
        says_date("last-day", "the last day to report damage", iso_day(case.last_day)),
        changes_nothing(),
    )
    if case.problem is None:
        return (
            says_granted("Says that the item is refunded."),
            says_amount("amount", "what goes back", case.paid_cents),
            *facts,
        )
    earlier = case.earlier
    named = (says_any("earlier", f"Names {earlier.id}.", earlier.id),) if earlier else ()
    return (
        says_refused("Says that the item is not refunded."),
        says_reason(REASON_TEXTS[case.problem], REASONS[case.problem]),
        *named,
        *facts,
    )


DAMAGE_CLAIM: Scenario[Company] = Scenario(
    name="damage-claim",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=RETURNS_DESK,
    intent="Decide a report of transport damage to the {product} of {order} by the day of that "
    "parcel, neither earlier nor later than the rule says.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
