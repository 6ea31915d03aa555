"""The scenario of a reminder e-mail that keeps to itself what the visit is for."""

from collections.abc import Iterator
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    has_subject,
    is_email,
    leaves_out,
    says_date,
    says_matching,
    signs_off,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Practice
from world_builder.worlds.clinic.policies import INBOX
from world_builder.worlds.clinic.reckoning import deadline
from world_builder.worlds.clinic.scenarios.common import (
    at_desk,
    clock,
    found,
    service_of,
    spoken_day,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_name,
    says_time,
)
from world_builder.worlds.clinic.scenarios.mail import CLOSING, SENDER, booked_ahead
from world_builder.worlds.clinic.voices import STAFF


def _reminders(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("reminder")
    seen: set[str] = set()
    for visit in booked_ahead(practice, rng):
        last = deadline(service_of(practice, visit), visit.day, visit.start)
        kind = f"{visit.service_id}"
        if last > rules.NOW and kind not in seen:
            seen.add(kind)
            yield _reminder(desk, visit, rng)


def _reminder(desk: Desk[Practice], visit: Appointment, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    patient, service = practice.patient(visit.patient_id), service_of(practice, visit)
    who, room = practice.practitioner(visit.practitioner_id), practice.room(visit.room_id)
    found(session, "find_appointments", visit.id, id=visit.id)
    found(session, "find_patients", patient.id, id=patient.id)
    session.call("look_up_directory", ids=[who.id, room.id, service.id])
    last = deadline(service, visit.day, visit.start)
    day = visit.day.isoformat()
    return Draft(
        title=f"Reminder of {visit.id}",
        keys=(visit.id,),
        slots={"visit": visit.id, "name": patient.name, "day": spoken_day(visit.day, rng)},
        calls=session.calls,
        response=(
            f"Subject: Your visit on {day}\n\nDear {patient.first_name},\n\n"
            f"We expect you on {day} at {visit.start} in the {room.name}. "
            f"{who.name} will see you.\n\n"
            f"You may cancel it free of charge until {last:%Y-%m-%d} at {clock(last)}.\n\n"
            f"{CLOSING}"
        ),
        criteria=(
            is_email(MAX_WORDS),
            has_subject("visit", "appointment", "reminder"),
            greets(patient.first_name),
            says_date("day", "the day of the visit", day),
            says_time("start", "the start", visit.start),
            says_name("practitioner", "who sees the patient", who.surname),
            says_name("room", "the room", room.name, room.id),
            says_date("last-day", "the last day to cancel free", f"{last:%Y-%m-%d}"),
            says_matching(
                "free",
                "Says until when it can be cancelled free.",
                r"cancel[^.\n]*(?:\bfree\b|no (?:fee|charge|cost)|without)|free[^.\n]*cancel",
            ),
            leaves_out(
                "privacy",
                "Does not say what the visit is for.",
                service.name,
                who.job_title,
                *(() if service.specialty == "general" else (service.specialty,)),
            ),
            signs_off(SENDER),
            changes_nothing(),
        ),
        requester=at_desk(practice, rng, "front desk", "phone desk"),
    )


REMINDER: Scenario[Practice] = Scenario(
    name="reminder",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=INBOX,
    intent="{name} does not forget the visit, and nobody who sees the mail learns what it is for.",
    phrasings=(
        "Please write the reminder e-mail for {visit}, the visit of {name} on {day}.",
        "{name} comes on {day} ({visit}) and likes to be reminded by mail. Draft it the way the "
        "policy wants it, subject line and all.",
        "reminder mail for {visit} pls, {name}, {day}. with subject",
        "Can you put together the e-mail that reminds {name} of {visit} on {day}? Everything "
        "that belongs into a reminder, and nothing that doesn't.",
        "The automatic reminders are down. I need the one to {name} for {visit} ({day}) by hand, "
        "as an e-mail with a subject.",
        "I'd send {name} a short e-mail about the visit on {day}, number {visit}: where to be, "
        "when, whom they see, and the free cancellation. Could you word it?",
        "Next on the list is {visit}. {name}, {day}. One reminder e-mail, complete, ready to send.",
        "Would you compose a reminder for {name}? The visit is {visit}, on {day}. Please keep to "
        "the rules for reminders; the mail is read on a shared computer.",
    ),
    details=(
        "Last week one went out that told half the family what it was about.",
        "Not too long, please.",
    ),
    drafts=_reminders,
    num_tasks=6,
    voices=STAFF,
)
