"""The scenario `close-with-information`: answer from the records on the ticket, then resolve it."""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_only,
    creates_one,
    field_is,
    says_matching,
    state_is,
)
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, found_employee, requester
from world_builder.worlds.corecraft.scenarios.tickets.answers import Answer
from world_builder.worlds.corecraft.scenarios.tickets.questions import answers
from world_builder.worlds.corecraft.scenarios.tickets.wording import SIGNATURE, cel_text, reply_says

_NUM = 18
_TEAMS = {"declined": "billing", "twice": "billing", "build": "builds"}
"""By kind of question: who else than support asks."""

_PHRASINGS = (
    "{ticket} can be finished: the customer only wants to know {question}. Look it up, answer it "
    "on the ticket with all of that, then resolve the ticket as information; the summary should "
    "hold what they were told. Repeat the answer to me.",
    "Please answer the question in {ticket} from our records ({question}) as a reply to the "
    "customer and resolve with the kind information. Put the essential fact into the summary, "
    "too, and let me see what you wrote them.",
    "pls close out {ticket}: reply w/ {question}, then resolution = information, summary w/ the "
    "fact in it. & tell me the facts too",
    "Nobody has given the customer of {ticket} a straight answer yet. They ask {question}. Would "
    "you find that out, reply on the ticket and then end it with a resolution of the kind "
    "information, summary with the answer in it? I'd like the same facts in your note to me.",
    "Two steps for {ticket}.\n"
    "1. Reply to the customer: {question}, everything of it from the records.\n"
    "2. Resolve, kind information, with the answer in the summary.\n"
    "Then report the facts to me and that it is resolved.",
    "What is the answer to {ticket}? It is about {question}. Once you have it, let the customer "
    "have it as well, on the ticket, and resolve that as information (write in the summary what "
    "it was). Order matters: first the reply.",
    "A quick win, I hope: {ticket}. Open point: {question}. Tell the customer in a reply, tell me "
    "here, and mark the ticket resolved by information with a summary that contains it.",
    "The customer in {ticket} has been wondering {question}. I have no time to dig. Dig for me, "
    "write it in a reply there, resolve the whole thing (information; the summary names the "
    "fact), and report back with what you found.",
    "Could you take {ticket} off my list? It needs a reply that says {question}, and after that a "
    "resolution, kind information, whose summary a colleague understands without reading the "
    "thread, so with the fact in it. Confirm with the facts, please.",
    "Resolve {ticket} with information, but not before the customer got a reply on {question}. "
    "The summary must carry the result. What did you tell them?",
)
_DETAILS = (
    "They have been waiting politely.",
    "No goodwill, nothing else, just the facts.",
    "It is the only thing they asked.",
    "I already said thank you for their patience.",
    "A follow-up date is not needed.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("close-with-information")
    found = [answer for answer in answers(desk.model) if answer.is_final]
    rng.shuffle(found)
    for answer in by_turns(found, lambda answer: answer.kind):
        yield _draft(desk, answer, rng)


def _draft(desk: Desk[Company], answer: Answer, rng: Random) -> Draft:
    company, ticket = desk.model, answer.ticket
    asker = asked_by(company, rng, "support", _TEAMS.get(answer.kind, "returns"))
    session = desk.session()
    session.call("get_ticket", id=ticket.id)
    for tool, arguments in answer.calls:
        session.call(tool, **arguments)
    employee_id = found_employee(session, asker)
    first_name = company.customer(ticket.customer_id).first_name
    session.call(
        "update_ticket",
        id=ticket.id,
        reply=f"Hello {first_name},\n\n{answer.text} {answer.next_step}\n\n{SIGNATURE}",
        employee_id=employee_id,
    )
    session.call(
        "create_resolution",
        ticket_id=ticket.id,
        kind="information",
        summary=f"The customer was told: {answer.facts[0].told}.",
        employee_id=employee_id,
    )
    return Draft(
        title=f"Answer and resolve {ticket.id}",
        keys=(ticket.id,),
        slots={"ticket": ticket.id, "question": answer.question},
        calls=session.calls,
        response=f"The customer was told: “{answer.text}” The ticket is resolved.",
        criteria=tuple(_criteria(answer, asker)),
        requester=requester(asker),
    )


def _criteria(answer: Answer, asker: Employee) -> Iterator[Criterion]:
    ticket = answer.ticket
    for fact in answer.facts:
        told = f"Replies once to the customer that {fact.told}."
        yield reply_says(f"reply-{fact.key}", told, ticket, asker, fact.pattern)
    yield creates_one(
        "resolution",
        f"Resolves {ticket.id} with the kind information in the name of {asker.name}.",
        "resolution",
        ticket_id=ticket.id,
        kind="information",
        resolved_by_id=asker.id,
        refund_id=None,
        follow_up_on=None,
    )
    main = answer.facts[0]
    summary = cel_text(f"(?is){main.pattern}")
    yield state_is(
        "summary",
        f"Says in the summary that {main.told}.",
        f"created.exists(c, c.type == 'resolution' && c.after.summary.matches({summary}))",
    )
    yield field_is(
        "ticket",
        f"Leaves {ticket.id} resolved, with its priority, assignee and note.",
        "support_ticket",
        ticket.id,
        status="resolved",
        priority=ticket.priority,
        assignee_id=ticket.assignee_id,
        internal_note=ticket.internal_note,
    )
    told = "Changes only the ticket and creates only the resolution."
    yield changes_only(told, (ticket.id,), ("resolution",))
    for fact in answer.facts:
        yield says_matching(f"told-{fact.key}", f"Reports that {fact.told}.", fact.pattern)
    yield says_matching("resolved", "Says that the ticket is resolved.", r"resolved|closed|ended")


CLOSE_WITH_INFORMATION: Scenario[Company] = Scenario(
    name="close-with-information",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="The customer of {ticket} knows {question}, and the ticket is off the list.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
