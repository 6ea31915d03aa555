"""The scenario of a freed time that goes to whoever is next on the waiting list."""

from collections.abc import Iterator
from random import Random
from typing import Any

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_only,
    field_is,
)
from world_builder.worlds.clinic.model import (
    Appointment,
    Practice,
    Practitioner,
    WaitingEntry,
)
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.reckoning import (
    first_fit,
    free_slots,
    in_turn,
    suits,
)
from world_builder.worlds.clinic.scenarios import common
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    at_desk,
    called,
    found,
    spoken_day,
    spoken_time,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import says_name
from world_builder.worlds.clinic.scenarios.making import (
    Booking,
    book,
    in_state,
    one_visit,
    referral_for,
)
from world_builder.worlds.clinic.voices import STAFF


def _gaps(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("fill-gap")
    for visit_id in practice.plots["gap"]:
        yield _gap(desk, practice.appointment(visit_id), rng)


def _next(
    practice: Practice, gap: Appointment, who: Practitioner
) -> tuple[WaitingEntry, list[tuple[WaitingEntry, str]]]:
    """Whose turn it is, and those before whom the time does not suit, with the reason."""
    passed: list[tuple[WaitingEntry, str]] = []
    for entry in in_turn(practice.waiting_for(gap.service_id)):
        why = suits(practice, entry, who, gap.day, gap.start)
        if not why:
            return entry, passed
        passed.append((entry, why))
    raise LookupError(f"nobody can have the time of {gap.id}")


def _gap(desk: Desk[Practice], gap: Appointment, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    service, who = practice.service(gap.service_id), practice.practitioner(gap.practitioner_id)
    gone = practice.patient(gap.patient_id)
    entry, passed = _next(practice, gap, who)
    patient = practice.patient(entry.patient_id)
    session.call("look_up_directory", specialty=service.specialty)
    found(
        session,
        "find_waiting_list",
        entry.id,
        service_id=service.id,
        status="waiting",
    )
    for skipped, why in passed:
        _seen(session, practice, skipped, why, gap)
    found(session, "find_patients", patient.id, id=patient.id)
    booking = _refilled(session, practice, gap, entry)
    visit_id = book(session, booking)
    return Draft(
        title=f"Give the time of {gap.id} to the waiting list",
        keys=(gap.id, patient.id),
        slots={
            "gone": gone.name,
            "service": service.name.lower(),
            "a_service": with_article(service.name),
            "who": called(who, rng),
            "day": spoken_day(gap.day, rng),
            "time": spoken_time(gap.start, rng),
        },
        calls=session.calls,
        response=(
            f"{patient.name} gets the time: {visit_id} is booked in the {booking.room.name}. "
            f"The entry was {entry.id}, the phone number is {patient.phone}."
        ),
        criteria=_criteria(booking, entry, visit_id),
        requester=at_desk(practice, rng, "front desk", "phone desk"),
    )


def _refilled(
    session: Session, practice: Practice, gap: Appointment, entry: WaitingEntry
) -> Booking:
    """The visit that fills a gap, its time, room and referral looked up."""
    service, who = practice.service(gap.service_id), practice.practitioner(gap.practitioner_id)
    patient = practice.patient(entry.patient_id)
    referral = referral_for(session, practice, patient, service, gap.day)
    slots = free_slots(practice, who, service, gap.day, earliest=gap.start, latest_end=gap.end)
    common.free_slots(
        session, service, who, gap.day, slots, earliest_start=gap.start, latest_end=gap.end
    )
    fit = first_fit(practice, patient, slots, gap.day, service.minutes)
    if fit is None:
        raise LookupError(f"{patient.id} does not fit into {gap.id}")
    return Booking(
        patient=patient,
        service=service,
        practitioner=who,
        day=gap.day,
        start=fit[0],
        room=fit[1],
        referral_id=referral.id if referral else None,
        entry=entry,
    )


def _criteria(booking: Booking, entry: WaitingEntry, visit_id: str) -> tuple[Criterion, ...]:
    patient, room = booking.patient, booking.room
    return (
        one_visit(),
        *in_state(booking),
        field_is(
            "entry-booked",
            f"{entry.id} is booked.",
            "waiting_entry",
            entry.id,
            status="booked",
            appointment_id=visit_id,
        ),
        says_name("patient", "who gets the time", patient.name),
        says_name("visit", "the new visit", visit_id),
        says_name("room", "the room", room.name, room.id),
        says_name("entry", "the entry", entry.id),
        says_name("phone", "the phone number", patient.phone),
        changes_only(
            "Changes nothing but the entry, the new visit and its referral.",
            tuple(i for i in (entry.id, booking.referral_id) if i),
            ("appointment",),
        ),
    )


def _seen(
    session: Session, practice: Practice, entry: WaitingEntry, why: str, gap: Appointment
) -> None:
    """How the reference finds that a time does not suit somebody."""
    if why in ("practitioner", "part_of_day", "not_before"):
        return
    checked: Any = session.call(
        "check_booking",
        patient_id=entry.patient_id,
        service_id=entry.service_id,
        practitioner_id=gap.practitioner_id,
        day=gap.day.isoformat(),
        start=gap.start,
    )
    agree(f"why {entry.id} is passed over", why in [p["rule"] for p in checked["problems"]], True)


FILL_GAP: Scenario[Practice] = Scenario(
    name="fill-gap",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EXPERT,
    system_prompt=FRONT_DESK,
    intent="Give the time that {gone} gave up to whoever the waiting list says, and no one else.",
    phrasings=(
        "{gone} gave up the {service} with {who} on {day} at {time}. Please give that time to "
        "whoever is next on the waiting list and tell me name and phone number, the entry, the "
        "new visit and the room, so that I can ring them.",
        "There is a hole in the book: {day}, {time}, {who}, {service} ({gone} cancelled). Fill "
        "it from the waiting list by the rules. Who got it, under which entry, what is the "
        "visit's number, which room, and what number do I dial?",
        "{gone} is out, so {service} {day} {time} with {who} is free. next in line from the "
        "waiting list pls, book them in. need name, phone, entry no, visit no, room",
        "Since {gone} isn't coming, somebody who waits for {a_service} could have {day} at "
        "{time} with {who}. Work out whose turn it is, book it against the entry, and send me "
        "the name, the phone number, the room and both numbers (entry, visit).",
        "Waiting list duty! The {service} that {gone} had with {who} ({day}, {time}) is up for "
        "grabs. Check who really can have it, book that person, then give me what I need for the "
        "call: name, number to ring, room, visit and entry.",
        "Please don't let {day} at {time} with {who} go to waste. {gone} cancelled the "
        "{service}. Enter whoever the policy puts first among those it suits, close the entry, "
        "and report the person, the phone, the visit, the room and which entry it was.",
        "With {who}, {a_service} has become free: {day}, {time}, after {gone} called it off. I "
        "need it given away properly. Afterwards tell me whom to phone and on what number, the "
        "id of the visit, the room, and the waiting-list entry that is done with.",
        "Can you refill the slot of {gone} ({service}, {who}, {day}, {time})? Mind part of day, "
        "earliest dates, practitioner wishes and referrals of those who wait. I want to hear the "
        "lucky one's name and phone, entry id, visit id and room.",
    ),
    details=(
        "Yesterday somebody just took the first name on the list and we had a row.",
        "I'll ring whoever it is straight away.",
    ),
    drafts=_gaps,
    num_tasks=7,
    voices=STAFF,
)
