"""The scenario `returned-parcel`: a parcel comes back; note it and ask for an address."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    field_is,
    says_any,
    says_date,
    says_matching,
    state_is,
)
from world_builder.worlds.corecraft.company import Company, Employee, Order, Shipment, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    found_employee,
    iso_day,
    requester,
    spoken_day,
    staff,
)
from world_builder.worlds.corecraft.scenarios.shipping.asks.returned import DETAILS, PHRASINGS
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import NOT, decides, undenied
from world_builder.worlds.corecraft.scenarios.shipping.wording import SIGNATURE, status_pattern

_NUM = 18
_OPEN = ("new", "open", "pending_customer")
_COMES_BACK = (
    r"\b(?:com(?:es?|ing)|on (?:its|the) way|sent|went|is|heading|travell?ing) back\b|return"
)
_STAYS_OUT = (
    rf"(?:{NOT}|\bno\b|\bnothing\b)[^.;\n]{{0,50}}\b(?:back|return\w*|sender)\b|\bback:? ?\**no\b"
)
_NO_TICKET = r"\b(?:no|without|any|none)\b[^.;\n]{0,40}\bticket|ticket[^.;\n]{0,30}\bnone\b"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    """A parcel that may come back, and the open ticket of its order, if there is one."""

    parcel: Shipment
    order: Order
    ticket: Ticket | None
    asker: Employee
    by_number: bool
    """Whether the asker knows the tracking number rather than the order."""

    @property
    def is_back(self) -> bool:
        return self.parcel.status == "returned_to_sender"

    @property
    def clue(self) -> str:
        if self.by_number:
            return f"parcel {self.parcel.tracking_number}"
        return f"the parcel of {self.order.id}"


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("returned-parcel")
    for case in _returns(desk.model, rng):
        yield _draft(desk, case, rng)


def _returns(company: Company, rng: Random) -> list[_Return]:
    """Coming back with and without a ticket, and not coming back, by turns."""
    askers = staff(company, "support", "returns", roles=("agent", "senior_agent", "team_lead"))
    half = len(askers) // 2
    parcels = list(company.shipments)
    rng.shuffle(parcels)
    found = [_return(company, p, askers[:half], by_number=False) for p in parcels]
    found += [_return(company, p, askers[half:], by_number=True) for p in reversed(parcels)]
    cases = [case for case in found if case is not None]
    return by_turns(once_each(cases, lambda c: (c.parcel.id, c.is_back and c.by_number)), _kind)


def _return(
    company: Company, parcel: Shipment, askers: list[Employee], *, by_number: bool
) -> _Return | None:
    """The parcel as a case; None for one whose right treatment is open to debate."""
    order = company.order(parcel.order_id)
    tickets = [t for t in company.tickets_of(order.customer_id) if t.order_id == order.id]
    tickets = [t for t in tickets if t.status in (*_OPEN, "escalated")]
    is_single = len(company.shipments_of(order.id)) == 1
    if len(tickets) > 1 or any(t.status == "escalated" for t in tickets):
        return None
    if not is_single and not by_number:
        return None
    case = _Return(
        parcel=parcel,
        order=order,
        ticket=tickets[0] if tickets else None,
        asker=askers[int(parcel.tracking_number[2:]) % len(askers)],
        by_number=by_number,
    )
    asks_for_it = is_single and case.ticket is not None and case.ticket.category == "shipping"
    return case if case.is_back or asks_for_it else None


def _kind(case: _Return) -> tuple[bool, bool, str]:
    clue = "by number" if case.by_number else "by order"
    return case.is_back, case.ticket is not None, clue if case.is_back else case.parcel.status


def _draft(desk: Desk[Company], case: _Return, rng: Random) -> Draft:
    company, order = desk.model, case.order
    session = desk.session()
    if case.by_number:
        session.call("search_shipments", tracking_number=case.parcel.tracking_number)
    session.call("get_order", id=order.id)
    session.call("search_tickets", order_id=order.id)
    if case.is_back and case.ticket:
        session.call("get_ticket", id=case.ticket.id)
        session.call(
            "update_ticket",
            id=case.ticket.id,
            internal_note=_note(case, case.ticket),
            reply=_reply(company, case),
            status="pending_customer",
            employee_id=found_employee(session, case.asker),
        )
    return Draft(
        title=f"Does {case.clue} come back to us?",
        keys=(order.id,),
        slots={"clue": case.clue},
        calls=session.calls,
        response=_answer(case),
        criteria=(*_state_criteria(case), *_answer_criteria(case)),
        requester=requester(case.asker),
    )


def _note(case: _Return, ticket: Ticket) -> str:
    told = f"Parcel {case.parcel.id} comes back; it was sent to {case.order.ship_to.line}."
    return f"{ticket.internal_note} {told}" if ticket.internal_note else told


def _reply(company: Company, case: _Return) -> str:
    first_name = company.customer(case.order.customer_id).first_name
    return (
        f"Hello {first_name}, your parcel could not be delivered and is on its way back to us. "
        f"Which address shall we use for the next try? Best regards, {SIGNATURE}"
    )


def _answer(case: _Return) -> str:
    parcel = case.parcel
    status, scanned = parcel.status.replace("_", " "), parcel.events[-1].at
    if not case.is_back:
        return f"{parcel.id} does not come back: status {status}, last scan on {iso_day(scanned)}."
    told = f"{parcel.id} comes back: status {status}, last scan on {spoken_day(scanned)}."
    if case.ticket is None:
        return f"{told} No ticket is open for its order, so I wrote nothing."
    return f"{told} {case.ticket.id} has the note and the question and is pending_customer now."


def _state_criteria(case: _Return) -> tuple[Criterion, ...]:
    ticket = case.ticket
    if not case.is_back or ticket is None:
        return (changes_nothing(),)
    it = f"lookup('support_ticket', '{ticket.id}')"
    return (
        state_is(
            "note",
            f"The internal note of {ticket.id} names {case.parcel.id} and the whole address, and "
            "keeps what stood there.",
            _note_check(case, ticket, it),
        ),
        state_is(
            "reply",
            f"One reply in the name of {case.asker.name} asks the customer for an address.",
            f"size({it}.messages) == {len(ticket.messages) + 1} "
            f"&& {it}.messages[{len(ticket.messages)}].author == '{case.asker.name}' "
            f"&& {it}.messages[{len(ticket.messages)}].text.matches('(?i)address')",
        ),
        field_is(
            "status",
            f"{ticket.id} is pending_customer.",
            "support_ticket",
            ticket.id,
            status="pending_customer",
            priority=ticket.priority,
            assignee_id=ticket.assignee_id,
        ),
        changes_only("Changes nothing else.", (ticket.id,)),
    )


def _note_check(case: _Return, ticket: Ticket, it: str) -> str:
    address, parcel = case.order.ship_to, case.parcel
    parts = [address.street, address.city, address.zip, *filter(None, [ticket.internal_note])]
    kept = " && ".join(f"{it}.internal_note.contains({_quoted(part)})" for part in parts)
    named = " || ".join(
        f"{it}.internal_note.contains('{part}')" for part in (parcel.id, parcel.tracking_number)
    )
    return f"{it}.internal_note != null && ({named}) && {kept}"


def _quoted(text: str) -> str:
    """CEL: the text as a string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _answer_criteria(case: _Return) -> tuple[Criterion, ...]:
    parcel = case.parcel
    status = parcel.status.replace("_", " ")
    found = [
        says_any("parcel", f"Names the parcel: {parcel.id}.", parcel.id, parcel.tracking_number),
        says_matching("shipment-status", f"Gives the status: {status}.", status_pattern(parcel)),
        says_date("scanned", "the day of the last scan", iso_day(parcel.events[-1].at)),
    ]
    if not case.is_back:
        return (decides("back", "Says that it does not come back.", _STAYS_OUT), *found)
    back = rf"^(?![\s\S]*(?:{_STAYS_OUT}))[\s\S]*(?:{undenied(_COMES_BACK)})"
    found.insert(0, decides("back", "Says that it comes back to us.", back))
    if case.ticket is None:
        found.append(decides("no-ticket", "Says that no ticket is open.", _NO_TICKET))
    else:
        found.append(says_any("ticket", f"Names the ticket: {case.ticket.id}.", case.ticket.id))
    return tuple(found)


RETURNED_PARCEL: Scenario[Company] = Scenario(
    name="returned-parcel",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="If {clue} comes back, the ticket waits for the customer's new address and says which "
    "parcel it was and where it failed; otherwise nothing is touched.",
    phrasings=PHRASINGS,
    details=DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
