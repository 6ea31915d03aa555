"""The scenario `delivery-note`: a note for warehouse and carrier on the newest open order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    called,
    changes_nothing,
    changes_only,
    field_is,
    says_amount,
    says_matching,
    says_right_not_wrong,
    state_is,
)
from world_builder.worlds.corecraft.company import Company, Customer, Order
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_changes import is_open
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, found_employee, requester
from world_builder.worlds.corecraft.scenarios.orders.finding import found_orders, known_as
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    STATUS_WORDS,
    critical,
    leaves_others,
    names_order,
    says_status,
)

_NUM = 18
_RECENT = timedelta(days=12)
_NOTES = (
    "Gate code 4471",
    "Deliver after 16:00 only",
    "Leave it with the neighbour at number 12",
    "Bell 3, second courtyard",
    "Rear entrance, ramp on the left",
    "Call 555-0117 half an hour before",
    "Reception closes at 17:30",
    "Not on Wednesday, building is closed",
    "Two steps at the door, bring a strap",
    "Dog in the yard, ring first",
    "Ask for room 208",
    "Signature of an adult needed",
)
_PHRASINGS = (
    "Please put this note on the newest order of {who} that hasn't left us yet, for warehouse and "
    "carrier: '{note}'. It replaces any other note. Tell me the order's number, its shipping "
    "service and its total. If everything of theirs has left, write nothing, say so, and give me "
    "number, status, service and total of the newest order.",
    "{who} just called: '{note}', for the driver. Onto their latest open order with that, instead "
    "of whatever note is there. I need to read back which order it is, how it is shipped and what "
    "it costs. No open order? Then no note, and tell me how their latest order stands (number, "
    "status, service, total).",
    "note for {who}: '{note}' -> newest order not shipped yet. old note can go. pls return order "
    "no., service, total. nothing open = change nothing and give me no., status, service, total "
    "of the newest one.",
    "Can you still add a delivery note for {who}? Text: '{note}'. It belongs on the most recent of "
    "the orders that are not shipped or cancelled, and overwrites what's written there. Afterwards "
    "I'd like id, shipping service and total of that order. Should there be none, I'd like the "
    "same and the status of the most recent order, and no change at all.",
    "For the warehouse: '{note}'. That is from {who} and should stand on the newest order they "
    "have open with us, alone. Confirm with order number, service and total. When nothing is open, "
    "leave everything and let me know, with number, status, service and total of their newest.",
    "I have a note here for the driver and a customer, {who}, but no order number. The note: "
    "'{note}'. Put it on whichever of their orders is the newest still in the house (replace the "
    "present note, if any) and give me its number, the service it goes out with, and the total. "
    "If none is in the house any more, tell me, describe the newest order by number, status, "
    "service and total, and don't write the note anywhere.",
    "'{note}', says {who}, about 'my last order'. Only works if it's not on its way, so: newest "
    "open order gets the note, word for word, and I get order number, service, total. No open "
    "order, no note, but then the newest order's number, status, service and total.",
    "Which order of {who} is the newest that we haven't sent, and will you write '{note}' on it, "
    "please, in place of any older note? Answer with number, service, total. Or tell me that all "
    "have gone, and number, status, service, total of the newest, without changing anything.",
    "A small one. Customer {who}, note '{note}', order: the latest one that can still be changed. "
    "Overwrite the old note. Number, service and total back to me, please. In case no order can be "
    "changed any more: no note, and number, status, service, total of the latest.",
)
_DETAILS = (
    "The driver knows the street.",
    "Nothing else about the order changes.",
    "They forgot it at checkout.",
    "I promised to confirm it within the hour.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A customer with a note, and the order that it is for."""

    customer: Customer
    order: Order
    """The newest open order, or the newest of all when none is open."""
    kind: str
    """`newest`, `behind` (a newer one has left), `two` (two are open), or `none` with the status
    of the newest."""


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("delivery-note")
    for i, case in enumerate(_cases(desk.model, rng)):
        yield _draft(desk, case, _NOTES[i % len(_NOTES)], rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """A newer order that has left, two open ones, none, and the plain case, by turns."""
    customers = list(company.customers)
    rng.shuffle(customers)
    cases = [case for c in customers if (case := _case(company, c)) is not None]
    return by_turns(sorted(cases, key=lambda case: case.kind), lambda case: case.kind)


def _case(company: Company, customer: Customer) -> Case | None:
    orders = company.orders_of(customer.id)
    if len(orders) < 2 or orders[-1].placed_at < company.now - _RECENT:
        return None
    still_here, newest = [o for o in orders if is_open(o)], orders[-1]
    if not still_here:
        is_told = newest.status != "cancelled"
        return (
            Case(customer=customer, order=newest, kind=f"none, {newest.status}")
            if is_told
            else None
        )
    kind = "two" if len(still_here) > 1 else "newest"
    if newest is not still_here[-1]:
        kind = "behind"
    return Case(customer=customer, order=still_here[-1], kind=kind)


def _draft(desk: Desk[Company], case: Case, note: str, rng: Random) -> Draft:
    company, order = desk.model, case.order
    asker = asked_by(company, rng, "support", "warehouse")
    session = desk.session()
    asker_id = found_employee(session, asker)
    found_orders(session, case.customer, order)
    session.call("get_order", id=order.id)
    if is_open(order):
        session.call("update_order", id=order.id, notes=f"{note}.", employee_id=asker_id)
        outcome = _written(order, note, asker_id)
    else:
        outcome = _refused(order)
    return Draft(
        title=f"A delivery note for {case.customer.name}",
        keys=(case.customer.id,),
        slots={"who": known_as(company, case.customer, rng), "note": note},
        calls=session.calls,
        response=_answer(order, rng),
        criteria=(
            *outcome,
            names_order(order),
            _says_service(order),
            says_amount("total", "the order's total", order.total_cents),
            *leaves_others(company, order),
        ),
        requester=requester(asker),
    )


def _says_service(order: Order) -> Criterion:
    name = order.shipping_service
    text = f"States the shipping service: {name}."
    return says_matching("service", text, rf"\b{name}\b", CORRECTNESS)


def _written(order: Order, note: str, asker_id: str) -> tuple[Criterion, ...]:
    told = f"lookup('order', '{order.id}').notes"
    core = note.lower().replace("'", "\\'")
    return (
        state_is(
            "note",
            f"The note of {order.id} says: {note}.",
            f"{told} != null && lower({told}).contains('{core}')",
        ),
        field_is(
            "rest",
            "Status and address of the order stay as they were.",
            "order",
            order.id,
            **{"status": order.status, "ship_to.street": order.ship_to.street},
        ),
        called(
            "by-asker",
            "Writes it in the name of the colleague who asks.",
            "update_order",
            id=order.id,
            employee_id=asker_id,
        ),
        changes_only("Changes nothing but this order.", (order.id,)),
    )


def _refused(order: Order) -> tuple[Criterion, ...]:
    return (
        critical(
            says_right_not_wrong(
                "decision",
                "Says that no order is open and no note was written.",
                r"(?:\b(?:no|not|none|nothing|without)|n['’]t)\b|\ball\b[^.]{0,60}\b(?:left|gone"
                r"|shipped|sent|delivered)",
                r"\bnote (?:is|was|has been|stands) (?:now )?(?:on|added|written|put|placed)\b",
            )
        ),
        says_status(order),
        changes_nothing(),
    )


def _answer(order: Order, rng: Random) -> str:
    service, total = order.shipping_service, money(order.total_cents)
    if is_open(order):
        forms = (
            f"The note stands on {order.id}. It goes out {service} and comes to {total}.",
            f"Done, it is on {order.id}. The service is {service}. The total is {total}.",
        )
        return rng.choice(forms)
    return (
        f"There is no open order for the note. The newest, {order.id}, "
        f"{STATUS_WORDS[order.status]}. Its service is {service} and its total {total}."
    )


DELIVERY_NOTE: Scenario[Company] = Scenario(
    name="delivery-note",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="Have the note '{note}' on the newest order of {who} that is still open, and know which "
    "order that is.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
