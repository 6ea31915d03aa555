"""The scenario `safety-report`: smoke, melting and burn marks go to the safety officer at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.reckoning.returns import arrived_on
from world_builder.worlds.corecraft.reckoning.tickets import is_open, open_escalation
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    found_employee,
    iso_day,
    requester,
)
from world_builder.worlds.corecraft.scenarios.tickets.safety_rubric import (
    DANGERS,
    HARMLESS,
    Trouble,
    danger_criteria,
    escalated_criteria,
    harmless_criteria,
    trouble_of,
)
from world_builder.worlds.corecraft.story.staff import SAFETY_OFFICER

_NUM = 18
_HOT = ("psu", "gpu", "monitor", "motherboard", "cooler", "peripheral")
"""Categories of parts that can smoke."""
_NO_NEWS = "The customer has not called or written since."

_PHRASINGS = (
    "{ticket}: {news} If that makes it a safety matter by our rules, do all they demand "
    "(priority, escalation) and reply on the ticket: what to do with the part and within how many "
    "hours somebody calls. Then tell me who has it and until what time. If it is none, or safety "
    "has it already, change nothing; in the first case tell me what is wrong instead and the "
    "priority it keeps, in the second the escalation id, whose it is and the day it was due.",
    "Please judge {ticket} for me. {news} Safety or not? For a yes: set the priority, escalate, "
    "write the customer what to do with the thing and when we call at the latest, and give me the "
    "name and the hour of the deadline. For a no: hands off, and I want to hear what the "
    "complaint really is and what priority it has. If it's with safety already: hands off too, "
    "just id of the escalation, name, due day.",
    "{news} That's about {ticket}. does this go to safety?? if so the whole programme pls - prio, "
    "escalation, answer to the customer (what to do w/ it, call within how long) - & tell me "
    "who's got it & till when. already there: only escalation id, owner, due day. not a case for "
    "them: what is it then, prio as is, leave it",
    "I'm not sure whether {ticket} is one for the safety officer. {news} Have a look at the "
    "thread and decide. If yes, carry it through: right priority, escalation, a reply that says "
    "what to do with the item and how soon they get a call. Report the colleague and the time it "
    "is due. If it has been passed on to safety before, don't touch it, name the escalation, the "
    "person and its due day. If there's no danger in it, don't touch it either and say what is "
    "broken and which priority stays.",
    "Safety check, {ticket}. {news}\n"
    "Danger: priority, escalation, reply to the customer (handling of the part; call by when), "
    "then report owner and time.\n"
    "Known to safety: no change, report escalation id, owner, due day.\n"
    "No danger: no change, report the actual trouble and the priority.",
    "Somebody at the next desk thinks we should drop everything for {ticket}. {news} Is that so "
    "under the rule on safety? Where it is, please do drop everything: priority and escalation as "
    "written, and a message on the ticket telling them how to treat the device and within what "
    "time they are phoned; I need the name of whoever has it and the hour. Where a colleague "
    "escalated it to safety before us, I only need that escalation's id, its owner and the day it "
    "was due. Where the rule does not apply, nothing changes, and you tell me the real problem "
    "and the current priority.",
    "What do the rules want us to do with {ticket} today? {news} I mean the part on things that "
    "can catch fire. Do it if it applies (don't forget the customer: instructions for the part, "
    "and when we ring) and come back with owner and deadline hour. Should it not apply, leave "
    "ticket and priority alone and write me which priority that is and what the trouble is. "
    "Should safety be on it already, leave it alone and write me escalation, owner and due day.",
    "Took a note for {ticket}: {news} Sort it, please: a safety case gets the priority and the "
    "escalation that belong to it plus a reply (what they do with the item; call within so many "
    "hours), and I get name and time. A case that safety has got already stays as it is, I get "
    "the id of the escalation, the name and the due day. Anything else stays as it is too, I get "
    "the fault in a few words and the priority.",
    "Is there a fire risk in {ticket}, yes or no? {news} Yes: act by the safety rule including "
    "the answer to the customer with how to handle it and how soon a call comes, report who and "
    "by what hour. Yes but already handed to safety: no action, report escalation id, who, due "
    "which day. No: no action, report what the customer complains of and the priority.",
    "{ticket} landed with me by mistake. {news} I don't want to overlook anything dangerous. "
    "Treat it as the rules say if it is (urgency, right people, and tell the customer what to do "
    "with the hardware and when to expect our call; then owner and due time to me). If those "
    "people have it, just tell me under which escalation, who exactly and due on what day. If it "
    "is harmless, tell me the defect and the present priority, and don't change a thing.",
)
_DETAILS = (
    "I have a meeting in ten minutes.",
    "The customer has been friendly throughout.",
    "I am new at this desk.",
    "It is my first case of this kind.",
    "I would rather not decide this alone.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """A ticket with what the customer said about it last."""

    ticket: Ticket
    news: str
    danger: Trouble | None = None
    harmless: Trouble | None = None
    """Both None: it is with safety already."""


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("safety-report")
    for report in _cases(desk.model, rng):
        yield _draft(desk, report, rng)


def _cases(company: Company, rng: Random) -> list[_Report]:
    """Dangers and others by turns; of the others, harmless ones and known ones by turns."""
    tickets = [t for t in company.tickets if is_open(t) and t.product_id and t.order_id]
    rng.shuffle(tickets)
    written = list(_written(company, tickets))
    dangers = [report for report in written if report.danger is not None]
    reports = [*dangers, *_called(company, tickets), *written]
    reports = once_each(reports, lambda report: report.ticket.id)
    others = by_turns(
        [report for report in reports if report.danger is None],
        lambda report: (report.harmless is None, report.news == _NO_NEWS),
    )
    return by_turns(
        [*(r for r in reports if r.danger is not None), *others],
        lambda report: report.danger is not None,
    )


def _written(company: Company, tickets: list[Ticket]) -> Iterator[_Report]:
    """What the messages tell by themselves."""
    for ticket in tickets:
        danger, harmless = trouble_of(ticket, DANGERS), trouble_of(ticket, HARMLESS)
        is_known = open_escalation(company, ticket) is not None
        if danger is not None:
            yield _Report(ticket=ticket, news=_NO_NEWS, danger=None if is_known else danger)
        elif harmless is not None and not is_known:
            yield _Report(ticket=ticket, news=_NO_NEWS, harmless=harmless)


def _called(company: Company, tickets: list[Ticket]) -> Iterator[_Report]:
    """What customers add by phone to tickets about parts that arrived."""
    troubles = cycle((*(t for t in DANGERS if t.call), *(t for t in HARMLESS if t.call)))
    for ticket in tickets:
        product = company.product(ticket.product_id or "")
        is_there = arrived_on(company, ticket.order_id or "", product.id) is not None
        is_free = open_escalation(company, ticket) is None and trouble_of(ticket, DANGERS) is None
        if not (product.category in _HOT and is_there and is_free):
            continue
        trouble = next(troubles)
        is_danger = trouble in DANGERS
        yield _Report(
            ticket=ticket,
            news=trouble.call.format(product=product.name),
            danger=trouble if is_danger else None,
            harmless=None if is_danger else trouble,
        )


def _draft(desk: Desk[Company], report: _Report, rng: Random) -> Draft:
    company, ticket = desk.model, report.ticket
    asker = asked_by(company, rng, "support", "returns", "escalations")
    session = desk.session()
    session.call("get_ticket", id=ticket.id)
    escalation = open_escalation(company, ticket)
    if report.danger is not None:
        response = _carried_out(company, session, report.danger, ticket, asker)
        criteria = danger_criteria(company, ticket, report.danger, asker)
    elif escalation is not None:
        owner = company.employee(escalation.assigned_to_id)
        session.call("search_employees", id=owner.id)
        response = (
            f"Safety has it already: {escalation.id} is with {owner.name}. "
            f"It was due on {iso_day(escalation.due_at)}."
        )
        criteria = escalated_criteria(company, ticket, escalation)
    else:
        told = report.harmless.told if report.harmless else ""
        response = (
            "This is no case for safety. The rule speaks of smoke and burn marks. What the "
            f"customer reports: {told}. The priority stays {ticket.priority}."
        )
        criteria = harmless_criteria(ticket, report.harmless or HARMLESS[0])
    return Draft(
        title=f"Is {ticket.id} a safety matter?",
        keys=(ticket.id,),
        slots={"ticket": ticket.id, "news": report.news},
        calls=session.calls,
        response=response,
        criteria=tuple(criteria),
        requester=requester(asker),
    )


def _carried_out(
    company: Company, session: Session, danger: Trouble, ticket: Ticket, asker: Employee
) -> str:
    employee_id = found_employee(session, asker)
    first_name = company.customer(ticket.customer_id).first_name
    session.call(
        "update_ticket",
        id=ticket.id,
        priority="urgent",
        reply=f"Hello {first_name}, please leave it unplugged and keep it for us as it is. "
        "A colleague calls you within two hours. CoreCraft Support",
        employee_id=employee_id,
    )
    session.call(
        "create_escalation",
        ticket_id=ticket.id,
        level="safety",
        reason=f"The customer reports {danger.told}.",
        employee_id=employee_id,
    )
    return (
        "Yes, this is a safety matter. I set the priority to urgent and escalated it: "
        f"{company.employee(SAFETY_OFFICER).name} has it until 16:00 today. The customer was told "
        "to leave it unplugged and to keep it, and that somebody calls within two hours."
    )


SAFETY_REPORT: Scenario[Company] = Scenario(
    name="safety-report",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=CARE_DESK,
    intent="Nobody gets hurt by what {ticket} is about, and safety is not called for nothing.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
