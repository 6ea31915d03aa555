"""The scenario of a new referral: record it, then book a series of visits on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_only,
    creates_one,
    is_list,
    says_count,
    state_is,
)
from world_builder.wording import counted
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Message, Patient, Practice, Practitioner
from world_builder.worlds.clinic.policies import INSURANCE_DESK
from world_builder.worlds.clinic.reckoning import first_fit, free_slots
from world_builder.worlds.clinic.scenarios import common
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    at_desk,
    called,
    found,
    found_patient,
    spoken_day,
    spoken_time,
)
from world_builder.worlds.clinic.scenarios.criteria import lists_row, says_name
from world_builder.worlds.clinic.scenarios.making import Booking, book, one_visit
from world_builder.worlds.clinic.voices import STAFF

_SPECIALTY = "physiotherapy"
_MAX_SHIFT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """When a series begins, from what time, with whom, and how many sessions follow."""

    first: date
    earliest: str
    seat: int
    num_sessions: int


_PLANS = (
    _Plan(first=date(2025, 11, 5), earliest="10:00", seat=0, num_sessions=2),
    _Plan(first=date(2025, 11, 4), earliest="11:00", seat=0, num_sessions=2),
    _Plan(first=date(2025, 11, 6), earliest="14:30", seat=1, num_sessions=2),
    _Plan(first=date(2025, 11, 7), earliest="09:00", seat=0, num_sessions=1),
    _Plan(first=date(2025, 11, 4), earliest="13:30", seat=0, num_sessions=1),
    _Plan(first=date(2025, 11, 10), earliest="15:00", seat=1, num_sessions=2),
    _Plan(first=date(2025, 11, 6), earliest="08:15", seat=0, num_sessions=2),
)
"""Those that begin on a Tuesday meet a closing day a week later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paper:
    """What a message says of a referral."""

    number: str
    first: str
    last: str
    visits: int


def _series(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("referral-series")
    cases = zip(practice.plots["series"], practice.plots["series_message"], _PLANS, strict=True)
    for patient_id, message_id, plan in cases:
        patient, message = practice.patient(patient_id), practice.message(message_id)
        yield _one_series(desk, patient, message, plan, rng)


def _days(plan: _Plan) -> list[date]:
    """The first day, then one each week, a closed day put off to the next open one."""
    weekly = [plan.first + timedelta(weeks=n) for n in range(plan.num_sessions + 1)]
    return [rules.working_days_after(day, 0) for day in weekly]


def _paper(message: Message) -> _Paper:
    """The facts of a referral message, read from its text."""
    words = message.text.replace(",", " ").replace(".", " ").replace(";", " ").split()
    days = [w for w in words if len(w) == 10 and w[4:5] == "-" and w[7:8] == "-"]
    first, last = [d for d in days if d.startswith("2025-")]
    number = next(w for w in words if len(w) == 8 and w[:2].isupper() and w[2] == "-")
    visits = next(int(w) for w in words if w.isdigit())
    return _Paper(number=number, first=first, last=last, visits=visits)


def _one_series(
    desk: Desk[Practice], patient: Patient, message: Message, plan: _Plan, rng: Random
) -> Draft:
    practice, session = desk.model, desk.session()
    who = practice.practitioners_in(_SPECIALTY)[plan.seat]
    found(session, "find_messages", message.id, id=message.id)
    found_patient(session, patient)
    session.call("look_up_directory", specialty=_SPECIALTY)
    paper = _paper(message)
    referral_id = _record(session, patient, message, paper)
    plan, bookings = _feasible(practice, patient, who, plan, referral_id)
    ids: list[str] = []
    for booking in bookings:
        slots = free_slots(practice, who, booking.service, booking.day, earliest=plan.earliest)
        common.free_slots(
            session, booking.service, who, booking.day, slots, earliest_start=plan.earliest
        )
        ids.append(book(session, booking))
    left = paper.visits - len(ids)
    agree("visits left", _left(session, patient, referral_id), left)
    return Draft(
        title=f"Record the referral of {patient.name} and book on it",
        keys=(patient.id,),
        slots={
            "message": message.id,
            "name": patient.name,
            "who": called(who, rng),
            "day": spoken_day(bookings[0].day, rng),
            "time": spoken_time(plan.earliest, rng),
            "sessions": "one session" if plan.num_sessions == 1 else "two sessions",
            "weeks": "one week later" if plan.num_sessions == 1 else "one and two weeks later",
        },
        calls=session.calls,
        response=f"{referral_id} is recorded, with {counted(left, 'visit')} left.\n"
        + "\n".join(
            f"- {visit_id}: {b.day} at {b.start}, {b.room.name}"
            for visit_id, b in zip(ids, bookings, strict=True)
        ),
        criteria=(
            *_recorded(patient, message, paper),
            one_visit(len(ids)),
            *(_booked(n, booking) for n, booking in enumerate(bookings, 1)),
            says_name("referral", "the new referral", referral_id),
            says_count("left", "how many visits are left", left),
            *_rows(ids, bookings),
            is_list(len(ids)),
            changes_only(
                "Creates nothing but the referral and its visits.", (), ("referral", "appointment")
            ),
        ),
        requester=at_desk(practice, rng, "insurance desk", "front desk"),
    )


def _record(session: Session, patient: Patient, message: Message, paper: _Paper) -> str:
    """Records the referral that a message gives; its id."""
    referral = session.call(
        "record_referral",
        patient_id=patient.id,
        specialty=_SPECIALTY,
        referred_by=message.sender_name,
        authorisation_number=paper.number,
        valid_from=paper.first,
        valid_until=paper.last,
        visits_approved=paper.visits,
    )
    return str(referral["id"])


def _rows(ids: list[str], bookings: list[Booking]) -> Iterator[Criterion]:
    """One line of the answer for each visit."""
    for n, (visit_id, b) in enumerate(zip(ids, bookings, strict=True), 1):
        day = b.day.isoformat()
        text = f"Lists {visit_id}: {day} at {b.start}, {b.room.name}."
        yield lists_row(f"told-{n}", text, visit_id, day, b.start, b.room.name)


def _feasible(
    practice: Practice, patient: Patient, who: Practitioner, plan: _Plan, referral_id: str
) -> tuple[_Plan, list[Booking]]:
    """The plan, begun on the first day from which all of its visits find a time."""
    for _ in range(_MAX_SHIFT):
        bookings = [
            _visit(practice, patient, who, day, plan.earliest, n, referral_id)
            for n, day in enumerate(_days(plan))
        ]
        known = [b for b in bookings if b is not None]
        if len(known) == len(bookings) and rules.is_working_day(plan.first):
            return plan, known
        plan = replace(plan, first=plan.first + timedelta(days=1))
    raise LookupError(f"{who.id} has no times for a series")


def _visit(
    practice: Practice,
    patient: Patient,
    who: Practitioner,
    day: date,
    earliest: str,
    n: int,
    referral_id: str,
) -> Booking | None:
    """The n-th visit of a series; the first one is the assessment."""
    name = "Physiotherapy session" if n else "Physiotherapy assessment"
    service = practice.service_named(name)
    slots = free_slots(practice, who, service, day, earliest=earliest)
    fit = first_fit(practice, patient, slots, day, service.minutes)
    if fit is None:
        return None
    return Booking(
        patient=patient,
        service=service,
        practitioner=who,
        day=day,
        start=fit[0],
        room=fit[1],
        referral_id=referral_id,
    )


def _left(session: Session, patient: Patient, referral_id: str) -> int:
    """The visits left on a referral as the world has it now."""
    record: Any = session.state.get("referral", referral_id)
    agree("whose referral it is", record["patient_id"], patient.id)
    return int(record["visits_approved"]) - int(record["visits_used"])


def _recorded(patient: Patient, message: Message, paper: _Paper) -> tuple[Criterion, ...]:
    return (
        creates_one(
            "referral-whose",
            f"{patient.name} has one new referral to {_SPECIALTY} from {message.sender_name}.",
            "referral",
            patient_id=patient.id,
            specialty=_SPECIALTY,
            referred_by=message.sender_name,
        ),
        creates_one(
            "referral-number",
            f"The referral has the authorisation number {paper.number}.",
            "referral",
            authorisation_number=paper.number,
        ),
        creates_one(
            "referral-valid",
            f"It is valid from {paper.first} until {paper.last} for {paper.visits} visits.",
            "referral",
            valid_from=paper.first,
            valid_until=paper.last,
            visits_approved=paper.visits,
        ),
    )


def _booked(n: int, booking: Booking) -> Criterion:
    day = booking.day.isoformat()
    fields = {
        "patient_id": booking.patient.id,
        "service_id": booking.service.id,
        "practitioner_id": booking.practitioner.id,
        "room_id": booking.room.id,
        "start": booking.start,
        "referral_id": booking.referral_id,
    }
    wanted = " && ".join(f"c.after.{name} == '{value}'" for name, value in fields.items())
    return state_is(
        f"visit-{n}",
        f"A {booking.service.name} is booked on {day} at {booking.start} with "
        f"{booking.practitioner.name} in {booking.room.id} on the new referral.",
        f"created.exists_one(c, c.type == 'appointment' && c.after.day == '{day}' && {wanted})",
    )


REFERRAL_SERIES: Scenario[Practice] = Scenario(
    name="referral-series",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EXPERT,
    system_prompt=INSURANCE_DESK,
    intent="Have the new referral of {name} on file and the first visits booked on it.",
    phrasings=(
        "A referral for {name} came in, it's {message}. Record it, then book a physiotherapy "
        "assessment with {who} on {day}, first free time from {time}, and {sessions} with the "
        "same person {weeks} on the same weekday, again the first free time from {time}. If we "
        "are shut that day, the next day we are open. List the visits with number, day, time and "
        "room, and tell me the referral's id and what is left on it.",
        "Please enter what {message} says about {name} and use it: assessment on {day} ({who}, "
        "not before {time}), {sessions} {weeks}, same weekday, same practitioner, same rule for "
        "the time; closing days move to the next open day. I want the id of the referral, the "
        "visits left, and a list of what you booked (id, day, start, room).",
        "{message} = physio referral for {name}. 1) record 2) assessment w/ {who} {day}, "
        "earliest from {time} 3) {sessions} {weeks}, same weekday + practitioner, earliest from "
        "{time}, next open day if closed. give me referral id, visits left, list of visits w/ "
        "id, date, time, room",
        "The other practice has sent us {name}, see {message}. Once the referral is recorded, "
        "plan the start: physiotherapy assessment on {day} with {who} from {time} on, as early "
        "as possible, then {sessions}, {weeks} to the day, from {time} as well and also with "
        "{who}. Should the house be closed, take the next working day. Answer with referral, "
        "remaining visits, and one line per visit: number, date, hour, room.",
        "New physio patient for {who}: {name}. The papers are in {message}, please put them on "
        "file exactly as authorised. First visit is the assessment, {day}, {time} or the next "
        "free time. Then {sessions}, {weeks}, by the same rule (and the next open day when we "
        "are closed). Tell me which referral it became, how many visits remain, and list number, "
        "day, time and room of each visit.",
        "Could you do {message} from start to end? That is: record the referral of {name}; book "
        "the assessment with {who} for {day} at the first opening from {time} on; book "
        "{sessions} {weeks} on that weekday in the same manner, or on the next working day if it "
        "is a closing day. Report the referral id, visits left and each visit with id, date, "
        "start, room.",
        "For {name} I need a file and a plan. File: the referral in {message}. Plan: {who}, "
        "assessment on {day}, {sessions} {weeks}, each at the earliest time from {time} that is "
        "free; when the clinic is closed then, on the following open day. Send back the list of "
        "visits (number, day, time, room) with the referral's id and the rest of its visits.",
        "{name} rang to ask when physiotherapy starts. The referral lies in the inbox as "
        "{message}: record it. Then put in the assessment ({who}, {day}, from {time} the first "
        "free) and {sessions} {weeks}, same weekday, time from {time}, same practitioner, next "
        "working day if shut. I'll ring back with your list: ids, days, times, rooms; and for me "
        "the id of the referral with the visits that are left.",
    ),
    drafts=_series,
    num_tasks=7,
    voices=STAFF,
)
