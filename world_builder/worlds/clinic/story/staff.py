"""Who works where and when, and what is offered: the same script for every seed, other names."""

from collections.abc import Iterator
from datetime import date

from world_builder.worlds.clinic.model import Colleague, Period, Practitioner, Room, Service, Span
from world_builder.worlds.clinic.rules import LATE_FEE_CENTS, NOTICE_DAYS

_ALL_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
_Hours = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]

_EARLY = (("08:00", "12:00"), ("13:00", "17:00"))
_SHORT = (("08:00", "12:00"), ("13:00", "16:00"))
_NINE = (("09:00", "13:00"), ("14:00", "18:00"))
_LATE = (("10:00", "14:00"), ("14:30", "18:00"))

_CONFERENCE = Span(first_day=date(2025, 11, 3), last_day=date(2025, 11, 7), reason="conference")
_LEAVE = Span(first_day=date(2025, 11, 12), last_day=date(2025, 11, 14), reason="annual leave")
_COURSE = Span(first_day=date(2025, 11, 5), last_day=date(2025, 11, 5), reason="training course")
_PAST_LEAVE = Span(first_day=date(2025, 10, 6), last_day=date(2025, 10, 10), reason="annual leave")

_SEATS: tuple[tuple[str, str, _Hours, tuple[Span, ...]], ...] = (
    ("general practitioner", "general", (_ALL_WEEK, _EARLY), ()),
    ("general practitioner", "general", (_ALL_WEEK[:4], _EARLY), (_CONFERENCE,)),
    ("nurse practitioner", "general", (("monday", "wednesday", "friday"), _NINE), ()),
    ("physiotherapist", "physiotherapy", (_ALL_WEEK, _EARLY), (_PAST_LEAVE,)),
    ("physiotherapist", "physiotherapy", (("monday", "tuesday", "thursday"), _LATE), ()),
    ("dermatologist", "dermatology", (("monday", "wednesday", "thursday"), _SHORT), ()),
    ("dermatologist", "dermatology", (("tuesday", "thursday", "friday"), _NINE), (_LEAVE,)),
    ("audiologist", "audiology", (_ALL_WEEK[:4], _SHORT), ()),
    ("audiologist", "audiology", (("monday", "tuesday", "friday"), _NINE), ()),
    ("optometrist", "optometry", (_ALL_WEEK, _EARLY), ()),
    ("optometrist", "optometry", (("tuesday", "wednesday", "friday"), _NINE), (_COURSE,)),
    ("sonographer", "imaging", (("monday", "tuesday", "thursday", "friday"), _SHORT), ()),
    ("radiographer", "imaging", (("tuesday", "wednesday", "thursday"), _LATE), ()),
)
"""Two of audiology share one booth, two of imaging one room."""

_PAINTING = Span(first_day=date(2025, 11, 3), last_day=date(2025, 11, 7), reason="repainting")
_SERVICING = Span(first_day=date(2025, 11, 6), last_day=date(2025, 11, 6), reason="servicing")

_ROOMS: tuple[tuple[str, str, bool, tuple[Span, ...]], ...] = (
    ("Alder Room", "consulting", False, ()),
    ("Birch Room", "consulting", True, (_PAINTING,)),
    ("Hazel Room", "consulting", False, ()),
    ("Rowan Room", "consulting", True, ()),
    ("Maple Gym", "gym", False, ()),
    ("Poplar Gym", "gym", True, ()),
    ("Willow Room", "treatment", True, ()),
    ("Aspen Booth", "booth", True, ()),
    ("Juniper Room", "optics", False, ()),
    ("Linden Room", "optics", True, ()),
    ("Cypress Suite", "imaging", True, (_SERVICING,)),
)

_SERVICES: tuple[tuple[str, str, str, str, int, int], ...] = (
    ("New patient visit", "general", "standard", "consulting", 45, 180),
    ("Follow-up visit", "general", "standard", "consulting", 30, 95),
    ("Annual check-up", "general", "standard", "consulting", 45, 160),
    ("Physiotherapy assessment", "physiotherapy", "specialist", "gym", 60, 170),
    ("Physiotherapy session", "physiotherapy", "specialist", "gym", 30, 110),
    ("Skin check", "dermatology", "specialist", "consulting", 30, 150),
    ("Mole removal", "dermatology", "procedure", "treatment", 45, 320),
    ("Hearing test", "audiology", "specialist", "booth", 45, 140),
    ("Hearing aid fitting", "audiology", "procedure", "booth", 60, 260),
    ("Eye test", "optometry", "specialist", "optics", 30, 120),
    ("Contact lens fitting", "optometry", "procedure", "optics", 45, 185),
    ("Ultrasound scan", "imaging", "procedure", "imaging", 30, 280),
    ("Bone density scan", "imaging", "procedure", "imaging", 30, 230),
)

_ROLES = (
    *(("front desk",) * 5),
    *(("phone desk",) * 4),
    *(("insurance desk",) * 4),
    *(("practice manager",) * 2),
)


def build_practitioners(names: Iterator[str]) -> tuple[Practitioner, ...]:
    return tuple(
        Practitioner(
            id=f"prc-{n:02}",
            name=next(names),
            job_title=title,
            specialty=specialty,
            hours=tuple(
                Period(weekday=weekday, start=start, end=end)
                for weekday in weekdays
                for start, end in periods
            ),
            absences=absences,
        )
        for n, (title, specialty, (weekdays, periods), absences) in enumerate(_SEATS, 1)
    )


def build_rooms() -> tuple[Room, ...]:
    return tuple(
        Room(id=f"room-{n:02}", name=name, kind=kind, is_step_free=is_free, closures=closures)
        for n, (name, kind, is_free, closures) in enumerate(_ROOMS, 1)
    )


def build_services() -> tuple[Service, ...]:
    return tuple(
        Service(
            id=f"svc-{n:02}",
            name=name,
            specialty=specialty,
            group=group,
            room_kind=room_kind,
            minutes=minutes,
            price_cents=dollars * 100,
            needs_referral=specialty == "imaging",
            notice_days=NOTICE_DAYS[group],
            late_fee_cents=LATE_FEE_CENTS[group],
        )
        for n, (name, specialty, group, room_kind, minutes, dollars) in enumerate(_SERVICES, 1)
    )


def build_colleagues(names: Iterator[str]) -> tuple[Colleague, ...]:
    return tuple(Colleague(name=next(names), role=role) for role in _ROLES)
