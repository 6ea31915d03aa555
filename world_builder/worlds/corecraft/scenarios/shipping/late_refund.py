"""The scenario `late-shipping-refund`: give the shipping of a late order back, when it is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    COMPLETENESS,
    changes_nothing,
    changes_only,
    creates_one,
    field_is,
    says_amount,
    says_any,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Employee, Payment, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import days_late
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    found_employee,
    requester,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.shipping.asks.late_refund import DETAILS, PHRASINGS
from world_builder.worlds.corecraft.scenarios.shipping.lateness import (
    Arrival,
    arrivals,
    shipping_text,
)
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import (
    REASONS,
    decides,
    says_shipping_back,
    says_shipping_kept,
    undenied,
)
from world_builder.worlds.corecraft.scenarios.shipping.wording import day_pattern, twice

_NUM = 18
_NO_LIMIT = (
    r"\blimit\b.{0,30}(?:\$0|\bzero|\bnone|\bno\b)|(?:\$0|\bzero|\bno)\b.{0,20}\blimit"
    r"|\b(?:above|exceeds?|beyond|over) (?:your|the|his|her|their) (?:\w+ )?limit"
    r"|(?:\b(?:not|cannot|never)\b|n['’]t\b).{0,30}\b(?:approve|allowed|authori\w+|permitted|refund)"
    r"|\bno (?:authority|permission|right)|limit covers no|outside your"
)
_NOTHING_DONE = r"\b(?:no|not|nothing|cannot|unable|without|never)\b|n['’]t\b"
_DONE = r"\b(?:is|was|were|been|have|has|I) (?:now |just )?(?:booked|refunded|approved|created)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A delivered order and the colleague who would refund its shipping."""

    arrival: Arrival
    asker: Employee

    @property
    def is_granted(self) -> bool:
        return self.arrival.problem is None and self.is_within_limit

    @property
    def is_within_limit(self) -> bool:
        return self.asker.refund_limit_cents >= self.arrival.order.shipping_cents


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("late-shipping-refund")
    for claim in _claims(desk.model, rng):
        yield _draft(desk, claim, rng)


def _claims(company: Company, rng: Random) -> list[_Claim]:
    """Granted ones and every kind of refusal by turns; minutes around midnight first."""
    able = staff(company, "support", "returns", least_limit_cents=10000)
    unable = staff(company, "warehouse", "billing", roles=("specialist",))
    found = arrivals(company)
    rng.shuffle(found)
    found.sort(key=lambda arrival: (not arrival.is_at_midnight, not arrival.is_mixed))
    claims = [
        _Claim(
            arrival=arrival,
            asker=rng.choice(unable if arrival.problem is None and i % 5 == 0 else able),
        )
        for i, arrival in enumerate(found)
        if arrival.is_late or _is_paid_for_speed(arrival)
    ]
    return by_turns(claims, _kind)


def _is_paid_for_speed(arrival: Arrival) -> bool:
    """Whether nothing but punctuality keeps the shipping charge of a single parcel."""
    order = arrival.order
    is_fast = order.shipping_service != "standard"
    return len(arrival.parcels) == 1 and is_fast and order.shipping_cents > 0


def _kind(claim: _Claim) -> tuple[str | None, str, bool]:
    arrival = claim.arrival
    if claim.is_granted:
        return None, arrival.order.shipping_service, arrival.is_mixed
    return arrival.problem, "", False


def _draft(desk: Desk[Company], claim: _Claim, rng: Random) -> Draft:
    company, order = desk.model, claim.arrival.order
    session = desk.session()
    session.call("get_order", id=order.id)
    session.call("search_knowledge_base", text="late delivery", status="current")
    asker_id = found_employee(session, claim.asker)
    if claim.is_granted:
        session.call(
            "create_refund",
            order_id=order.id,
            reason="late_delivery",
            amount_cents=order.shipping_cents,
            approved_by_id=asker_id,
        )
    return Draft(
        title=f"Give the shipping of {order.id} back if it is due",
        keys=(order.id,),
        slots={"order": order.id},
        calls=session.calls,
        response=f"{_decision_text(company, claim)} {_days_text(claim.arrival)}",
        criteria=(
            *_state_criteria(company, claim),
            *_answer_criteria(claim),
            says_any("order", f"Names the order: {order.id}.", order.id),
        ),
        requester=requester(claim.asker),
    )


def _payment(company: Company, order_id: str) -> Payment:
    """The payment that counts."""
    payments = company.payments_of(order_id)
    return next(p for p in payments if p.status not in ("failed", "authorized"))


def _decision_text(company: Company, claim: _Claim) -> str:
    if claim.is_granted:
        return f"The shipping charge of {claim.arrival.shipping} is refunded in full."
    if claim.arrival.problem is None:
        return "Nothing was refunded: as a specialist you may not approve the shipping charge."
    return shipping_text(company, claim.arrival)


def _days_text(arrival: Arrival) -> str:
    parcel = max(arrival.parcels, key=days_late)
    others = "The late parcel" if arrival.is_mixed else "One parcel"
    subject = "The parcel" if len(arrival.parcels) == 1 else others
    came = spoken_day(parcel.delivered_at or parcel.promised_on)
    promised = spoken_day(parcel.promised_on)
    return f"{subject} of {arrival.order.id} was promised for {promised} and came on {came}."


def _state_criteria(company: Company, claim: _Claim) -> tuple[Criterion, ...]:
    if not claim.is_granted:
        return (changes_nothing(),)
    order = claim.arrival.order
    payment = _payment(company, order.id)
    back = payment.refunded_cents + order.shipping_cents
    return (
        creates_one(
            "refund",
            f"Refunds the shipping of {order.id}, {claim.arrival.shipping}, for late delivery to "
            f"the original payment, approved by {claim.asker.name}.",
            "refund",
            order_id=order.id,
            reason="late_delivery",
            amount_cents=order.shipping_cents,
            product_id=None,
            destination="original_payment",
            approved_by_id=claim.asker.id,
        ),
        field_is(
            "payment",
            f"{payment.id} shows the refund.",
            "payment",
            payment.id,
            refunded_cents=back,
            status="refunded" if back == payment.amount_cents else "partially_refunded",
        ),
        changes_only("Changes nothing else.", (payment.id,), ("refund",)),
    )


def _answer_criteria(claim: _Claim) -> tuple[Criterion, ...]:
    arrival = claim.arrival
    days = says_matching(
        "days",
        "Names the promised day and the day of arrival of a parcel that decides it.",
        "|".join(_both_days(parcel) for parcel in _decisive(arrival)),
    )
    if claim.is_granted:
        done = says_shipping_back("Says that the shipping charge was refunded.")
        return (done, says_amount("amount", "the amount", arrival.order.shipping_cents), days)
    if arrival.problem is None:
        pattern = rf"^(?![\s\S]*(?:{undenied(_DONE)}))[\s\S]*(?:{_NOTHING_DONE})"
        refused = decides("refused", "Says that nothing was refunded.", pattern)
        why = "Says that the asker's limit covers no refund."
        return (refused, says_matching("reason", why, _NO_LIMIT, COMPLETENESS), days)
    kept = says_shipping_kept("Says that no shipping charge goes back.")
    text, pattern = REASONS[arrival.problem]
    return (kept, says_matching("reason", text, pattern, COMPLETENESS), days)


def _decisive(arrival: Arrival) -> list[Shipment]:
    """The late parcels, or all where none was late."""
    return [parcel for parcel in arrival.parcels if parcel.is_late] or list(arrival.parcels)


def _both_days(parcel: Shipment) -> str:
    came = (parcel.delivered_at or parcel.events[-1].at).date()
    promised, actual = day_pattern(parcel.promised_on), day_pattern(came)
    if promised == actual:
        return twice(promised)
    return rf"^(?=[\s\S]*(?:{promised}))(?=[\s\S]*(?:{actual}))"


LATE_SHIPPING_REFUND: Scenario[Company] = Scenario(
    name="late-shipping-refund",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=ORDER_DESK,
    intent="The shipping charge of {order} goes back if, and only if, the rules give it and the "
    "asker may approve it.",
    phrasings=PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
