"""The scenario of a cancellation that a patient has written."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_only,
    field_is,
)
from world_builder.worlds.clinic.model import Appointment, Message, Practice
from world_builder.worlds.clinic.policies import INBOX
from world_builder.worlds.clinic.reckoning import is_late, may_waive
from world_builder.worlds.clinic.scenarios.common import (
    at_desk,
    found,
    found_patient,
    service_of,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    plain_day,
    plain_money,
    reply_has,
    says_name,
)
from world_builder.worlds.clinic.scenarios.fees import cancelled, cause_of, settled
from world_builder.worlds.clinic.scenarios.replies import Answer, addressed, turned_away
from world_builder.worlds.clinic.voices import STAFF


def _written(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("message-cancel")
    pairs = zip(
        practice.plots["message_cancel_message"], practice.plots["message_cancel"], strict=True
    )
    for message_id, visit_id in pairs:
        message, visit = practice.message(message_id), practice.appointment(visit_id)
        yield _cancellation(desk, message, visit, rng)


def _cancellation(desk: Desk[Practice], message: Message, visit: Appointment, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    patient = practice.patient(visit.patient_id)
    found(session, "find_messages", message.id, id=message.id)
    found_patient(session, patient)
    is_known = message.sender_date_of_birth == patient.date_of_birth
    if is_known:
        answer, in_book = _carried_out(session, practice, message, visit)
    else:
        undone = " Nothing is cancelled."
        answer, in_book = turned_away(practice, message, patient, visit, undone), ()
    session.call("answer_message", id=message.id, reply=answer.reply)
    changed = (message.id, visit.id, visit.referral_id) if is_known else (message.id,)
    return Draft(
        title=f"Deal with {message.id} of {message.sender_name}",
        keys=(message.id,),
        slots={"message": message.id, "name": message.sender_name},
        calls=session.calls,
        response=f"{message.id} is answered. {answer.told}",
        criteria=(
            *in_book,
            addressed(message),
            *answer.criteria,
            says_name("message", "the message", message.id),
            *answer.told_criteria,
            changes_only("Changes nothing else.", tuple(i for i in changed if i is not None)),
        ),
        requester=at_desk(practice, rng, "front desk", "phone desk"),
        difficulty=Difficulty.EXPERT if is_known else None,
    )


def _carried_out(
    session: Session, practice: Practice, message: Message, visit: Appointment
) -> tuple[Answer, tuple[Criterion, ...]]:
    """Cancels the visit from the minute the message came, and says so."""
    service = service_of(practice, visit)
    found(session, "find_appointments", visit.id, patient_id=visit.patient_id)
    session.call("look_up_directory", ids=[service.id])
    late = is_late(service, visit.day, visit.start, message.received_at)
    fee = cancelled(session, practice, visit, late, message_id=message.id)
    _, sentence, told_criteria = settled(practice, visit, late)
    day = visit.day.isoformat()
    reply, fee_criteria = _told_fee(practice, message, visit, late)
    answer = Answer(
        reply=(
            f"{message.sender_name.split()[0]}, your visit on {day} at {visit.start} is "
            f"cancelled. {reply}"
        ),
        criteria=(
            reply_has(
                "reply-day", f"The reply states the day: {day}.", message.id, plain_day(visit.day)
            ),
            *fee_criteria,
        ),
        told=f"{visit.id} is cancelled. {sentence}",
        told_criteria=(says_name("visit", "the visit", visit.id), *told_criteria),
    )
    in_book = field_is(
        "cancelled",
        f"{visit.id} is cancelled by the patient, late: {'yes' if late else 'no'}.",
        "appointment",
        visit.id,
        status="cancelled",
        cancelled_by="patient",
        is_late=late,
        cancelled_at=message.received_at.isoformat(),
    )
    charged = field_is(
        "fee-charged",
        f"The fee of {visit.id} is {money(fee)}.",
        "appointment",
        visit.id,
        fee_cents=fee,
    )
    return answer, (in_book, charged)


def _told_fee(
    practice: Practice, message: Message, visit: Appointment, late: bool
) -> tuple[str, tuple[Criterion, ...]]:
    """What the reply says of the fee."""
    service = service_of(practice, visit)
    fee = money(service.late_fee_cents)
    if not late:
        free = r"\b(?:no|without an?y?) (?:late )?(?:fee|charge|cost)|\bfree\b|nothing"
        text = "The reply says that there is no fee."
        return "There is no fee.", (reply_has("reply-fee", text, message.id, free),)
    if may_waive(practice, visit.patient_id):
        text = "The reply says that the late fee is waived."
        return f"It was late, but the late fee of {fee} is waived.", (
            reply_has("reply-fee", text, message.id, r"waive|forgiven|no (?:late )?fee"),
        )
    text = f"The reply says that a late fee of {fee} is charged."
    cause = cause_of(practice, visit.patient_id)[0]
    return f"It was late, and the late fee of {fee} is charged because of {cause}.", (
        reply_has("reply-fee", text, message.id, plain_money(service.late_fee_cents)),
    )


MESSAGE_CANCEL: Scenario[Practice] = Scenario(
    name="message-cancel",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.HARD,
    system_prompt=INBOX,
    intent="What {name} wrote is done as of the minute it came in, with the right fee and a reply.",
    phrasings=(
        "Please deal with {message} from {name}: do what it asks, if we may, and reply. Then "
        "tell me which visit it was, whether there is a fee and until when the notice ran.",
        "{name} wrote that they aren't coming ({message}). Cancel it if everything is in order, "
        "answer, and report to me: number of the visit, fee or none and why, end of the notice.",
        "{message} / {name}: cancellation. process + reply. tell me visit id, fee yes/no w/ "
        "reason, when notice ran out. if you can't do it say why",
        "A cancellation has been sitting in the inbox, {message} by {name}. Handle it from the "
        "book to the reply. For my list I need the visit, the money side with its reason, and "
        "the moment up to which it would have been free. If something is fishy, what?",
        "Could you work off {message}? {name} wants out of a visit, it says. Mind when it came "
        "in. Afterwards I'd like to know the visit's number, what you charged or didn't and for "
        "what reason, and the cut-off that counted.",
        "Somebody signing as {name} has cancelled by the web form, see {message}. Act on it "
        "according to the rules, send the reply, and brief me on visit, fee, reason and "
        "deadline, or on what kept you from it.",
        "I haven't got round to {message} ({name}). Would you take it over completely, book and "
        "answer? Let me have the outcome: which visit, any late fee and the grounds for it, the "
        "last free moment.",
        "Next one in the inbox: {message}, {name}. They call a visit off. Finish it and give me "
        "a summary with id, fee, why, and the end of the notice period, unless it couldn't be "
        "done.",
    ),
    details=("I only looked at it just now, so don't hold that against the patient.",),
    drafts=_written,
    num_tasks=7,
    is_unseen=True,
    voices=STAFF,
)
