"""The scenario of a wish that is booked, or else remembered on the waiting list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_only,
    creates_one,
    is_short,
    says_matching,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import (
    Patient,
    Practice,
    Practitioner,
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
    at_desk,
    called,
    found_patient,
    is_child,
    is_only_name,
    spoken_day,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import MAX_WORDS, says_name
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

_MAX_TRIES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A half day on which somebody wants to be seen, and how it is with the list if that fails."""

    service: str
    seat: int
    """Which practitioner of the specialty."""
    day: date
    part: str
    priority: str


_WISHES = (
    _Wish(
        service="Physiotherapy assessment",
        seat=0,
        day=date(2025, 11, 5),
        part="afternoon",
        priority="routine",
    ),
    _Wish(
        service="Ultrasound scan", seat=1, day=date(2025, 11, 6), part="morning", priority="soon"
    ),
    _Wish(service="Skin check", seat=1, day=date(2025, 11, 6), part="morning", priority="routine"),
    _Wish(
        service="Hearing aid fitting",
        seat=0,
        day=date(2025, 11, 5),
        part="morning",
        priority="soon",
    ),
    _Wish(
        service="Annual check-up",
        seat=2,
        day=date(2025, 11, 5),
        part="afternoon",
        priority="routine",
    ),
    _Wish(service="Eye test", seat=1, day=date(2025, 11, 5), part="afternoon", priority="soon"),
    _Wish(
        service="Mole removal", seat=0, day=date(2025, 11, 6), part="afternoon", priority="routine"
    ),
)


def _wishes(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("join-waiting-list")
    used: set[str] = set()
    for wish in _WISHES:
        service = practice.service_named(wish.service)
        patient = _patient(practice, service, wish.day, rng, used)
        used.add(patient.id)
        who = practice.practitioners_in(service.specialty)[wish.seat]
        yield _wished(desk, patient, service, who, wish, rng)


def _patient(
    practice: Practice, service: Service, day: date, rng: Random, used: set[str]
) -> Patient:
    """Somebody with papers in order who neither has nor waits for such a visit."""
    for _ in range(_MAX_TRIES):
        patient = rng.choice(practice.patients)
        waits = any(w.patient_id == patient.id for w in practice.waiting_for(service.id))
        if (
            patient.id not in used
            and is_only_name(practice, patient)
            and not waits
            and not is_child(patient)
            and not open_bookings(practice, patient.id, service.id)
            and all(a.day != day for a in practice.appointments_of(patient.id))
            and needs_referral(patient, service)
            <= (usable_referral(practice, patient, service.specialty, day) is not None)
        ):
            return patient
    raise LookupError(f"nobody wants {service.name}")


def _limits(part: str) -> dict[str, str]:
    """A part of the day as limits of a search; morning means a start before noon."""
    return {"earliest_start": rules.OPENS if part == "morning" else rules.NOON}


def _wished(
    desk: Desk[Practice],
    patient: Patient,
    service: Service,
    who: Practitioner,
    wish: _Wish,
    rng: Random,
) -> Draft:
    practice, session = desk.model, desk.session()
    found_patient(session, patient)
    session.call("look_up_directory", specialty=service.specialty)
    limits = _limits(wish.part)
    every = free_slots(practice, who, service, wish.day, earliest=limits["earliest_start"])
    common.free_slots(session, service, who, wish.day, every, **limits)
    slots = [s for s in every if wish.part != "morning" or s.start < rules.NOON]
    fit = first_fit(practice, patient, slots, wish.day, service.minutes)
    if fit is None:
        response, criteria = _listed(session, practice, patient, service, who, wish)
    else:
        referral = referral_for(session, practice, patient, service, wish.day)
        booking = Booking(
            patient=patient,
            service=service,
            practitioner=who,
            day=wish.day,
            start=fit[0],
            room=fit[1],
            referral_id=referral.id if referral else None,
        )
        response, criteria = _booked(session, booking)
    return Draft(
        title=f"{service.name} for {patient.name}, or the waiting list",
        keys=(patient.id,),
        slots={
            "name": patient.name,
            "service": with_article(service.name),
            "who": called(who, rng),
            "day": spoken_day(wish.day, rng),
            "part": wish.part,
            "priority": wish.priority,
        },
        calls=session.calls,
        response=response,
        criteria=criteria,
        requester=at_desk(practice, rng, "phone desk", "front desk", "insurance desk"),
        difficulty=Difficulty.HARD if fit else None,
    )


def _booked(session: Session, booking: Booking) -> tuple[str, tuple[Criterion, ...]]:
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


def _listed(
    session: Session,
    practice: Practice,
    patient: Patient,
    service: Service,
    who: Practitioner,
    wish: _Wish,
) -> tuple[str, tuple[Criterion, ...]]:
    session.call("find_waiting_list", service_id=service.id, status="waiting")
    entry = session.call(
        "add_to_waiting_list",
        patient_id=patient.id,
        service_id=service.id,
        practitioner_id=who.id,
        part_of_day=wish.part,
        not_before=wish.day.isoformat(),
        priority=wish.priority,
    )
    return (
        f"{who.name} has no free time that {wish.part}. {patient.name} is on the waiting list as "
        f"{entry['id']}, with priority {wish.priority}.",
        (
            *_entry_in_state(patient, service, who, wish),
            says_matching(
                "full",
                f"Says that {who.name} has no free time.",
                r"no (?:free|open|available|slot|time)|nothing|fully booked|\bfull\b|none"
                r"|not (?:free|available|possible)|n['’]t (?:free|available|possible)|away|closed",
            ),
            says_name("practitioner", "who has no time", who.surname),
            says_name("patient", "who waits", patient.name),
            says_name("number", "the entry", str(entry["id"])),
            says_name("priority", "the priority", wish.priority),
            is_short(MAX_WORDS),
            changes_only("Changes nothing but the new entry.", (), ("waiting_entry",)),
        ),
    )


def _entry_in_state(
    patient: Patient, service: Service, who: Practitioner, wish: _Wish
) -> tuple[Criterion, ...]:
    """One new entry with all the wishes."""
    kind, day = "waiting_entry", wish.day.isoformat()
    text = f"{patient.name} has one new waiting-list entry for {service.name}."
    priority = f"The priority is {wish.priority}."
    return (
        creates_one("entry", text, kind, patient_id=patient.id, service_id=service.id),
        creates_one("entry-who", f"The entry is for {who.name}.", kind, practitioner_id=who.id),
        creates_one(
            "entry-part", f"The entry is for the {wish.part}.", kind, part_of_day=wish.part
        ),
        creates_one("entry-from", f"The entry is for {day} or later.", kind, not_before=day),
        creates_one("entry-priority", priority, kind, priority=wish.priority),
    )


JOIN_WAITING_LIST: Scenario[Practice] = Scenario(
    name="join-waiting-list",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=FRONT_DESK,
    intent="Have {name} seen on the wished half day, or else remembered for it.",
    phrasings=(
        "{name} wants {service} with {who} in the {part} of {day}. If there is a free time then, "
        "book the first and tell me all about it. If not, please put the name on the waiting "
        "list for {who}, {part}s, not before that day, priority {priority}, and tell me the "
        "entry.",
        "Try {who} for {name}: {service}, {day}, {part} only. Earliest free time gets booked "
        "(then I need number, day, times, room, co-payment). Nothing free means waiting list: "
        "same practitioner, same part of the day, from that day on, priority {priority}. I need "
        "the entry's number and priority then.",
        "{service} for {name}, {who}, {part} of {day}. book the earliest if theres one; "
        "otherwise waiting list (priority {priority}, {part}, only {who}, not earlier than that "
        "date). report back with ids and who it is about",
        "Is anything left with {who} on {day} in the {part}? {name} needs {service}. First free "
        "one please, booked. Should it be full, add an entry to the waiting list that says "
        "{part}, not before {day}, {who} and nobody else, priority {priority}. Let me know which "
        "of the two it was, with the number and details.",
        "I promised {name} that we would find {service} with {who} on {day}, in the {part}. Book "
        "the first gap. In case I promised too much: waiting list, with {who}, for {part}s from "
        "that day, priority {priority}. What did you do, under which number, and with what "
        "details?",
        "Please arrange {service} for {name}. It has to be {who} in the {part}, {day} if at all "
        "possible (earliest start). Failing that the waiting list with exactly these wishes, the "
        "day being the earliest, priority {priority}. Tell me the outcome with names and numbers.",
        "For {name}: the {part} of {day} with {who}, it's about {service}. Take the earliest "
        "start in the book and read the booking to me, or, when {who} has no time, make a "
        "waiting-list entry (priority {priority}; {part}; {who}; not before the day asked for) "
        "and read me that.",
        "My yellow note says: {name}, {service}, {who}, {day}, {part}, or waiting list, priority "
        "{priority}. So: earliest time booked if there is one, else an entry for that "
        "practitioner and that part of the day starting that day. Note me the number and the "
        "rest.",
    ),
    details=("The papers are in order, I checked.", "The patient rang twice already."),
    drafts=_wishes,
    num_tasks=7,
    voices=STAFF,
)
