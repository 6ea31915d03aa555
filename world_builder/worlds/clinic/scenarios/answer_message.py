"""The scenario of a question that a patient has written."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_only,
    field_is,
    is_short,
    says_date,
)
from world_builder.worlds.clinic.model import Appointment, Message, Patient, Practice
from world_builder.worlds.clinic.policies import INBOX
from world_builder.worlds.clinic.reckoning import copay, deadline
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    at_desk,
    clock,
    found,
    found_patient,
    service_of,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    plain_day,
    plain_money,
    plain_time,
    reply_has,
    says_money,
    says_name,
    says_time,
)
from world_builder.worlds.clinic.scenarios.replies import Answer, addressed, turned_away
from world_builder.worlds.clinic.voices import STAFF


def _asked(message: Message) -> str:
    """What a question is about, by its words: `when`, `cost` or `deadline`."""
    text = message.text.lower()
    if any(word in text for word in ("until what", "latest")):
        return "deadline"
    return "cost" if any(word in text for word in ("pay", "share of the bill")) else "when"


def _questions(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("answer-message")
    pairs = list(zip(practice.plots["question_message"], practice.plots["question"], strict=True))
    *known, stranger = pairs
    for message_id, visit_id in (known[0], known[1], stranger, *known[2:]):
        message, visit = practice.message(message_id), practice.appointment(visit_id)
        yield _question(desk, message, visit, rng)


def _question(desk: Desk[Practice], message: Message, visit: Appointment, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    patient = practice.patient(visit.patient_id)
    found(session, "find_messages", message.id, id=message.id)
    found_patient(session, patient)
    is_known = message.sender_date_of_birth == patient.date_of_birth
    if is_known:
        answer = _answered(session, practice, message, patient, visit)
    else:
        answer = turned_away(practice, message, patient, visit)
    session.call("answer_message", id=message.id, reply=answer.reply)
    return Draft(
        title=f"Answer {message.id} of {message.sender_name}",
        keys=(message.id,),
        slots={"message": message.id, "name": message.sender_name},
        calls=session.calls,
        response=f"{message.id} is answered. {answer.told}",
        criteria=(
            field_is(
                "answered", f"{message.id} is answered.", "message", message.id, status="answered"
            ),
            addressed(message),
            *answer.criteria,
            says_name("message", "the message", message.id),
            *answer.told_criteria,
            is_short(MAX_WORDS),
            changes_only("Changes nothing but the message.", (message.id,)),
        ),
        requester=at_desk(practice, rng, "front desk", "phone desk"),
        difficulty=None if is_known else Difficulty.EXPERT,
    )


def _answered(
    session: Session, practice: Practice, message: Message, patient: Patient, visit: Appointment
) -> Answer:
    found(session, "find_appointments", visit.id, patient_id=patient.id)
    make = {"when": _tell_when, "cost": _tell_cost, "deadline": _tell_deadline}
    return make[_asked(message)](session, practice, message, visit)


def _tell_when(
    session: Session, practice: Practice, message: Message, visit: Appointment
) -> Answer:
    who, room = practice.practitioner(visit.practitioner_id), practice.room(visit.room_id)
    session.call("look_up_directory", ids=[who.id, room.id])
    day = visit.day.isoformat()
    return Answer(
        reply=(
            f"{message.sender_name.split()[0]}, your next visit is on {day} at {visit.start}. "
            f"You see {who.name} in the {room.name}."
        ),
        criteria=(
            reply_has(
                "reply-day", f"The reply states the day: {day}.", message.id, plain_day(visit.day)
            ),
            reply_has(
                "reply-start",
                f"The reply states the start: {visit.start}.",
                message.id,
                plain_time(visit.start),
            ),
            reply_has(
                "reply-practitioner", f"The reply names {who.name}.", message.id, who.surname
            ),
            reply_has(
                "reply-room", f"The reply names the {room.name}.", message.id, room.name.split()[0]
            ),
        ),
        told=f"The next visit is {visit.id} on {day} at {visit.start}.",
        told_criteria=(
            says_name("visit", "the visit", visit.id),
            says_date("day", "the day", day),
            says_time("start", "the start", visit.start),
        ),
    )


def _tell_cost(
    session: Session, practice: Practice, message: Message, visit: Appointment
) -> Answer:
    service, patient = service_of(practice, visit), practice.patient(visit.patient_id)
    day = visit.day.isoformat()
    quoted = session.call("quote_visit", patient_id=patient.id, service_id=service.id, day=day)
    cents = copay(patient, service, visit.day)
    agree(f"co-payment of {visit.id}", (quoted["copay_cents"], visit.copay_cents), (cents, cents))
    return Answer(
        reply=(
            f"{message.sender_name.split()[0]}, you pay {money(cents)} yourself. "
            f"The visit is on {day}."
        ),
        criteria=(
            reply_has(
                "reply-cost",
                f"The reply states the co-payment: {money(cents)}.",
                message.id,
                plain_money(cents),
            ),
            reply_has(
                "reply-day", f"The reply states the day: {day}.", message.id, plain_day(visit.day)
            ),
        ),
        told=f"The co-payment for {visit.id} on {day} is {money(cents)}.",
        told_criteria=(
            says_name("visit", "the visit", visit.id),
            says_date("day", "the day", day),
            says_money("cost", "the co-payment", cents),
        ),
    )


def _tell_deadline(
    session: Session, practice: Practice, message: Message, visit: Appointment
) -> Answer:
    service = service_of(practice, visit)
    session.call("look_up_directory", ids=[service.id])
    last = deadline(service, visit.day, visit.start)
    until, fee = f"{last:%Y-%m-%d} at {clock(last)}", money(service.late_fee_cents)
    return Answer(
        reply=(
            f"{message.sender_name.split()[0]}, the last moment to cancel free is {until}. "
            f"After that the late fee is {fee}."
        ),
        criteria=(
            reply_has(
                "reply-last-day",
                f"The reply states the last day: {last:%Y-%m-%d}.",
                message.id,
                plain_day(last.date()),
            ),
            reply_has(
                "reply-last-time",
                f"The reply states the time: {clock(last)}.",
                message.id,
                plain_time(clock(last)),
            ),
            reply_has(
                "reply-fee",
                f"The reply states the late fee: {fee}.",
                message.id,
                plain_money(service.late_fee_cents),
            ),
        ),
        told=f"The last free moment for {visit.id} is {until}, the late fee {fee}.",
        told_criteria=(
            says_name("visit", "the visit", visit.id),
            says_date("last-day", "the last day to cancel free", f"{last:%Y-%m-%d}"),
            says_time("last-time", "the time until which it is free", clock(last)),
            says_money("fee", "the late fee", service.late_fee_cents),
        ),
    )


ANSWER_MESSAGE: Scenario[Practice] = Scenario(
    name="answer-message",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.HARD,
    system_prompt=INBOX,
    intent="{name}, or whoever writes under that name, gets the right answer and no other.",
    phrasings=(
        "Please answer {message} from {name} and tell me in short what you wrote, with the visit "
        "it is about.",
        "There is a question from {name} in the inbox, {message}. Could you reply to it? Then "
        "let me know the gist, so that I can say the same on the phone; the visit's id as well.",
        "{message} ({name}) still open. reply pls and give me the facts you told them + visit id",
        "{name} wrote to us, it's {message}. Send the answer and sum up for me what was said and "
        "which visit it concerns, or why you could not say more.",
        "Can you take {message}? It says {name} at the top. Reply as the policy has it. I'd like "
        "one line back with the same facts and the id of the visit, if there is anything to tell.",
        "Nobody has written back to {name} yet ({message}). Do that now, please, and repeat the "
        "essential facts to me, visit number included.",
        "Please clear {message}. The sender is given as {name}. What does the answer say, and "
        "about which visit?",
        "I found {message} at the bottom of the inbox, from {name}. Answer it properly and tell "
        "me afterwards what you could tell them, with the number of the visit in question.",
    ),
    details=("It has been waiting since yesterday.", "Friendly, but short."),
    drafts=_questions,
    num_tasks=7,
    voices=STAFF,
)
