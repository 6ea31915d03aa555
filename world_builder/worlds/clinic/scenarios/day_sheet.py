"""The scenario of a practitioner's list for a day."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_list,
    leaves_out,
    lists_in_order,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Practice, Practitioner
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.scenarios.common import (
    found,
    seeing,
    spoken_day,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    lists_pair,
)
from world_builder.worlds.clinic.voices import STAFF

_MAX_ON_SHEET = 4


def _sheets(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("day-sheet")
    fitting: list[tuple[bool, Practitioner, date]] = []
    for practitioner in practice.practitioners:
        for shift in range(3, 14):
            day = rules.TODAY + timedelta(days=shift)
            booked, given_up = _of_day(practice, practitioner, day)
            if 3 <= len(booked) <= _MAX_ON_SHEET:
                fitting.append((not given_up, practitioner, day))
    rng.shuffle(fitting)
    fitting.sort(key=lambda row: row[0])
    seen: set[str] = set()
    for _, practitioner, day in fitting:
        if practitioner.id not in seen:
            seen.add(practitioner.id)
            yield _sheet(desk, practitioner, day, rng)


def _of_day(
    practice: Practice, practitioner: Practitioner, day: date
) -> tuple[list[Appointment], list[Appointment]]:
    """The booked and the cancelled visits of a practitioner's day, earliest first."""
    own = [a for a in practice.appointments_on(day) if a.practitioner_id == practitioner.id]
    booked = [a for a in own if a.status == "booked"]
    return booked, [a for a in own if a.status == "cancelled"]


def _sheet(desk: Desk[Practice], practitioner: Practitioner, day: date, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    booked, given_up = _of_day(practice, practitioner, day)
    session.call("look_up_directory", specialty=practitioner.specialty)
    found(
        session,
        "find_appointments",
        booked[0].id,
        practitioner_id=practitioner.id,
        day=day.isoformat(),
    )
    names: list[str] = []
    for visit in booked:
        patient = practice.patient(visit.patient_id)
        found(session, "find_patients", patient.id, id=patient.id)
        names.append(patient.name)
    rooms = [practice.room(visit.room_id).name for visit in booked]
    rows = list(zip(booked, names, rooms, strict=True))
    gone = [practice.patient(visit.patient_id).name for visit in given_up]
    gone = [name for name in gone if name not in names]
    return Draft(
        title=f"Day sheet of {practitioner.name} for {day}",
        keys=(practitioner.id,),
        slots={"day": spoken_day(day, rng)},
        calls=session.calls,
        response="\n".join(f"- {visit.start} {name}, {room}" for visit, name, room in rows),
        criteria=(
            is_list(len(rows)),
            *(
                lists_pair(f"visit-{n}", f"Lists {name} at {visit.start}.", visit.start, name)
                for n, (visit, name, _) in enumerate(rows, 1)
            ),
            *(
                lists_pair(f"room-{n}", f"Lists the {room} for {name}.", name, room)
                for n, (_, name, room) in enumerate(rows, 1)
            ),
            lists_in_order("order", "Lists the visits in the order of the day.", names),
            *((leaves_out("cancelled", "Leaves cancelled visits out.", *gone),) if gone else ()),
            changes_nothing(),
        ),
        requester=seeing(practitioner),
    )


DAY_SHEET: Scenario[Practice] = Scenario(
    name="day-sheet",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=FRONT_DESK,
    intent="Start the day with a list of who comes when and into which room.",
    phrasings=(
        "Please make me my list for {day}: time, patient, room, one line each, in order.",
        "Who is coming to see me on {day}? A plain list with the start, the name and the room "
        "will do, earliest first. Leave out what has been cancelled.",
        "My screen is frozen. Read me {day} from the book as a list: when, who, where. Only "
        "visits that still stand.",
        "for {day} - all my patients w/ start time and room, as a list, first to last",
        "I want to prepare for {day}. List my visits in the order they come, each with its "
        "starting time, the patient's full name and the room it is in.",
        "What does {day} look like for me? One bullet per patient (time, name, room), please no "
        "visits that were called off.",
        "Could I have my day sheet for {day}? Hour, full name, room. In a list, sorted by time.",
        "Need {day}. List form. Time first, then patient, then room, and nobody who cancelled.",
    ),
    details=(
        "I like to print it.",
        "The student who is with me this week will read it, so full names.",
        "I was off yesterday and lost track.",
    ),
    drafts=_sheets,
    num_tasks=6,
    voices=STAFF,
)
