"""The scenario of a day that a practitioner cannot come: everybody is put off, nobody is lost."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from world_builder.checks import AllOf, NoCollateral, StateCheck
from world_builder.rubrics import Criterion, Scope
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import CONSTRAINT, criterion, field_is, is_list, state_is
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Patient, Practice, Practitioner
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    at_desk,
    called,
    found,
    spoken_day,
)
from world_builder.worlds.clinic.scenarios.criteria import lists_pair
from world_builder.worlds.clinic.voices import STAFF

_NUM_VISITS = (3, 4)


def _days(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("sick-day")
    fitting = [
        (practitioner, day, visits)
        for practitioner in practice.practitioners
        for day in (rules.TODAY + timedelta(days=shift) for shift in range(3, 14))
        if len(visits := _visits(practice, practitioner, day)) in _NUM_VISITS
        and not any(_waits(practice, visit) for visit in visits)
    ]
    rng.shuffle(fitting)
    seen: set[str] = set()
    for practitioner, day, visits in fitting:
        if practitioner.id not in seen:
            seen.add(practitioner.id)
            yield _sick_day(desk, practitioner, day, visits, rng)


def _visits(practice: Practice, practitioner: Practitioner, day: date) -> list[Appointment]:
    return [
        a
        for a in practice.appointments_on(day)
        if a.practitioner_id == practitioner.id and a.status == "booked"
    ]


def _waits(practice: Practice, visit: Appointment) -> bool:
    waiting = practice.waiting_for(visit.service_id)
    return any(entry.patient_id == visit.patient_id for entry in waiting)


def _sick_day(
    desk: Desk[Practice],
    practitioner: Practitioner,
    day: date,
    visits: list[Appointment],
    rng: Random,
) -> Draft:
    practice, session = desk.model, desk.session()
    session.call("look_up_directory", text=practitioner.surname)
    found(
        session,
        "find_appointments",
        visits[0].id,
        practitioner_id=practitioner.id,
        day=day.isoformat(),
        status="booked",
    )
    patients = [practice.patient(visit.patient_id) for visit in visits]
    for visit, patient in zip(visits, patients, strict=True):
        _put_off(session, visit, patient)
    pairs = list(zip(visits, patients, strict=True))
    return Draft(
        title=f"Put off the patients of {practitioner.name} on {day}",
        keys=(practitioner.id,),
        slots={"who": called(practitioner, rng), "day": spoken_day(day, rng)},
        calls=session.calls,
        response="\n".join(
            f"- {visit.start} {patient.name}, {patient.phone}" for visit, patient in pairs
        ),
        criteria=(
            is_list(len(pairs)),
            *(_cancelled(n, visit) for n, (visit, _) in enumerate(pairs, 1)),
            *(_waiting(n, visit, patient) for n, (visit, patient) in enumerate(pairs, 1)),
            *(
                lists_pair(
                    f"phone-{n}",
                    f"Lists {patient.name} with {patient.phone}.",
                    patient.name,
                    patient.phone,
                )
                for n, (_, patient) in enumerate(pairs, 1)
            ),
            _nothing_else(visits),
        ),
        requester=at_desk(practice, rng, "practice manager", "front desk"),
    )


def _put_off(session: Session, visit: Appointment, patient: Patient) -> None:
    found(session, "find_patients", patient.id, id=patient.id)
    told = session.call("cancel_appointment", id=visit.id, cancelled_by="clinic")
    agree(f"fee of {visit.id}", told["fee_cents"], 0)
    session.call(
        "add_to_waiting_list",
        patient_id=patient.id,
        service_id=visit.service_id,
        priority="soon",
    )


def _nothing_else(visits: list[Appointment]) -> Criterion:
    """Only these visits and their referrals changed, and only as many entries were made."""
    referrals = tuple(v.referral_id for v in visits if v.referral_id)
    kept = NoCollateral(
        may_change=(*(visit.id for visit in visits), *referrals), may_create=("waiting_entry",)
    )
    counted = StateCheck(expression=f"size(created) == {len(visits)}")
    return criterion(
        "nothing-else",
        f"Changes nothing but these visits, their referrals and {len(visits)} new entries.",
        AllOf(checks=(kept, counted)),
        CONSTRAINT,
        scope=Scope.STATE,
    )


def _cancelled(n: int, visit: Appointment) -> Criterion:
    return field_is(
        f"cancelled-{n}",
        f"{visit.id} is cancelled by the clinic, without a fee.",
        "appointment",
        visit.id,
        status="cancelled",
        cancelled_by="clinic",
        fee_cents=0,
    )


def _waiting(n: int, visit: Appointment, patient: Patient) -> Criterion:
    fields = (
        "c.after.priority == 'soon' && c.after.practitioner_id == null"
        " && c.after.part_of_day == 'any' && c.after.not_before == null"
    )
    return state_is(
        f"waiting-{n}",
        f"{patient.name} waits for the same service, soon, with anybody at any time.",
        f"created.exists_one(c, c.type == 'waiting_entry' && c.after.patient_id == '{patient.id}'"
        f" && c.after.service_id == '{visit.service_id}' && {fields})",
    )


SICK_DAY: Scenario[Practice] = Scenario(
    name="sick-day",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EXPERT,
    system_prompt=FRONT_DESK,
    intent="Nobody comes in vain when {who} is not there, nobody pays, and nobody is forgotten.",
    phrasings=(
        "{who} has called in sick for {day}. Cancel every visit that is booked then (it's us who "
        "cancel) and put each patient on the waiting list for the same service, priority soon, "
        "with anybody at any time. Then list start, name and phone of all of them, so that we "
        "can ring.",
        "No {who} on {day}, I'm afraid. Please take all booked visits out on behalf of the "
        "clinic, make a waiting-list entry for each (same service, soon, no wishes), and give me "
        "a phone list: time, full name, number.",
        "{who} is ill, {day} is off. cancel all bookings of that day (by clinic!), everybody "
        "onto waiting list, priority soon, any practitioner, any time. i need a list w/ time, "
        "name, phone",
        "We have to put off everyone whom {who} would have seen on {day}. That means: cancelled "
        "by the clinic, a new entry on the waiting list for the same kind of visit with priority "
        "soon and no further limits, and for me one line per patient with hour, name and "
        "telephone.",
        "Bad news, {who} can't work on {day}. Would you clear that day in the book? All who are "
        "booked go on the waiting list for what they were to have (priority soon, whoever and "
        "whenever), the clinic gives the visits up, and I call them with your list of times, "
        "names and numbers.",
        "For {day}: {who} won't be in. Give up the booked visits on our part, re-queue the "
        "patients (same service each, soon, nothing else set) and write me their starts, names "
        "and phone numbers, one per line.",
        "Could you deal with {day} for {who}, who has to stay at home? Every booked visit is to "
        "be cancelled by the clinic, every patient is to wait with priority soon for the same "
        "service without conditions, and I'd like the list of those people with phone and "
        "original time.",
        "{who} lost their voice and stays in bed on {day}. Cancel what's booked, cancelled by us "
        "and not by the patients; waiting list for all, priority soon, same services, open as to "
        "who and when. List back: time, patient, phone.",
    ),
    details=("Nobody should be charged anything.", "I will do the calls myself."),
    drafts=_days,
    num_tasks=7,
    is_unseen=True,
    voices=STAFF,
)
