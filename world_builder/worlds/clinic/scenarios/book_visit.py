"""Scenarios that book a visit: by phone, or else the waiting list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    is_short,
    says_date,
    says_matching,
    says_no,
    says_reason,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import (
    Contact,
    Patient,
    Practice,
    Practitioner,
    Room,
    Service,
)
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.reckoning import (
    first_fit,
    free_slots,
    needs_referral,
    open_bookings,
    usable_referral,
)
from world_builder.worlds.clinic.scenarios import common
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    ahead,
    at_desk,
    called,
    found_patient,
    is_child,
    is_only_name,
    other_birth,
    spoken_birth,
    spoken_day,
    spoken_time,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    refusal,
    refuses_stranger,
    says_name,
)
from world_builder.worlds.clinic.scenarios.making import (
    Booking,
    book,
    in_answer,
    in_state,
    one_visit,
    referral_for,
    told,
)
from world_builder.worlds.clinic.voices import STAFF

_MAX_TRIES = 20_000
_STARTS = ("08:30", "09:15", "10:00", "10:45", "11:15", "13:00", "13:45", "14:30")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """Somebody who wants a visit from a time of a day on."""

    patient: Patient
    service: Service
    practitioner: Practitioner
    day: date
    earliest: str
    fit: tuple[str, Room]
    """The first start that works, and its room."""
    first_room: Room
    """The lowest-numbered room at that start, suitable or not."""


_CASES = (
    "referral",
    "stranger",
    "step_free",
    "contact",
    "no_referral",
    "namesake",
    "no_contact",
)


def _calls(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("book-visit")
    used: set[str] = set()
    for case in _CASES:
        call = _call(practice, case, rng, used)
        used.add(call.patient.id)
        yield _booking(desk, call, case, rng)


def _call(practice: Practice, case: str, rng: Random, used: set[str]) -> _Call:
    for _ in range(_MAX_TRIES):
        patient = rng.choice(practice.patients)
        if patient.id in used or is_only_name(practice, patient) == (case == "namesake"):
            continue
        call = _drawn(practice, patient, rng)
        if call is not None and _is_case(practice, call, case):
            return call
    raise LookupError(f"nobody calls as {case}")


def _drawn(practice: Practice, patient: Patient, rng: Random) -> _Call | None:
    practitioner = rng.choice(practice.practitioners)
    services = [s for s in practice.services if s.specialty == practitioner.specialty]
    service, earliest = rng.choice(services), rng.choice(_STARTS)
    day = rules.TODAY + timedelta(days=rng.randrange(4, 15))
    if open_bookings(practice, patient.id, service.id):
        return None
    slots = free_slots(practice, practitioner, service, day, earliest=earliest)
    fit = first_fit(practice, patient, slots, day, service.minutes)
    if fit is None:
        return None
    return _Call(
        patient=patient,
        service=service,
        practitioner=practitioner,
        day=day,
        earliest=earliest,
        fit=fit,
        first_room=next(slot.rooms[0] for slot in slots if slot.start == fit[0]),
    )


def _is_case(practice: Practice, call: _Call, case: str) -> bool:
    patient, service = call.patient, call.service
    needed = needs_referral(patient, service)
    has_one = usable_referral(practice, patient, service.specialty, call.day) is not None
    fits = {
        "referral": needed and has_one and not is_child(patient),
        "stranger": not needed and bool(ahead(practice, patient)) and not is_child(patient),
        "step_free": patient.needs_step_free
        and call.first_room != call.fit[1]
        and needed <= has_one,
        "contact": bool(patient.contacts) and needed <= has_one,
        "no_referral": needed and not has_one and not is_child(patient),
        "namesake": needed <= has_one and call.fit[0] != call.earliest,
        "no_contact": not patient.contacts and needed <= has_one and not is_child(patient),
    }
    return fits[case]


def _caller(practice: Practice, call: _Call, case: str, rng: Random) -> Contact | None:
    """Who calls for the patient; None when it is the patient."""
    if case == "contact":
        return call.patient.contacts[0]
    if case != "no_contact":
        return None
    surname = call.patient.name.split()[-1]
    others = [c.name.split()[0] for p in practice.patients for c in p.contacts]
    first = rng.choice([name for name in others if name != call.patient.first_name])
    return Contact(name=f"{first} {surname}", relation="sibling")


def _booking(desk: Desk[Practice], call: _Call, case: str, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    born = call.patient.date_of_birth
    caller = _caller(practice, call, case, rng)
    found_patient(session, call.patient)
    if case == "stranger":
        born = other_birth(born)
    if case in ("stranger", "no_contact"):
        _checked(session, call.patient, born)
    if case == "stranger":
        secrets = [a.id for a in ahead(practice, call.patient)]
        response = refusal(call.patient.name, "Ask the caller to come")
        criteria = refuses_stranger(call.patient.name, secrets)
    elif case == "no_contact" and caller is not None:
        response, criteria = _not_a_contact(call.patient, caller)
    elif case == "no_referral":
        response, criteria = _without_referral(session, call)
    else:
        response, criteria = _booked(session, practice, call)
    who = f"{caller.name} ({caller.relation} of the patient)" if caller else "the patient"
    return Draft(
        title=f"Book {with_article(call.service.name)} for {call.patient.name}",
        keys=(call.patient.id,),
        slots={
            "caller": who,
            "name": call.patient.name,
            "dob": spoken_birth(born, rng),
            "service": with_article(call.service.name),
            "who": called(call.practitioner, rng),
            "day": spoken_day(call.day, rng),
            "time": spoken_time(call.earliest, rng),
        },
        calls=session.calls,
        response=response,
        criteria=criteria,
        requester=at_desk(practice, rng, "phone desk", "front desk"),
        difficulty=Difficulty.MEDIUM if case == "contact" else None,
    )


def _checked(session: Session, patient: Patient, born: date) -> None:
    """Whether the birth date given is that of the record, as the tool sees it."""
    rows = session.call("find_patients", text=patient.name, date_of_birth=born.isoformat())
    agree("patients of that birth date", rows["count"], int(born == patient.date_of_birth))


def _booked(session: Session, practice: Practice, call: _Call) -> tuple[str, tuple[Criterion, ...]]:
    session.call("look_up_directory", specialty=call.service.specialty)
    referral = referral_for(session, practice, call.patient, call.service, call.day)
    slots = free_slots(practice, call.practitioner, call.service, call.day, earliest=call.earliest)
    common.free_slots(
        session, call.service, call.practitioner, call.day, slots, earliest_start=call.earliest
    )
    booking = Booking(
        patient=call.patient,
        service=call.service,
        practitioner=call.practitioner,
        day=call.day,
        start=call.fit[0],
        room=call.fit[1],
        referral_id=referral.id if referral else None,
    )
    visit_id = book(session, booking)
    changed = (booking.referral_id,) if booking.referral_id else ()
    return told(booking, visit_id), (
        one_visit(),
        *in_state(booking),
        *in_answer(booking, visit_id),
        changes_only(
            "Changes nothing but the new visit and its referral.", changed, ("appointment",)
        ),
    )


def _not_a_contact(patient: Patient, caller: Contact) -> tuple[str, tuple[Criterion, ...]]:
    return (
        f"I can't book this: {caller.name} is not a contact who may speak for {patient.name}. "
        "The patient has to call, or come to the desk.",
        (
            says_no("Says that it cannot be booked."),
            says_reason(
                "Says that the caller is no contact on record.",
                r"contact|(?:not|n['’]t) (?:be )?(?:authori[sz]ed|allowed|permitted|named|listed)",
            ),
            says_name("caller", "who called", caller.name),
            says_name("patient", "the patient", patient.name),
            says_matching(
                "instead", "Says what can be done instead.", r"patient[^.]*\b(?:call|come)"
            ),
            is_short(MAX_WORDS),
            changes_nothing(),
        ),
    )


def _without_referral(session: Session, call: _Call) -> tuple[str, tuple[Criterion, ...]]:
    session.call("look_up_directory", specialty=call.service.specialty)
    session.call("find_referrals", patient_id=call.patient.id, specialty=call.service.specialty)
    checked = session.call(
        "check_booking",
        patient_id=call.patient.id,
        service_id=call.service.id,
        practitioner_id=call.practitioner.id,
        day=call.day.isoformat(),
        start=call.fit[0],
    )
    agree("the booking is possible", checked["ok"], False)
    name, specialty = call.patient.name, call.service.specialty
    return (
        f"I can't book this: {name} needs a referral to {specialty} that is valid on {call.day}, "
        "and there is none on file. Nothing has been booked.",
        (
            says_no("Says that it cannot be booked."),
            says_reason("Says that a referral is missing.", r"referral"),
            says_name("patient", "the patient", name),
            says_name("specialty", "the specialty", specialty),
            says_date("day", "the day", call.day.isoformat()),
            says_matching(
                "booked", "Says that nothing is booked.", r"nothing|not (?:been )?booked"
            ),
            is_short(MAX_WORDS),
            changes_nothing(),
        ),
    )


BOOK_VISIT: Scenario[Practice] = Scenario(
    name="book-visit",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=FRONT_DESK,
    intent="Have a visit booked while the caller is on the line, if the caller may have one.",
    phrasings=(
        "I have {caller} on the line. {name}, born {dob}; {service} with {who}, on {day} at "
        "{time} or the first time after that. Please book it and give me number, day, start, "
        "end, room and co-payment to read out. If you mustn't, tell me why.",
        "Caller: {caller}. Patient: {name}, {dob}. Wanted: {service}, {who}, {day}, not before "
        "{time}, earliest possible. Book, and let me have the number of the visit, when it "
        "starts and ends, the day again, where it is, with whom and what it costs the patient; "
        "or the reason if it can't be.",
        "pls book {service} for {name} ({dob}), {who}, {day}, first free from {time}. it's "
        "{caller} who is calling. send me visit no, date, from-to, room, practitioner, copay. if "
        "not allowed say which rule",
        "Line two is waiting, it's {caller}: {service} for {name} (date of birth given as "
        "{dob}). {who}, {day}, {time} or as soon as possible after it. Can you put it in the "
        "book and tell me what to say: number, date, times, room, person, share to pay? And if "
        "it has to be a no, what do I say then?",
        "Another booking. {name}, who was born {dob}, needs {service}; on the phone is {caller}. "
        "{day} with {who}, and {time} is the earliest that suits. I want to confirm number, day, "
        "beginning, end, room and co-payment right away, or explain why we don't book.",
        "{who} has a gap on {day}, I hope: {caller} asks for {service}, from {time} on, for "
        "{name}, {dob}. Enter the first time that is free, please, and read it back to me with "
        "its number, date, start and end, the room and the money. Or else what stands against it.",
        "For {name} / {dob}: {service} on {day} with {who}, first start at or after {time}. The "
        "request comes from {caller}. Please enter it if that is in order and write down number, "
        "day, times, room, practitioner and co-payment; if it is not in order, the reason.",
        "Could you do a booking for me while I keep talking? {caller} rang. It's {service} for "
        "{name}, birthday {dob}, on {day}; {who}; {time} at the earliest. Give me everything for "
        "the card (number, day, from, until, room, who) and what is to be paid. Unless we have "
        "to say no, then why.",
    ),
    drafts=_calls,
    num_tasks=7,
    voices=STAFF,
)
