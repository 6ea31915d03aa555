"""The scenario `new-estimate`: the day a parcel is expected now, by what was really decided."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    leaves_out,
    says_any,
    says_date,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Employee, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.parcels import (
    CarrierDelay,
    Estimate,
    carrier_delay,
    estimate,
)
from world_builder.worlds.corecraft.rules import add_business_days
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    requester,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.shipping.asks.estimate import DETAILS, PHRASINGS
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import decides, undenied

_NUM = 18
_STATUSES = (
    "label_created",
    "in_transit",
    "delayed",
    "lost",
)
_EXTRA = {"two": 2, "three": 3, "four": 4}
_SAME = r"(?:[^.;!?\n]|\.(?=\d)){0,70}?"
_TELL = (
    r"\b(?:tell|told|name|named|naming|customer|share|say|said|give|given|promised?|communicat\w+"
    r"|confirm\w*|quote|mention\w*|pass(?:ed)?)\b"
)
_MAY = (
    r"\b(?:may|can|could|yes|allowed|okay|ok|fine|free to|safe to|go ahead)\b"
    rf"(?:(?!\bnot?\b|n['’]t)(?:[^.;!?\n]|\.(?=\d))){{0,70}}?{_TELL}"
    rf"|{_TELL}[^.;\n]{{0,40}}\byes\b"
)
_MAY_NOT = (
    rf"(?:\b(?:no|not|nothing|cannot|never|none|don['’]t)\b|n['’]t\b){_SAME}"
    rf"(?:{_TELL}|\bday\b|\bdate\b)"
)
_MAY_A_DAY = rf"(?:{_MAY}){_SAME}\b(?:day|date|sep\w*|2025)\b"
_UNMOVED = (
    r"(?:\b(?:no|not|none|nothing|never|neither|nor|only)\b|n['’]t\b)"
    rf"{_SAME}\b(?:decision|delays?|extra|extensions?|appl\w+|cover\w*|affect\w*|moved?s?|change\w*"
    r"|added|shift\w*|extended|exception|FedEx)\b|\b(?:holds|stands|unchanged|unaffected|stays)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A parcel that is not there yet, what holds for it, and what somebody says instead."""

    parcel: Shipment
    expected: Estimate
    decider: Employee
    teller: Employee
    extra: str

    @property
    def wrong_days(self) -> tuple[str, ...]:
        """The day that follows from a delay that does not hold, or from the rumour."""
        num_days = _EXTRA[self.extra] if self.expected.is_moved else 2
        return (add_business_days(self.parcel.promised_on, num_days).isoformat(),)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("new-estimate")
    for question in _questions(desk.model, rng):
        yield _draft(desk, question, rng)


def _questions(company: Company, rng: Random) -> list[_Question]:
    """Moved or not, ahead or past, of the delayed carrier or another, by turns; edges first."""
    delay = carrier_delay(company)
    tellers = staff(company, "support", "returns", roles=("agent",))
    parcels = [s for s in company.shipments if s.status in _STATUSES]
    rng.shuffle(parcels)
    parcels.sort(key=lambda parcel: _days_from_edge(parcel, delay))
    questions = []
    for parcel in parcels:
        expected = estimate(parcel, delay)
        is_lost = parcel.status == "lost"
        if expected.day != company.now.date() and (parcel.carrier == delay.carrier or not is_lost):
            questions.append(
                _Question(
                    parcel=parcel,
                    expected=expected,
                    decider=company.employee(delay.decider_id),
                    teller=rng.choice(tellers),
                    extra=rng.choice(("three", "four") if expected.is_moved else ("two", "three")),
                )
            )
    return by_turns(
        questions,
        lambda q: (q.expected.is_moved, q.expected.is_ahead, q.parcel.carrier == delay.carrier),
    )


def _days_from_edge(parcel: Shipment, delay: CarrierDelay) -> int:
    """Days between its shipping and the next edge of the delay."""
    edges = (delay.shipped_from, delay.shipped_before)
    return min(abs((_shipped_on(parcel) - edge).days) for edge in edges)


def _draft(desk: Desk[Company], question: _Question, rng: Random) -> Draft:
    company, parcel = desk.model, question.parcel
    news = next(channel for channel in company.channels if channel.name == "#shipping-news")
    askers = staff(company, "support", "returns", "escalations")
    session = desk.session()
    session.call("search_shipments", tracking_number=parcel.tracking_number)
    session.call("search_slack_messages", channel_id=news.id)
    session.call("search_employees", id=question.decider.id)
    session.call("search_employees", text=question.teller.name)
    return Draft(
        title=f"When is {parcel.tracking_number} expected?",
        keys=(parcel.order_id,),
        slots={
            "parcel": f"parcel {parcel.tracking_number}",
            "teller": question.teller.name,
            "extra": question.extra,
        },
        calls=session.calls,
        response=_answer(question),
        criteria=_criteria(question),
        requester=requester(rng.choice([e for e in askers if e != question.teller])),
    )


def _answer(question: _Question) -> str:
    promised = spoken_day(question.parcel.promised_on)
    expected = question.expected
    start = f"{question.parcel.order_id}, shipped on {spoken_day(_shipped_on(question.parcel))}"
    day = spoken_day(expected.day)
    if expected.is_moved:
        told = (
            f"{start} and promised for {promised}. {question.decider.name} decided two business "
            f"days more for {question.parcel.carrier} parcels of those days, which makes it {day}."
        )
    elif expected.is_ahead:
        told = f"{start}. The promised day, {promised}, still holds, as no decision moves it."
    else:
        told = f"{start}. The promised day was {promised}; no decision moved it."
    if expected.is_ahead:
        return f"{told} It may be named to the customer."
    return f"{told} It has passed, so no day may be named to the customer."


def _shipped_on(parcel: Shipment) -> date:
    return (parcel.shipped_at or parcel.events[0].at).date()


def _criteria(question: _Question) -> tuple[Criterion, ...]:
    expected, decider = question.expected, question.decider
    parcel = question.parcel
    found = [
        says_any("order", f"Names the order: {parcel.order_id}.", parcel.order_id),
        says_date("shipped", "the day of shipping", _shipped_on(parcel).isoformat()),
        says_date("promised", "the promised day", parcel.promised_on.isoformat()),
    ]
    if expected.is_moved:
        found += [
            says_date("expected", "the day that holds now", expected.day.isoformat()),
            says_any("decider", f"Names who decided it: {decider.name}.", decider.name),
        ]
    else:
        found.append(says_matching("unmoved", "Says that no decision moves the day.", _UNMOVED))
    if expected.is_ahead:
        found.append(_may("Says that the customer may be told the day.", undenied(_MAY)))
    else:
        pattern = rf"^(?![\s\S]*(?:{undenied(_MAY_A_DAY)}))[\s\S]*(?:{_MAY_NOT})"
        passed = r"\bpass(?:ed|es)?\b|\bpast\b|\bover\b|\bgone\b|\bbehind\b|\bago\b|\balready\b"
        found += [
            _may("Says that the customer may be told no day.", pattern),
            says_matching("passed", "Says that the day has passed.", passed),
        ]
    return (
        *found,
        leaves_out("rumour", "Names no day that no decision gives.", *question.wrong_days),
        changes_nothing(),
    )


def _may(text: str, pattern: str) -> Criterion:
    return decides("may-tell", text, pattern)


NEW_ESTIMATE: Scenario[Company] = Scenario(
    name="new-estimate",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=ORDER_DESK,
    intent="Know the day on which {parcel} is expected by what leads decided, not by what "
    "{teller} says, and whether the customer may hear it.",
    phrasings=PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
