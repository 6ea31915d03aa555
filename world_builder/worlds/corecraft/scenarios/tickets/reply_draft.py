"""The scenario `reply-draft`: the text of an answer to a customer, which nobody sends yet."""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    is_email,
    says_matching,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import CARE_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester
from world_builder.worlds.corecraft.scenarios.tickets.answers import Answer
from world_builder.worlds.corecraft.scenarios.tickets.questions import answers
from world_builder.worlds.corecraft.scenarios.tickets.wording import SIGNATURE, never_says

_NUM = 18
_MOST_WORDS = 120
_CLOSINGS = ("Best regards,", "Kind regards,", "Thank you for your patience.\n\nBest regards,")
_INTERNAL = (
    r"voicemail|\binternal|slack|thread of june|discount|second contact|employee|emp-\d"
    r"|escalat|priority|assignee|warehouse before"
)
"""What a customer must not read."""

_PHRASINGS = (
    "Draft my answer to {ticket}, I'll send it myself. The customer wants to know {question}. "
    "First name on top, the facts from our records, then what happens next or what they should "
    "do, and our usual signature, within 120 words. Nothing from our side of the ticket in it.",
    "What could I reply to the last message of {ticket}? The point is {question}. I need the full "
    "text with greeting, answer, next step and signature (120 words at the most), but please "
    "don't post it on the ticket.",
    "reply text for {ticket} pls, not sent, just the text here. it's about {question}. greet by "
    "first name, say the next step, sign as we do. max 120 words, keep internal stuff out",
    "I have to write back to the customer of {ticket} and words fail me today. They would like to "
    "hear {question}. Could you write the letter for me to look over? Personal greeting, true "
    "facts, a sentence on how it goes on, the support signature, at most 120 words. It stays a "
    "draft.",
    "A text to copy for {ticket}: greeting with the first name; {question}; next step; signature "
    "of support; no more than 120 words. No internal remarks. Leave the ticket itself as it is.",
    "Before anything goes out in {ticket}, show me a draft. Content: {question}, and what comes "
    "after that. Form: as our letters to customers always are, and not above 120 words. Not a "
    "word of notes or of who works on what.",
    "Someone in {ticket} asked and still has no proper answer. Look up {question}; put it in a "
    "friendly message of up to 120 words that begins with their first name, names the step that "
    "follows, and ends with our signature. I only want the wording, so don't reply there yourself.",
    "Please phrase an answer for {ticket}. Topic: {question}. They should know afterwards what "
    "they can do or expect. Polite, 120 words or fewer, signed by support; I will paste it in "
    "once I have read it, so no changes in the system.",
    "How would you word it? In {ticket} the open question is {question}. One message, ready to be "
    "sent by me later: salutation by first name, answer with the exact figures and days, the next "
    "step, closing and signature, in 120 words or less.",
    "For training I collect good replies. Show the new ones how {ticket} should be answered "
    "({question}): opening, facts, what is next, ending, as our style wants it. Only the text "
    "(limit: 120 words), the ticket must not change.",
)
_DETAILS = (
    "It should sound like us.",
    "They write in plain English, so do we.",
    "The customer is a patient person.",
    "No apology needed.",
    "I will be the one who answers if they come back.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("reply-draft")
    found = list(answers(desk.model))
    rng.shuffle(found)
    found.sort(key=lambda answer: answer.ticket.internal_note is None)
    for answer in by_turns(found, lambda answer: answer.kind):
        yield _draft(desk, answer, rng)


def _draft(desk: Desk[Company], answer: Answer, rng: Random) -> Draft:
    company, ticket = desk.model, answer.ticket
    session = desk.session()
    session.call("get_ticket", id=ticket.id)
    for tool, arguments in answer.calls:
        session.call(tool, **arguments)
    first_name = company.customer(ticket.customer_id).first_name
    return Draft(
        title=f"Draft a reply for {ticket.id}",
        keys=(ticket.id,),
        slots={"ticket": ticket.id, "question": answer.question},
        calls=session.calls,
        response=f"Hello {first_name},\n\n{answer.text}\n\n{answer.next_step}\n\n"
        f"{rng.choice(_CLOSINGS)}\n{SIGNATURE}",
        criteria=tuple(_criteria(answer, first_name)),
        requester=requester(asked_by(company, rng, "support", "returns")),
    )


def _criteria(answer: Answer, first_name: str) -> Iterator[Criterion]:
    yield is_email(_MOST_WORDS)
    yield greets(first_name)
    for fact in answer.facts:
        yield says_matching(fact.key, f"Says that {fact.told}.", fact.pattern)
    told = "Says what happens next or what the customer can do."
    yield says_matching("next-step", told, answer.next_pattern)
    yield signs_off(SIGNATURE)
    yield never_says("nothing-internal", "Tells nothing internal.", _INTERNAL)
    yield changes_nothing()


REPLY_DRAFT: Scenario[Company] = Scenario(
    name="reply-draft",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=CARE_DESK,
    intent="Have words for the customer of {ticket}, who wants to know {question}.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
