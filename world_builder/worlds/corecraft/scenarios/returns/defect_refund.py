"""The scenario `defect-refund`: book a defect within its days, afterwards tell the warranty."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    says_date,
    says_matching,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import ruling
from world_builder.worlds.corecraft.reckoning.warranty import Warranty, remedy, warranty
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import iso_day, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.returns.booking import (
    Booking,
    Outcome,
    asker_for,
    book,
    booked_criteria,
)
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    Item,
    balanced,
    plain_items,
    unsure_stock,
)
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    says_day_and_year,
    says_refused,
    says_stock,
    says_unbooked,
)

_NUM = 18
_NEAR_DAYS = 5
_REMEDIES = {
    "replacement": ("A replacement is in stock.", r"\breplac"),
    "repair": ("None is in stock, so it will be repaired.", r"\brepair"),
}
"""By remedy under warranty: how a reference says it, and what says it in an answer."""

_PHRASINGS = (
    "The {product} from {order} has a defect, reported and confirmed today. If it is still a case "
    "for a refund, book it in full in my name, back to the payment, and give me refund id, amount "
    "and delivery day. If it is a case for the warranty, book nothing: delivery day, end of the "
    "warranty and whether we replace (in stock?) or repair.",
    "{order}: {product} dead, told us this morning, tested by us. Refund if the days allow it (I "
    "approve, original payment; tell me id, amount, delivered on). Else warranty: delivered on, "
    "until when, replacement or repair, stock yes/no, and no booking.",
    "cust from {order} says the {product} stopped working today, our bench agrees. pls refund it "
    "under my name if thats still possible, otherwise nothing is booked and i need the warranty "
    "end + is there a replacement in stock or do we repair. delivery date in both cases, refund "
    "id + sum in the first",
    "A failing {product} came in today, sold with {order}; fault confirmed. Please act by the "
    "rules for defects. Money: full refund to where it came from, approver me, report id, sum and "
    "day of delivery. Warranty: change nothing, report day of delivery, last day, replacement or "
    "repair and the stock.",
    "Does the broken {product} of {order} get its money back or not? Broken since today, verified. "
    "When it does, enter the refund for me straight away (no deductions you would not make "
    "yourself, same payment) and name its id, the amount, when the item arrived. When it doesn't, "
    "leave it and name the arrival, the end of warranty, and whether a new one is on the shelf or "
    "the lab must repair it.",
    "'It just died', writes the customer of {order}; it is about the {product}, and yes, it really "
    "is faulty. Their mail came today. Decide between refund and warranty. First case: refund "
    "booked, I am the approver, original payment; I need refund id, amount, delivery date. Second "
    "case: no booking; I need delivery date, warranty's last day, replacement or repair, stock.",
    "Defect case for today. Order {order}, item {product}. Find out when exactly that item was "
    "delivered and do what follows from it: create the refund in my name to the payment used, or "
    "tell me that it is warranty, until which date, and if we have one to send or have to mend it. "
    "For a refund I want to see id and amount as well; the delivery day always.",
    "I have the customer of {order} here with a {product} that won't start; checked, no question "
    "that it is defective. How do we help? If they get a refund, make it (me approving, back the "
    "way they paid) and tell me its number, how much and when we had delivered. If not, I'd like "
    "to offer the right thing: what is it, is it in stock, and how long does the warranty last, "
    "counted from which delivery? Then nothing is to be booked.",
    "Faulty {product}, {order}, notified today. Please close the money side for me, or explain why "
    "there is none: (1) refund in full, approved by me, original payment -> id, amount, delivery "
    "day; or (2) warranty -> delivery day, last day, new part or repair, stock. Nothing is written "
    "in case (2).",
    "Could you check how old the {product} in {order} is? It failed today and the failure is real. "
    "Young enough: do the refund, I'm good for it, same way back, and let me know id, amount and "
    "delivery date. Too old: no refund, but tell me the delivery date, how long its warranty goes "
    "and if we have a replacement in stock or can only repair.",
    "We tested the {product} that belongs to {order}: defective. Report date is today. Process it. "
    "A refund goes through under my name to the original payment (give me its id, the amount, the "
    "delivery day). A warranty matter stays unbooked (give me the delivery day, the warranty's "
    "end, replacement or repair, in stock or not).",
)
_DETAILS = (
    "It may have been on clearance, does that matter?",
    "The box is open, of course.",
    "Somebody mentioned a restocking fee.",
    "No liquid, no drop, I looked.",
    "There were two parcels, if I remember right.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    found: Warranty
    remedy: str
    paid_cents: int


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("defect-refund")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Refunds and warranty by turns; clearance, both remedies, the edge of the days first."""
    today, unsure = company.now.date(), unsure_stock(company)
    cases = []
    for item in plain_items(company):
        ruled = ruling(company, item.order, item.line, "defective", "defective")
        is_plain = ruled.problems in ((), ("too_late",)) and item.line.qty == 1
        if item.arrived_on is None or not is_plain or item.product.name in unsure:
            continue
        found = warranty(item.product, item.customer, item.arrived_on)
        due = remedy(found, item.product, today, is_accident=False)
        if due != "nothing":
            paid = ruled.paid_cents
            cases.append(_Case(item=item, found=found, remedy=due, paid_cents=paid))
    rng.shuffle(cases)
    cases = once_each(cases, lambda case: case.item.order.id)
    cases = once_each(cases, _told)
    cases.sort(key=lambda case: abs((today - case.found.arrived_on).days - 30) > _NEAR_DAYS)
    return balanced(cases, _kind, lambda case: case.remedy == "refund")


def _told(case: _Case) -> object:
    """What sets an answer apart."""
    return case.item.order.id if case.remedy == "refund" else (case.remedy, case.found)


def _kind(case: _Case) -> tuple[str, object]:
    if case.remedy == "refund":
        return case.remedy, case.item.product.is_clearance
    return case.remedy, case.item.tier == "platinum"


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    asker = asker_for(desk.model, rng, case.paid_cents)
    session = desk.session()
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    response, criteria = _act(desk.model, session, case, asker, rng)
    arrived = says_date("arrived", "the day of delivery", iso_day(case.found.arrived_on))
    return Draft(
        title=f"Defective {item.product.name} of {item.order.id}",
        keys=(item.order.id,),
        slots={"order": item.order.id, "product": item.product.name},
        calls=session.calls,
        response=response,
        criteria=(*criteria, arrived),
        requester=requester(asker),
    )


def _act(company: Company, session: Session, case: _Case, asker: Employee, rng: Random) -> Outcome:
    """Books, or looks the warranty up."""
    item = case.item
    if case.remedy != "refund":
        session.call("check_warranty", order_id=item.order.id, product_id=item.product.id)
        return _warranty(case, rng), _warranty_criteria(case)
    booking = Booking(
        item=item,
        asker=asker,
        reason="defective",
        condition="defective",
        amount_cents=case.paid_cents,
    )
    refund_id = book(session, booking)
    return _booked(refund_id, case, rng), booked_criteria(company, booking, refund_id)


def _booked(refund_id: str, case: _Case, rng: Random) -> str:
    amount, arrived = money(case.paid_cents), spoken_day(case.found.arrived_on)
    return rng.choice(
        (
            f"The refund {refund_id} of {amount} is booked. The item was delivered on {arrived}.",
            f"Booked as {refund_id}. {amount} goes back for the item, which arrived on {arrived}.",
        )
    )


def _warranty(case: _Case, rng: Random) -> str:
    arrived, ends = spoken_day(case.found.arrived_on), spoken_day(case.found.ends_on)
    told = _REMEDIES[case.remedy][0]
    return rng.choice(
        (
            f"Nothing was booked, as it cannot come back any more. It was delivered on {arrived}. "
            f"That is more than 30 days ago. The warranty runs until {ends}. {told}",
            f"This one cannot come back, so I booked nothing. The 30 days are over, as it arrived "
            f"on {arrived}. It has a warranty until {ends}. {told}",
        )
    )


def _warranty_criteria(case: _Case) -> tuple[Criterion, ...]:
    is_there = case.remedy == "replacement"
    return (
        says_refused("Says that there is no refund."),
        says_reason("Says that the 30 days for a refund are over.", r"\b(?:30|thirty)\b"),
        says_day_and_year("warranty-end", "the end of the warranty", case.found.ends_on),
        says_matching(
            "remedy", f"Says that the remedy is a {case.remedy}.", _REMEDIES[case.remedy][1]
        ),
        says_stock(is_there=is_there),
        says_unbooked(),
        changes_nothing(),
    )


DEFECT_REFUND: Scenario[Company] = Scenario(
    name="defect-refund",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=RETURNS_DESK,
    intent="Help the customer of {order} with the defective {product} as the rules say: the whole "
    "amount while the days run, the warranty afterwards.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
