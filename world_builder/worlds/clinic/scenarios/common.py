"""What all families of scenarios share: who asks, how things are said, look-ups of a reference."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from random import Random
from typing import Any

from world_builder.templates import Requester, Session
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import (
    Appointment,
    Colleague,
    Patient,
    Practice,
    Practitioner,
    Service,
)

TEAMS = {"general": "general practice"}
"""What people call a specialty, where it is not its name."""
ROOMS = {
    "consulting": "consulting room",
    "gym": "gym",
    "treatment": "treatment room",
    "booth": "booth",
    "optics": "optics room",
    "imaging": "imaging room",
}
"""What people call a room by its kind."""
_DOCTORS = ("general practitioner", "dermatologist")


class Disagreement(ValueError):
    """A tool and the clinic's figures do not say the same."""


def agree(what: str, told: object, own: object) -> None:
    """Raises Disagreement unless a tool's answer is what was worked out apart from it."""
    if told != own:
        raise Disagreement(f"{what}: the tool says {told!r}, the figures say {own!r}")


def at_desk(practice: Practice, rng: Random, *roles: str) -> Requester:
    """A colleague of one of the roles, at random."""
    person: Colleague = rng.choice([c for c in practice.colleagues if c.role in roles])
    return Requester(name=person.name, role=person.role, seed=person.name)


def seeing(practitioner: Practitioner) -> Requester:
    """A practitioner as whoever asks."""
    return Requester(name=practitioner.name, role=practitioner.job_title, seed=practitioner.id)


def called(practitioner: Practitioner, rng: Random) -> str:
    """How people at the clinic call somebody."""
    if practitioner.job_title in _DOCTORS and rng.random() < 0.6:
        return f"Dr. {practitioner.surname}"
    return practitioner.name


def spoken_day(day: date, rng: Random) -> str:
    """A day as people write it, always with weekday or month."""
    return rng.choice(
        (
            f"{day:%A}, {day:%B} {day.day}",
            f"{day:%A} {day.day} {day:%B}",
            f"{day:%b} {day.day}",
            f"{day:%a} {day.day} {day:%b}",
            f"{day:%B} {day.day}",
            day.isoformat(),
        )
    )


def spoken_time(time: str, rng: Random) -> str:
    """A time of day as people write it."""
    hour, minute = int(time[:2]), time[3:]
    half = "am" if hour < 12 else "pm"
    short = f"{(hour - 1) % 12 + 1}" + ("" if minute == "00" else f":{minute}")
    return rng.choice((time, time, f"{short} {half}", f"{short}{half}"))


def spoken_birth(day: date, rng: Random) -> str:
    """A date of birth as people give it."""
    return rng.choice(
        (
            day.isoformat(),
            f"{day:%B} {day.day}, {day.year}",
            f"{day.day} {day:%B} {day.year}",
            f"{day:%b} {day.day} {day.year}",
        )
    )


def other_birth(day: date) -> date:
    """A date of birth that is nearly right."""
    return day.replace(month=day.month % 12 + 1, day=min(day.day, 28))


def clock(moment: datetime) -> str:
    """A moment's time of day.

    >>> clock(datetime(2025, 10, 31, 9, 5))
    '09:05'
    """
    return f"{moment:%H:%M}"


def listed(items: Sequence[str]) -> str:
    """Items in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def with_article(noun: str) -> str:
    """A noun in a sentence.

    >>> with_article("Eye test"), with_article("Skin check"), with_article("Ultrasound scan")
    ('an eye test', 'a skin check', 'an ultrasound scan')
    """
    small = noun[0].lower() + noun[1:]
    return f"{'an' if small[0] in 'aeiou' else 'a'} {small}"


def is_only_name(practice: Practice, patient: Patient) -> bool:
    """Whether no other patient has the name."""
    return sum(other.name == patient.name for other in practice.patients) == 1


def is_child(patient: Patient) -> bool:
    """Whether somebody else has to speak for a patient today."""
    return rules.is_child(patient.date_of_birth, rules.TODAY)


def ahead(practice: Practice, patient: Patient) -> list[Appointment]:
    """The booked visits that a patient has still to come, first first."""
    now = (rules.TODAY, clock(rules.NOW))
    return [
        a
        for a in practice.appointments_of(patient.id)
        if a.status == "booked" and (a.day, a.start) > now
    ]


def service_of(practice: Practice, visit: Appointment) -> Service:
    return practice.service(visit.service_id)


def found(session: Session, tool: str, wanted: str, **arguments: Any) -> list[dict[str, Any]]:
    """The rows of a search; raises Disagreement unless the wanted id is among them."""
    rows: Any = session.call(tool, **arguments)["results"]
    if wanted not in [row["id"] for row in rows]:
        raise Disagreement(f"{tool} {arguments} does not show {wanted}")
    return list(rows)


def found_patient(session: Session, patient: Patient) -> None:
    """Looks a patient up by name."""
    found(session, "find_patients", patient.id, text=patient.name)


def free_slots(
    session: Session,
    service: Service,
    practitioner: Practitioner,
    day: date,
    own: Iterable[Any],
    **times: str,
) -> None:
    """Asks for the free slots of a day and compares them with what was worked out."""
    told: Any = session.call(
        "find_free_slots",
        service_id=service.id,
        practitioner_id=practitioner.id,
        day=day.isoformat(),
        **times,
    )["slots"]
    agree(
        f"free slots of {practitioner.id} on {day}",
        [(slot["start"], tuple(slot["rooms"])) for slot in told],
        [(slot.start, tuple(room.id for room in slot.rooms)) for slot in own],
    )
