"""The scenario of whether a certain time works, and which would."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_short,
    says_date,
    says_matching,
    says_no,
    says_reason,
    says_yes,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Patient, Practice, Practitioner, Room, Service
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.reckoning import (
    first_fit,
    free_slots,
    obstacles,
    open_bookings,
)
from world_builder.worlds.clinic.scenarios import common
from world_builder.worlds.clinic.scenarios.common import (
    ROOMS,
    agree,
    at_desk,
    called,
    found_patient,
    is_only_name,
    spoken_day,
    spoken_time,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_name,
    says_time,
)
from world_builder.worlds.clinic.voices import STAFF

_AWAY = r"away|absen|on leave|not in\b|\bout\b|\boff\b|unavailable"


_TAKEN = "taken|occupied|in use|busy|not free|closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """Somebody who is to be seen at a certain time."""

    patient: Patient
    service: Service
    practitioner: Practitioner
    day: date
    start: str


_KINDS = (
    "",
    "no_room",
    "patient_busy",
    "away",
    "practitioner_busy",
    "no_referral",
    "outside_hours",
)
_MAX_TRIES = 20_000
_WITH_OTHER_START = ("no_room", "patient_busy", "practitioner_busy", "outside_hours")


def _wishes(desk: Desk[Practice]) -> Iterator[Draft]:
    rng = desk.random("slot-possible")
    used: set[str] = set()
    for kind in _KINDS:
        wish = _wish(desk.model, kind, rng, used)
        used.add(wish.patient.id)
        yield _possible(desk, wish, kind, rng)


def _wish(practice: Practice, kind: str, rng: Random, used: set[str]) -> _Wish:
    """A wish that only the rule `kind` forbids."""
    for _ in range(_MAX_TRIES):
        wish = _drawn(practice, kind, rng)
        if wish.patient.id in used or not is_only_name(practice, wish.patient):
            continue
        if open_bookings(practice, wish.patient.id, wish.service.id):
            continue
        args = (wish.patient, wish.service, wish.practitioner, wish.day, wish.start)
        if obstacles(practice, *args) != [kind] * bool(kind):
            continue
        if kind in _WITH_OTHER_START and _next_start(practice, wish) is None:
            continue
        if kind or _fit(practice, wish, wish.start):
            return wish
    raise LookupError(f"no time is forbidden by {kind or 'nothing'} alone")


def _drawn(practice: Practice, kind: str, rng: Random) -> _Wish:
    practitioner = rng.choice(practice.practitioners)
    services = [s for s in practice.services if s.specialty == practitioner.specialty]
    patient, start = rng.choice(practice.patients), rng.choice(rules.TIMES[:-4])
    day = rules.TODAY + timedelta(days=rng.randrange(3, 15))
    if kind == "patient_busy":
        booked = [a for a in practice.appointments if a.status == "booked" and a.day > rules.TODAY]
        visit = rng.choice(booked)
        patient, day, start = practice.patient(visit.patient_id), visit.day, visit.start
    return _Wish(
        patient=patient,
        service=rng.choice(services),
        practitioner=practitioner,
        day=day,
        start=start,
    )


def _fit(practice: Practice, wish: _Wish, earliest: str) -> tuple[str, Room] | None:
    """The first start from a time on that works for the patient."""
    slots = free_slots(practice, wish.practitioner, wish.service, wish.day, earliest=earliest)
    return first_fit(practice, wish.patient, slots, wish.day, wish.service.minutes)


def _next_start(practice: Practice, wish: _Wish) -> tuple[str, Room] | None:
    return _fit(practice, wish, rules.later(wish.start, rules.QUARTER))


def _possible(desk: Desk[Practice], wish: _Wish, kind: str, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    found_patient(session, wish.patient)
    session.call("look_up_directory", specialty=wish.service.specialty)
    told: Any = session.call(
        "check_booking",
        patient_id=wish.patient.id,
        service_id=wish.service.id,
        practitioner_id=wish.practitioner.id,
        day=wish.day.isoformat(),
        start=wish.start,
    )
    agree("obstacles", [p["rule"] for p in told["problems"]], [kind] * bool(kind))
    if kind not in ("away", "no_referral"):
        slots = free_slots(practice, wish.practitioner, wish.service, wish.day, earliest=wish.start)
        common.free_slots(
            session, wish.service, wish.practitioner, wish.day, slots, earliest_start=wish.start
        )
    response, criteria = _verdict(practice, wish, kind)
    return Draft(
        title=f"Whether {wish.patient.name} can have {with_article(wish.service.name)} at a time",
        keys=(wish.patient.id,),
        slots={
            "name": wish.patient.name,
            "service": with_article(wish.service.name),
            "who": called(wish.practitioner, rng),
            "day": spoken_day(wish.day, rng),
            "time": spoken_time(wish.start, rng),
        },
        calls=session.calls,
        response=response,
        criteria=(*criteria, is_short(MAX_WORDS), changes_nothing()),
        requester=at_desk(practice, rng, "front desk", "phone desk"),
        difficulty=Difficulty.HARD if kind else Difficulty.MEDIUM,
    )


def _verdict(practice: Practice, wish: _Wish, kind: str) -> tuple[str, tuple[Criterion, ...]]:
    if not kind:
        fit = _fit(practice, wish, wish.start)
        agree("the first start", fit and fit[0], wish.start)
        room = fit[1] if fit else None
        assert room is not None  # noqa: S101 (told by the line above)
        end = rules.later(wish.start, wish.service.minutes)
        return (
            f"Yes: {wish.practitioner.name} is free, until {end}. "
            f"The room to take is the {room.name}, {room.id}.",
            (
                says_yes("Says that the time is possible."),
                says_name("who", "who is free", wish.practitioner.surname),
                says_time("end", "the end of the visit", end),
                says_name("room", "the lowest-numbered room that suits", room.id),
            ),
        )
    why, reason = _why(practice, wish, kind)
    decision = says_no("Says that the time is not possible.")
    following = _next_start(practice, wish) if kind in _WITH_OTHER_START else None
    if following is None:
        text = "Says that no other start that day works either."
        nothing = r"no (?:other )?(?:start|time|slot)|nothing|none|not at all"
        none = says_matching("other", text, nothing)
        return f"No: {why}. No other start works either.", (
            decision,
            *reason,
            none,
        )
    start, room = following
    return (
        f"No: {why}. The next start that works is {start}, in the {room.name}.",
        (
            decision,
            *reason,
            says_time("other", "the next start that works", start),
            says_name("room", "its lowest-numbered room that suits", room.name, room.id),
        ),
    )


def _why(practice: Practice, wish: _Wish, kind: str) -> tuple[str, tuple[Criterion, ...]]:
    """The reason in words, and the criteria on it."""
    who = wish.practitioner
    if kind == "away":
        span = next(s for s in who.absences if s.covers(wish.day))
        last = span.last_day.isoformat()
        text = f"Says that {who.name} is away: {span.reason}."
        return f"{who.name} is away until {last} ({span.reason})", (
            says_reason(text, rf"{_AWAY}|{span.reason}"),
            says_date("until", "the last day of the absence", last),
            says_name("who", "who is away", who.surname),
        )
    rooms = [r.name for r in practice.rooms if r.kind == wish.service.room_kind]
    told = {
        "no_room": (
            f"no {ROOMS[wish.service.room_kind]} is free then",
            "Says that no room is free.",
            rf"no [\w -]{{0,20}}(?:room|booth|gym)|rooms? (?:is|are) (?:{_TAKEN})"
            rf"|(?:{'|'.join(rooms)})[^.\n]{{0,40}}(?:{_TAKEN})",
        ),
        "patient_busy": (
            "the patient has another visit at that time",
            "Says that the patient has another visit then.",
            r"(?:another|other|already)[^.\n]{0,30}(?:visit|appointment|booking|booked)"
            r"|double[- ]book|overlap|clash",
        ),
        "practitioner_busy": (
            f"{who.name} sees somebody else then",
            f"Says that {who.name} sees somebody else then.",
            r"somebody|someone|(?:an)?other patient|\bbusy\b|booked|taken",
        ),
        "outside_hours": (
            f"{who.name} does not work at that time",
            f"Says that it is outside the hours of {who.name}.",
            r"(?:do(?:es)?(?:n['’]t| not)) work|outside|hours|\bbreak\b|not (?:in|working)",
        ),
        "no_referral": (
            f"it needs a referral to {wish.service.specialty} and there is no valid one",
            "Says that a valid referral is missing.",
            r"referral",
        ),
    }
    why, text, pattern = told[kind]
    about = (
        (says_name("who", "whom it is about", who.surname),)
        if kind in ("practitioner_busy", "outside_hours")
        else ()
    )
    return why, (says_reason(text, pattern), *about)


SLOT_POSSIBLE: Scenario[Practice] = Scenario(
    name="slot-possible",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=FRONT_DESK,
    intent="Know whether {name} can be given a certain time before it is promised on the phone.",
    phrasings=(
        "Can I give {name} {service} with {who} on {day} at {time}? If it works, until when and "
        "in which room (id)? If not, why, and what is the next start that day that does work, "
        "where?",
        "{name} would like {service} with {who}, {day}, {time}. Possible? Tell me the end and "
        "the room id if yes. If no, the reason and the next start of that day that is fine with "
        "its room, if there is one.",
        "is {day} {time} ok for {name}, {service}, {who}? yes -> who, end + room id. no -> "
        "reason and next possible start same day + room",
        "Somebody wrote {time} on {day} on a slip for {name}, {service}, with {who}. Does that "
        "hold water? I need the room's id and when it is over, or the obstacle and the next time "
        "after it on that day, with room.",
        "Before I say yes on the phone: {service} for {name}, {who}, {day} at {time}. What "
        "speaks against it? If nothing does, give me end and room id and who it is with; "
        "otherwise the nearest later start that day and the room.",
        "Please look whether {who} could see {name} on {day} at {time} for {service}. I'd like a "
        "clear yes (with name, end and room id) or a clear no (with the reason and the next "
        "start that day, room included, or that there is none).",
        "Would {time} on {day} do for {name}? It is for {service} and it should be {who}. If it "
        "can't be done, say what is in the way and when next on that day, and where. If it can, "
        "end time, name and the room's id, please.",
        "Checking a wish: {name}; {service}; {who}; {day}; {time}. Feasible? With room id and "
        "end, or else the hindrance and the following start that same day (and room) if any.",
    ),
    details=(
        "Don't book it yet.",
        "The patient is flexible by an hour or two but not on the day.",
        "I have the patient on the line.",
    ),
    drafts=_wishes,
    num_tasks=7,
    voices=STAFF,
)
