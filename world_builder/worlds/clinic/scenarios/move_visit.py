"""The scenario of a patient who wants another time, as long as the notice allows it."""

from collections.abc import Iterator
from datetime import date
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    changes_only,
    field_is,
    is_short,
    says_date,
    says_matching,
    says_no,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Practice, Room
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.reckoning import (
    deadline,
    first_fit,
    free_slots,
    is_late,
)
from world_builder.worlds.clinic.scenarios import common
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    clock,
    service_of,
    spoken_day,
    spoken_time,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_money,
    says_name,
    says_time,
)
from world_builder.worlds.clinic.scenarios.fees import looked_up, slots_of, waived
from world_builder.worlds.clinic.voices import PATIENTS

_LATEST_DAY = date(2025, 11, 21)
_FIRST_TARGETS = tuple(date(2025, 11, d) for d in (10, 12, 10, 13, 14, 10, 12))
_STARTS = ("08:45", "09:15", "09:45", "10:15", "11:00", "13:15", "14:00", "15:00")


def _moves(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("move-visit")
    for n, visit_id in enumerate(practice.plots["move"]):
        yield _move(desk, practice.appointment(visit_id), _FIRST_TARGETS[n], rng)


def _target(
    practice: Practice, visit: Appointment, day: date, earliest: str
) -> tuple[date, str, Room]:
    """The first day from a day on with a time for a visit, and that time."""
    patient, service = practice.patient(visit.patient_id), service_of(practice, visit)
    practitioner = practice.practitioner(visit.practitioner_id)
    referral = next((r for r in practice.referrals if r.id == visit.referral_id), None)
    while day <= (referral.valid_until if referral else _LATEST_DAY):
        slots = free_slots(practice, practitioner, service, day, earliest=earliest)
        fit = first_fit(practice, patient, slots, day, service.minutes, visit.id)
        if fit is not None:
            return day, *fit
        day = rules.working_days_after(day, 1)
    raise LookupError(f"no later time for {visit.id}")


def _move(desk: Desk[Practice], visit: Appointment, first: date, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    patient, service = looked_up(session, practice, visit), service_of(practice, visit)
    wishes = rng.sample(_STARTS, len(_STARTS))
    targets = [(earliest, *_target(practice, visit, first, earliest)) for earliest in wishes]
    earliest, day, start, room = next((t for t in targets if t[0] != t[2]), targets[0])
    late = is_late(service, visit.day, visit.start, rules.NOW)
    answer = (
        _not_moved(session, practice, visit, day, start, room)
        if late
        else _moved(session, practice, visit, earliest, (day, start, room))
    )
    response, criteria = answer
    return Draft(
        title=f"Move {visit.id} for {patient.name}",
        keys=(patient.id,),
        slots={
            **slots_of(practice, visit, rng),
            "target": spoken_day(day, rng),
            "from": spoken_time(earliest, rng),
        },
        calls=session.calls,
        response=response,
        criteria=(says_name("visit", "the visit", visit.id), *criteria, is_short(MAX_WORDS)),
    )


def _moved(
    session: Session,
    practice: Practice,
    visit: Appointment,
    earliest: str,
    target: tuple[date, str, Room],
) -> tuple[str, tuple[Criterion, ...]]:
    day, start, room = target
    service, who = service_of(practice, visit), practice.practitioner(visit.practitioner_id)
    own = free_slots(practice, who, service, day, earliest=earliest)
    common.free_slots(session, service, who, day, own, earliest_start=earliest)
    told = session.call(
        "move_appointment", id=visit.id, day=day.isoformat(), start=start, room_id=room.id
    )
    end = rules.later(start, service.minutes)
    agree(f"new end of {visit.id}", told["end"], end)
    return (
        f"{visit.id} is moved to {day} at {start}, until {end}. You see {who.name} in the "
        f"{room.name}.",
        (
            field_is(
                "moved",
                f"{visit.id} is booked for {day} at {start}.",
                "appointment",
                visit.id,
                day=day.isoformat(),
                start=start,
                status="booked",
            ),
            field_is(
                "room-kept",
                f"{visit.id} is in {room.id}, the lowest-numbered room that suits.",
                "appointment",
                visit.id,
                room_id=room.id,
            ),
            field_is(
                "with",
                f"{visit.id} stays with {who.name}.",
                "appointment",
                visit.id,
                practitioner_id=who.id,
            ),
            says_date("day", "the new day", day.isoformat()),
            says_time("start", "the new start", start),
            says_time("end", "the new end", end),
            says_name("practitioner", "who sees the patient", who.surname),
            says_name("room", "the room", room.name, room.id),
            changes_only("Changes no other visit.", (visit.id,)),
        ),
    )


def _not_moved(
    session: Session, practice: Practice, visit: Appointment, day: date, start: str, room: Room
) -> tuple[str, tuple[Criterion, ...]]:
    went, why = session.tries(
        "move_appointment", id=visit.id, day=day.isoformat(), start=start, room_id=room.id
    )
    agree(f"moving {visit.id} after its notice", (went, "only be cancelled" in why), (False, True))
    service = service_of(practice, visit)
    last = deadline(service, visit.day, visit.start)
    return (
        f"I can't move {visit.id}: its notice ran out on {last:%Y-%m-%d} at {clock(last)}. All "
        "that is left is to cancel it, and the late fee of "
        f"{money(service.late_fee_cents)} would be waived.",
        (
            says_no("Says that the visit cannot be moved."),
            says_date("last-day", "the day on which the notice ran out", f"{last:%Y-%m-%d}"),
            says_time("last-time", "the time at which the notice ran out", clock(last)),
            says_matching("left", "Says that it can still be cancelled.", r"\bcancel"),
            says_money("fee", "the late fee", service.late_fee_cents),
            waived(),
            changes_nothing(),
        ),
    )


MOVE_VISIT: Scenario[Practice] = Scenario(
    name="move-visit",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=FRONT_DESK,
    intent="Have a visit at another time with the same person, as long as the rules allow it.",
    phrasings=(
        "Could you move my {service} from {day}, {time} to {target}? Same person please, the "
        "first time from {from} on. {name}, {dob}. I need the visit's number and the new "
        "details, room and end included. If it can't be moved: why, and what would cancelling "
        "cost me?",
        "{name}, born {dob}. I'd rather come on {target} than on {day} ({service}, {time}), as "
        "early as possible but not before {from}, with the same practitioner. Tell me number, "
        "day, start, end, room, who, or else the reason why not and the price of cancelling.",
        "pls reschedule my {service} {day} {time} -> {target}, earliest after {from}, same "
        "practitioner. {name} {dob}. confirm w/ visit no, time, end, room + who. if not possible "
        "tell me the rule and what a cancellation costs",
        "My neighbour can only drive me on {target}, so {day} at {time} won't work for the "
        "{service}. Please put it at the first free time from {from} on with the same person. I "
        "am {name}, date of birth {dob}. Where do I go, whom do I see, how long does it last, "
        "and what is the number? Should it be too late for that, what happens if I cancel?",
        "Can the {service} I have on {day} at {time} be shifted to {target}? {from} or the next "
        "time after it that is free, and I want to stay with the same practitioner. {name}, "
        "{dob}. Read me back number, start, end, room and name. If the rules don't let you, say "
        "so and tell me about the fee for cancelling.",
        "Rebooking, please: {service}, now {day} {time}, wish {target} from {from}, not with "
        "somebody else. {name}, {dob}. All details of the new time with its number; if no, why, "
        "and is there a fee when I cancel instead?",
        "My sister's party has been put on {day}! The {service} at {time} has to go to {target}, "
        "the earliest you have from {from} on, same practitioner as now. It's {name}, born "
        "{dob}. Give me the number and everything I need to find the room, until when it takes, "
        "or the reason and the cost of cancelling if it can't be changed any more.",
        "Please change one thing in your book. {name}, {dob}, {service} on {day} at {time}: make "
        "it {target}, first opening at {from} or later, practitioner unchanged. I'd like to hear "
        "number, new start and end, room and person. Or, if that's not allowed now, what is "
        "allowed and for how much.",
    ),
    drafts=_moves,
    num_tasks=7,
    names_requester=False,
    voices=PATIENTS,
)
