"""The scenario `redirect-order`: send an order to another address while it is still here."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    called,
    changes_nothing,
    changes_only,
    field_is,
    says_all,
    says_reason,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Address, Company, Order, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_changes import is_open
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    found_employee,
    listed,
    requester,
)
from world_builder.worlds.corecraft.scenarios.orders.finding import (
    Hint,
    a_hint,
    known_as,
    opened,
)
from world_builder.worlds.corecraft.scenarios.orders.stopping import GONE
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    critical,
    leaves_others,
    names_order,
)
from world_builder.worlds.corecraft.story.customers import an_address

_NUM = 18
_RECENT = timedelta(days=16)
_PHRASINGS = (
    "{who} has moved, so {which} should go to {address} instead, if that can still be done. If it "
    "can't, leave it and give me carrier and tracking number of every parcel. Tell me the order's "
    "number and what it says as its address afterwards.",
    "Please change where {which} of {who} is sent: new address {address}. Confirm order number and "
    "new address. Should it be out of our hands already, I need the carrier and the tracking "
    "number (each, if there are more parcels) to pass on.",
    "address change, {who}, {which} -> {address}. done? then order no. + the address now on it. "
    "too late? then order no., why, and carrier + tracking no. of whatever is under way, nothing "
    "changed.",
    "Someone typed an old address. It's about {which}, customer {who}, and the right place is "
    "{address}. Correct it unless it's too late for that; in that case name who carries it and "
    "under which tracking number, for all parcels. With the number of the order, and when it "
    "worked, the address as it is now.",
    "Could you send {which} to {address}? {who} won't be home and a neighbour will take it. I need "
    "to hear which order it is and that the address is now this one, or, if it has left us, that "
    "it can't be changed and where to ask (carrier, tracking number, per parcel).",
    "'Not to the office, I work from home now: {address}', writes {who} about {which}. See to it. "
    "Answer with the order number and the address it has afterwards, or with the reason against "
    "it and the carriers and tracking numbers so that they can try it there.",
    "A redirect for you. Customer: {who}. Order: {which}. New destination: {address}. Report the "
    "number and the new destination, or the obstacle. In the latter case the customer wants to "
    "talk to the carrier, so carrier and tracking number too, all of them.",
    "Before {which} goes out, {who} would like it at {address}. If it hasn't gone out yet, change "
    "it and repeat the order's number and its new address to me. If it has, don't change anything, "
    "say so and list carrier with tracking number for everything that was sent.",
    "Where will {which} of {who} end up, and can it be {address}? Make it so if the rules let "
    "you. I'd like the order number and the address in force; if they don't let you, the reason, "
    "plus who has the parcel or parcels and the tracking number.",
    "I told {who} that an address can be changed as long as nothing is shipped. Now: {which}, to "
    "{address}. Is nothing shipped? Change it, and confirm number and address. Otherwise: hands "
    "off, order number, carrier, tracking number, once for each parcel.",
)
_DETAILS = (
    "The rest of the order stays as it is.",
    "The customer's account keeps its old address for now.",
    "They only noticed today.",
    "There is somebody at the new place all day.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An order and where its customer wants it."""

    order: Order
    hint: Hint
    address: Address
    parcels: tuple[Shipment, ...]
    """What has left; empty when the order is still here."""


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("redirect-order")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Orders still here, shipped in one parcel or in two, and two orders on one day, by turns."""
    since = company.now - _RECENT
    cases = []
    for order in company.orders:
        hint = a_hint(company, order, rng)
        if order.placed_at <= since or order.status == "cancelled" or hint is None:
            continue
        cases.append(
            Case(
                order=order,
                hint=hint,
                address=an_address(rng),
                parcels=tuple(company.shipments_of(order.id)),
            )
        )
    rng.shuffle(cases)
    cases.sort(key=lambda case: (case.hint.kind != "twin", len(case.parcels), case.order.status))
    turns = by_turns(cases, lambda c: len(c.parcels) if c.parcels else f"here, {c.hint.kind}")
    own = once_each(turns, lambda case: case.order.customer_id)
    return by_turns(own, lambda case: bool(case.parcels))


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, order = desk.model, case.order
    customer = company.customer(order.customer_id)
    asker = asked_by(company, rng, "support", "warehouse", "returns")
    session = desk.session()
    asker_id = found_employee(session, asker)
    opened(session, customer, order)
    if is_open(order):
        new = asdict(case.address)
        session.call("update_order", id=order.id, ship_to=new, employee_id=asker_id)
        outcome = _redirected(case, asker_id)
    else:
        session.call("search_shipments", order_id=order.id)
        outcome = _refused(case)
    return Draft(
        title=f"Send {case.hint.text} of {customer.name} elsewhere",
        keys=(customer.id,),
        slots={
            "who": known_as(company, customer, rng),
            "which": case.hint.text,
            "address": case.address.line,
        },
        calls=session.calls,
        response=_answer(case, rng),
        criteria=(*outcome, names_order(order), *leaves_others(company, order)),
        requester=requester(asker),
    )


_NOT_CHANGED = (
    r"(?:\b(?:can ?not|no longer|not|too late|unable|unchanged|impossible|nothing)|n['’]t)\b"
)


def _redirected(case: Case, asker_id: str) -> tuple[Criterion, ...]:
    order, new = case.order, case.address
    return (
        says_right_not_wrong(
            "decision",
            f"Says that {order.id} now goes to the new address.",
            r"\b(?:now|new|chang\w+|updated|redirected|will|goes|going|done|set)\b",
            r"\b(?:can ?not|can['’]t|could not|couldn['’]t|no longer|too late|unable|not (?:be )?"
            r"(?:changed|redirected|possible|sent))\b",
        ),
        says_all("address", f"States the new address: {new.line}.", new.street, new.city, new.zip),
        field_is(
            "ship-to",
            f"{order.id} goes to {new.line}.",
            "order",
            order.id,
            **{f"ship_to.{name}": value for name, value in asdict(new).items()},
        ),
        field_is(
            "rest",
            "Status and note of the order stay as they were.",
            "order",
            order.id,
            status=order.status,
            notes=order.notes,
        ),
        called(
            "by-asker",
            "Changes it in the name of the colleague who asks.",
            "update_order",
            id=order.id,
            employee_id=asker_id,
        ),
        changes_only("Changes nothing but this order.", (order.id,)),
    )


def _refused(case: Case) -> tuple[Criterion, ...]:
    order = case.order
    parcels = [
        says_all(
            f"parcel-{parcel.id}",
            f"Names the carrier and its tracking number: {parcel.carrier} "
            f"{parcel.tracking_number}.",
            parcel.carrier,
            parcel.tracking_number,
        )
        for parcel in case.parcels
    ]
    return (
        critical(
            says_right_not_wrong(
                "decision",
                f"Says that the address of {order.id} is not changed.",
                _NOT_CHANGED,
                r"(?<!nothing )\b(?:is|was|has been) (?:now )?(?:changed|redirected|updated)\b",
            )
        ),
        says_reason("Says why: the order has been shipped.", GONE["shipped"]),
        *parcels,
        changes_nothing(),
    )


def _answer(case: Case, rng: Random) -> str:
    order = case.order
    if not case.parcels:
        changed = f"The address of {order.id} has been changed. It is {case.address.line} now."
        return rng.choice((changed, f"{order.id} now goes to {case.address.line}."))
    told = "delivered" if order.status == "delivered" else "shipped"
    carried = listed([f"{p.carrier} under {p.tracking_number}" for p in case.parcels])
    noun = "The parcel was" if len(case.parcels) == 1 else "The parcels were"
    return (
        f"The address of {order.id} could not be changed. It has been {told} already. {noun} "
        f"handed to {carried}."
    )


REDIRECT_ORDER: Scenario[Company] = Scenario(
    name="redirect-order",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="Have {which} of {who} sent to {address}, or, when it has left the warehouse, know "
    "which carrier to ask about it.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
