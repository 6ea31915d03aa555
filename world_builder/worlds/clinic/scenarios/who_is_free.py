"""The scenario of who of a team has a free time, and who is first."""

from collections.abc import Iterator
from datetime import date
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    is_list,
    is_short,
    says_matching,
)
from world_builder.worlds.clinic.model import Practice, Practitioner, Service
from world_builder.worlds.clinic.policies import FRONT_DESK
from world_builder.worlds.clinic.reckoning import (
    free_slots,
    is_away,
    works_on,
)
from world_builder.worlds.clinic.scenarios import common
from world_builder.worlds.clinic.scenarios.common import (
    TEAMS,
    at_desk,
    spoken_day,
    spoken_time,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    time_pattern,
)
from world_builder.worlds.clinic.voices import STAFF

_OPEN_DAYS: tuple[tuple[str, date, str], ...] = (
    ("Follow-up visit", date(2025, 11, 3), "09:30"),
    ("Eye test", date(2025, 11, 5), "11:00"),
    ("Ultrasound scan", date(2025, 11, 6), "09:00"),
    ("Hearing test", date(2025, 11, 4), "13:00"),
    ("Physiotherapy assessment", date(2025, 11, 5), "13:00"),
    ("Skin check", date(2025, 11, 13), "10:15"),
)
"""Service, day, and the time from which it suits."""
_AWAY = r"away|absen|on leave|not in\b|\bout\b|\boff\b|unavailable"
_NOT_THAT_DAY = (
    r"(?:do(?:es)?(?:n['’]t| not)|not|never) (?:work|in\b|see|there|on duty|scheduled)|\boff\b"
    r"|no (?:working )?hours|day off"
)


_ONLY_ROOM = r"(?:imaging|scan|scanning|only) (?:room|suite)"
_NOTHING = r"no (?:free|open|available)|nothing|none|fully booked|\bfull\b|closed"


def _who_is_in(desk: Desk[Practice]) -> Iterator[Draft]:
    rng = desk.random("who-is-free")
    for service_name, day, earliest in _OPEN_DAYS:
        yield _free_starts(desk, desk.model.service_named(service_name), day, earliest, rng)


def _free_starts(
    desk: Desk[Practice], service: Service, day: date, from_time: str, rng: Random
) -> Draft:
    practice, session = desk.model, desk.session()
    session.call("look_up_directory", specialty=service.specialty)
    people = practice.practitioners_in(service.specialty)
    firsts: dict[str, str] = {}
    lines, criteria = [], []
    for person in people:
        line, criterion = _line(session, practice, person, service, day, from_time, firsts)
        lines.append(line)
        criteria.append(criterion)
    last, earliest = _earliest(firsts)
    return Draft(
        title=f"Who has a free time for {with_article(service.name)} on {day}",
        keys=(service.id, day.isoformat()),
        slots={
            "service": with_article(service.name),
            "team": TEAMS.get(service.specialty, service.specialty),
            "day": spoken_day(day, rng),
            "time": spoken_time(from_time, rng),
        },
        calls=session.calls,
        response="\n".join((*(f"- {line}" for line in lines), "", last)),
        criteria=(
            is_list(len(people)),
            *criteria,
            earliest,
            is_short(MAX_WORDS),
            changes_nothing(),
        ),
        requester=at_desk(practice, rng, "front desk", "phone desk", "practice manager"),
    )


def _line(
    session: Session,
    practice: Practice,
    person: Practitioner,
    service: Service,
    day: date,
    from_time: str,
    firsts: dict[str, str],
) -> tuple[str, Criterion]:
    """What to say of one practitioner, and the criterion on it; notes a first free start."""
    key, name = f"of-{person.id}", person.name
    if is_away(person, day):
        reason = next(span.reason for span in person.absences if span.covers(day))
        text = f"Says that {name} is away on that day."
        return f"{name}: away ({reason})", _says_of(key, text, name, rf"{_AWAY}|{reason}")
    if not works_on(person, day):
        text = f"Says that {name} does not work on that day."
        weekday = f"{day:%A}"
        told = f"{name}: does not work on {weekday}s"
        return told, _says_of(key, text, name, _NOT_THAT_DAY)
    slots = free_slots(practice, person, service, day, earliest=from_time)
    common.free_slots(session, service, person, day, slots, earliest_start=from_time)
    if not slots:
        text = f"Says that {name} has no free start."
        why = _closure(practice, service, day)
        room = why.split()[1] if why else ""
        pattern = rf"(?:{room}|{_ONLY_ROOM})[^\n]*closed|closed[^\n]*{room}" if why else _NOTHING
        told = f"{name}: no free start, {why}" if why else f"{name}: no free start"
        return told, _says_of(key, text, name, pattern)
    firsts[name] = slots[0].start
    text = f"Says that {name} is first free at {slots[0].start}."
    told = f"{name}: first free at {slots[0].start}"
    return told, _says_of(key, text, name, time_pattern(slots[0].start))


def _closure(practice: Practice, service: Service, day: date) -> str:
    """That the only room for a service is closed; empty when one is open."""
    rooms = [r for r in practice.rooms if r.kind == service.room_kind]
    spans = [next((s for s in r.closures if s.covers(day)), None) for r in rooms]
    if None in spans or spans[0] is None:
        return ""
    return f"the {rooms[0].name} is closed for {spans[0].reason}"


def _says_of(key: str, text: str, name: str, pattern: str) -> Criterion:
    surname = name.split()[-1]
    return says_matching(key, text, rf"{surname}[^\n]*(?:{pattern})")


def _earliest(firsts: dict[str, str]) -> tuple[str, Criterion]:
    key = "earliest"
    if not firsts:
        text = "Says that nobody has a free time that day."
        nobody = r"nobody|no one|none of (?:them|the)|neither"
        return "Nobody has a free time that day.", says_matching(key, text, nobody)
    name, start = min(firsts.items(), key=lambda item: item[1])
    surname = name.split()[-1]
    text = f"Says that the earliest is {name} at {start}."
    word = r"(?:earliest|soonest|quickest|(?:is|comes) (?:the )?first\b)"
    pattern = rf"{word}[^\n]*{surname}|{surname}[^\n]*{word}"
    return f"The earliest is {name}, at {start}.", says_matching(key, text, pattern)


WHO_IS_FREE: Scenario[Practice] = Scenario(
    name="who-is-free",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=FRONT_DESK,
    intent="Offer {service} on one day without promising somebody who is not there.",
    phrasings=(
        "Who could do {service} on {day}, not before {time}? List everybody in {team}, one line "
        "each, with the first free start or why there is none, and then say who is the earliest.",
        "{day}, {service}, from {time} on. For every one of our people in {team}: first start "
        "that is open, or the reason it won't work. As a list please. Who is first of all?",
        "need {service} for a caller, on {day}, {time} or later. list all of {team} w/ their "
        "first free time or the reason they have none, then the earliest one",
        "I've got somebody at the counter who can only come on {day} after the bus at {time}. "
        "It's about {service}. Please list our {team} staff with when each could first take "
        "them, or why not, and name the earliest at the end.",
        "Could you go through {team} for me? Per person, when is the first opening on {day} for "
        "{service}, {time} at the earliest, and if there isn't one, what is the matter? Bullets, "
        "then the winner.",
        "For the phone: {service} on {day}, from {time}. Names in {team}, each with first free "
        "start or obstacle, one bullet per name. Finish with whoever can do it soonest.",
        "Please check {day} from {time} onwards in {team}. A list of all who work there: either "
        "the first time at which {service} would fit, or what keeps them from it. And which is "
        "the earliest?",
        "The rota confuses me. Which of {team} can take {service} on {day}, and when at the "
        "earliest if {time} is the first that suits? I need the others in the list too, with the "
        "reason. Then tell me the best of them.",
    ),
    details=(
        "The patient has no wishes as to who it is.",
        "It need not be booked yet.",
    ),
    drafts=_who_is_in,
    num_tasks=6,
    voices=STAFF,
)
