"""The scenario `warranty-end`: until when a warranty runs, and whether it runs on a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.checks import Matches
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CONSTRAINT,
    changes_nothing,
    criterion,
    says_date,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.warranty import Warranty, warranty, warranty_months
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    iso_day,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.returns.choosing import Item, balanced, plain_items
from world_builder.worlds.corecraft.scenarios.returns.patterns import REASONS
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    REASON_TEXTS,
    says_day_and_year,
    says_length,
)

_NUM = 18
_TODAY = "today"
_SHIFTS = (-1, 2, -9, 16, -24, 33)
"""Days from the last day of a warranty to the day that is asked about."""
_NO_LATER_YEAR = r"^(?![\s\S]*\b20(?:2[6-9]|[3-9]\d)\b)[\s\S]+"
_RUNS = (
    r"\byes\b|\b(?:runs|running|covered|covers|active|valid|applies|in force)\b"
    r"|\b(?:in|under) warranty\b"
)
_ENDED = (
    r"\bno\b(?=[,.:;!]| -| longer|t)|\b(?:not|n['’]t)\b.{0,30}\b(?:run|cover|valid|active|under|in "
    r"force|apply|start|begin)|\bexpired|\blapsed|\bended|\brun out|\bran out|\bis over\b|\bno "
    r"warranty"
)

_PHRASINGS = (
    "Until when does the warranty on the {product} from {order} run, and is it in force {moment}? "
    "I'd like the delivery day and the months that count for this customer as well. If no warranty "
    "has begun, say why.",
    "{order}, {product}: end of warranty? valid {moment}, yes or no? delivered when, how many "
    "months for this customer? (or tell me why there isn't one yet)",
    "Before I answer about the {product} in {order} I need four things on its warranty: last day, "
    "whether it covers them {moment}, the day the item arrived, and its length in months with "
    "whatever their tier adds. Should it not have started, tell me what is missing.",
    "Customer with order {order} asks if the {product} would be covered {moment}. Yes or no, and "
    "then the last day, the length in months and the arrival it counts from. If it does not run "
    "at all: the reason.",
    "warranty check pls. item {product}, order {order}. need: runs {moment} y/n, end date, months "
    "they get, delivery date. no warranty yet? then why",
    "How long is the {product} of {order} under warranty? Give me the months, the day it was "
    "delivered, the day it ends, and a clear word on whether it applies {moment} (and if it "
    "doesn't run yet, what it waits for).",
    "They mean to open up the {product} and worry about the warranty. Order is {order}. Would "
    "it still apply {moment}? Please add arrival, number of months and final day, or the reason "
    "why nothing runs.",
    "Note for the file of {order}: warranty of the {product}. Running {moment} or not; if there is "
    "one, from which delivery day, for how many months, until which date; if not, because of what.",
    "Somebody told the buyer of {order} that everything has two years. I don't believe it. For "
    "the {product}: how many months is it really, counted from which day, ending when, and does "
    "it hold {moment}? Or has it not begun, and why?",
    "The form for the {product} from {order} wants this from me: 'In warranty {moment}: yes / no. "
    "Delivered: ... Months: ... Ends: ...' Please fill it in, with a word on the reason where "
    "nothing has started.",
    "Is that one covered {moment}? The {product}, I mean, which was part of {order}. I need the "
    "answer plus day of delivery, warranty months of this customer and day of expiry. Not started "
    "at all is an answer too, with the cause.",
)
_DETAILS = (
    "They threw the invoice away, but that should not matter.",
    "I have not looked at their loyalty tier.",
    "Nothing is broken so far.",
    "An old note of ours gives another length, so please look it up.",
    "They only want to plan ahead.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    day: date
    """The day that is asked about."""
    found: Warranty | None
    """None while the item has not been delivered."""
    is_today: bool

    @property
    def runs(self) -> bool:
        return self.found is not None and self.day <= self.found.ends_on


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("warranty-end")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Running and not by turns; of either, both lengths and both sides of the last day."""
    items = [item for item in plain_items(company) if item.order.status != "cancelled"]
    rng.shuffle(items)
    items.sort(key=lambda item: len(company.shipments_of(item.order.id)) < 2)
    cases = [_case(company, item, i) for i, item in enumerate(items)]
    return balanced(once_each(cases, _told), _kind, lambda case: case.runs)


def _told(case: _Case) -> object:
    """What sets an answer apart: before delivery, the months."""
    if case.found is None:
        return warranty_months(case.item.product, case.item.customer)
    return case.item.order.id, case.item.product.id


def _kind(case: _Case) -> str:
    if case.found is None:
        return "not delivered"
    return f"{case.item.tier == 'platinum'} {case.is_today}"


def _case(company: Company, item: Item, i: int) -> _Case:
    today = company.now.date()
    found = warranty(item.product, item.customer, item.arrived_on) if item.arrived_on else None
    is_today = found is None or found.ends_on < today or i % 3 == 0
    day = today
    if found is not None and not is_today:
        day = found.ends_on + timedelta(days=_SHIFTS[i % len(_SHIFTS)])
    return _Case(item=item, day=day, found=found, is_today=is_today)


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    session = desk.session()
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    if case.found is not None:
        told = session.call("check_warranty", order_id=item.order.id, product_id=item.product.id)
        if told["ends_on"] != iso_day(case.found.ends_on):
            raise ValueError(f"{item.order.id}: the tool says {told['ends_on']}")
    asker = asked_by(desk.model, rng, "support", "returns", "builds")
    return Draft(
        title=f"Warranty of the {item.product.name} of {item.order.id}",
        keys=(item.order.id,),
        slots={
            "order": item.order.id,
            "product": item.product.name,
            "moment": _TODAY if case.is_today else f"on {spoken_day(case.day)}",
        },
        calls=session.calls,
        response=_response(case, rng),
        criteria=_criteria(case),
        requester=requester(asker),
    )


def _response(case: _Case, rng: Random) -> str:
    if case.found is None:
        months = warranty_months(case.item.product, case.item.customer)
        return (
            "No: the item has not been delivered yet. Once it arrives, the warranty will have "
            f"{months} months."
        )
    arrived, ends = spoken_day(case.found.arrived_on), spoken_day(case.found.ends_on)
    told = f"Yes, until {ends}." if case.runs else f"No, its last day is {ends}."
    return rng.choice(
        (
            f"{told} It counts from the delivery on {arrived} and has {case.found.months} months.",
            f"{told} The item was delivered on {arrived}. {case.found.months} months apply.",
        )
    )


def _criteria(case: _Case) -> tuple[Criterion, ...]:
    if case.found is None:
        months = warranty_months(case.item.product, case.item.customer)
        return (
            _says_whether(case),
            says_reason(REASON_TEXTS["not_delivered"], REASONS["not_delivered"]),
            says_length("months", "the months that will apply", months, "months"),
            criterion("no-end", "Names no last day.", Matches(pattern=_NO_LATER_YEAR), CONSTRAINT),
            changes_nothing(),
        )
    return (
        _says_whether(case),
        says_date("delivered", "the day of delivery", iso_day(case.found.arrived_on)),
        says_length("months", "the length of the warranty", case.found.months, "months"),
        says_day_and_year("ends", "the last day", case.found.ends_on),
        changes_nothing(),
    )


def _says_whether(case: _Case) -> Criterion:
    when = "today" if case.is_today else f"on {iso_day(case.day)}"
    right, wrong = (_RUNS, _ENDED) if case.runs else (_ENDED, r"\byes\b|\bstill (?:runs|valid)")
    told = "runs" if case.runs else "does not run"
    pattern = rf"^(?![\s\S]*(?:{wrong}))[\s\S]*(?:{right})"
    text = f"Says that the warranty {told} {when}."
    return criterion("decision", text, Matches(pattern=pattern), is_critical=True)


WARRANTY_END: Scenario[Company] = Scenario(
    name="warranty-end",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=RETURNS_DESK,
    intent="Know whether the {product} of {order} is under warranty {moment}, and until when.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
