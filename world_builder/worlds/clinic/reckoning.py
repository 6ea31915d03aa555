"""What follows from the clinic's facts: free times, obstacles, co-payments, fees, whose turn it is.

Worked out in Python for the story and the reference solutions, apart from the tools' expressions,
so that the two check each other. It changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import (
    Appointment,
    Patient,
    Period,
    Practice,
    Practitioner,
    Referral,
    Room,
    Service,
    WaitingEntry,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A start that is free, with the rooms that are free for all of it, lowest number first."""

    start: str
    rooms: tuple[Room, ...]


def overlapping(
    appointments: Iterable[Appointment], start: str, end: str, leave_out: str = ""
) -> list[Appointment]:
    """The booked visits of a day that share time with a span; visits that only touch do not."""
    return [
        a
        for a in appointments
        if a.status == "booked" and a.id != leave_out and a.start < end and start < a.end
    ]


def hours_on(practitioner: Practitioner, day: date) -> list[Period]:
    """The working hours of a day's weekday; leave and closing days do not count."""
    weekday = rules.WEEKDAYS[day.isoweekday() % 7]
    return [period for period in practitioner.hours if period.weekday == weekday]


def is_in(practitioner: Practitioner, day: date, start: str, end: str) -> bool:
    """Whether a span lies within the working hours of the weekday; leave does not count."""
    return any(p.start <= start and end <= p.end for p in hours_on(practitioner, day))


def works_on(practitioner: Practitioner, day: date) -> bool:
    """Whether somebody sees patients on a day."""
    is_there = rules.is_working_day(day) and not is_away(practitioner, day)
    return is_there and bool(hours_on(practitioner, day))


def is_away(practitioner: Practitioner, day: date) -> bool:
    return any(span.covers(day) for span in practitioner.absences)


def free_rooms(
    rooms: Iterable[Room], kind: str, day: date, taken: Sequence[Appointment]
) -> tuple[Room, ...]:
    """The rooms of a kind that are open on a day and in none of the visits `taken`."""
    ids = {a.room_id for a in taken}
    return tuple(
        room
        for room in rooms
        if room.kind == kind
        and room.id not in ids
        and not any(span.covers(day) for span in room.closures)
    )


def free_slots(
    practice: Practice,
    practitioner: Practitioner,
    service: Service,
    day: date,
    *,
    earliest: str = rules.OPENS,
    latest_end: str = rules.CLOSES,
) -> list[Slot]:
    """The starts of a day at which practitioner and a room are free."""
    if not works_on(practitioner, day):
        return []
    booked = practice.appointments_on(day)
    hours = hours_on(practitioner, day)
    found: list[Slot] = []
    for start in rules.TIMES:
        end = rules.later(start, service.minutes)
        if start < earliest or end > latest_end:
            continue
        if not any(p.start <= start and end <= p.end for p in hours):
            continue
        taken = overlapping(booked, start, end)
        rooms = free_rooms(practice.rooms, service.room_kind, day, taken)
        if rooms and not any(a.practitioner_id == practitioner.id for a in taken):
            found.append(Slot(start=start, rooms=rooms))
    return found


def room_for(patient: Patient, slot: Slot) -> Room | None:
    """The lowest-numbered free room that suits a patient."""
    suitable = (r for r in slot.rooms if r.is_step_free or not patient.needs_step_free)
    return next(suitable, None)


def first_fit(
    practice: Practice,
    patient: Patient,
    slots: Iterable[Slot],
    day: date,
    minutes: int,
    leave_out: str = "",
) -> tuple[str, Room] | None:
    """The first slot with a room that suits, at which the patient is not seen elsewhere."""
    own = [a for a in practice.appointments_of(patient.id) if a.day == day]
    for slot in slots:
        room = room_for(patient, slot)
        end = rules.later(slot.start, minutes)
        if room is not None and not overlapping(own, slot.start, end, leave_out):
            return slot.start, room
    return None


def usable_referral(
    practice: Practice, patient: Patient, specialty: str, day: date
) -> Referral | None:
    """The referral that a visit on a day can use; the one that runs out first."""
    usable = [
        r
        for r in practice.referrals_of(patient.id)
        if r.specialty == specialty
        and r.valid_from <= day <= r.valid_until
        and r.visits_used < r.visits_approved
    ]
    return min(usable, key=lambda r: (r.valid_until, r.id), default=None)


def needs_referral(patient: Patient, service: Service) -> bool:
    return rules.needs_referral(patient.plan, service.specialty, service.needs_referral)


def obstacles(
    practice: Practice,
    patient: Patient,
    service: Service,
    practitioner: Practitioner,
    day: date,
    start: str,
) -> list[str]:
    """The rules that forbid a booking, by the ids that `check_booking` gives them."""
    end = rules.later(start, service.minutes)
    taken = overlapping(practice.appointments_on(day), start, end)
    broken = {
        "too_soon": day <= rules.TODAY,
        "closed": not rules.is_working_day(day),
        "not_offered": practitioner.specialty != service.specialty,
        "outside_hours": not is_in(practitioner, day, start, end),
        "away": is_away(practitioner, day),
        "practitioner_busy": any(a.practitioner_id == practitioner.id for a in taken),
        "patient_busy": any(a.patient_id == patient.id for a in taken),
        "no_room": not free_rooms(practice.rooms, service.room_kind, day, taken),
        "no_referral": needs_referral(patient, service)
        and usable_referral(practice, patient, service.specialty, day) is None,
    }
    return [rule for rule, is_broken in broken.items() if is_broken]


def copay(patient: Patient, service: Service, day: date) -> int:
    """What a patient pays for a visit on a day, in cents."""
    child = rules.is_child(patient.date_of_birth, day)
    return rules.copay(service.price_cents, service.group, patient.plan, child=child)


def deadline(service: Service, day: date, start: str) -> datetime:
    """The last moment, clinic time, at which a visit can be cancelled or moved free."""
    last_day = rules.working_days_before(day, service.notice_days)
    return datetime.combine(last_day, time.fromisoformat(start), rules.EDT)


def is_late(service: Service, day: date, start: str, told_at: datetime) -> bool:
    """Whether notice comes too late; at the very minute it is in time.

    Clock times count, whatever the hour that the clocks gain or lose.
    """
    last = deadline(service, day, start).replace(tzinfo=None)
    return told_at.replace(tzinfo=None) > last


def strikes(practice: Practice, patient_id: str) -> list[Appointment]:
    """Late cancellations (waived ones too) and missed visits of the last 365 days."""
    since = rules.TODAY - timedelta(days=rules.FORGIVING_DAYS)
    return [
        a
        for a in practice.appointments_of(patient_id)
        if (a.status == "missed" and a.day >= since)
        or (a.is_late and a.cancelled_at is not None and a.cancelled_at.date() >= since)
    ]


def may_waive(practice: Practice, patient_id: str) -> bool:
    """Whether a late fee is forgiven."""
    return not strikes(practice, patient_id)


def open_bookings(practice: Practice, patient_id: str, service_id: str) -> list[Appointment]:
    """The booked visits of a service that a patient has ahead."""
    return [
        a
        for a in practice.appointments_of(patient_id)
        if a.service_id == service_id and a.status == "booked" and a.day > rules.TODAY
    ]


def in_turn(entries: Iterable[WaitingEntry]) -> list[WaitingEntry]:
    """Waiting-list entries in the order in which they are offered a visit."""
    return sorted(entries, key=lambda w: (w.priority != "soon", w.added_on, w.id))


def suits(
    practice: Practice, entry: WaitingEntry, practitioner: Practitioner, day: date, start: str
) -> str:
    """Why a free time does not suit an entry; empty when it does."""
    patient, service = practice.patient(entry.patient_id), practice.service(entry.service_id)
    part = "morning" if start < rules.NOON else "afternoon"
    if entry.practitioner_id not in (None, practitioner.id):
        return "practitioner"
    if entry.part_of_day not in ("any", part):
        return "part_of_day"
    if entry.not_before is not None and day < entry.not_before:
        return "not_before"
    broken = obstacles(practice, patient, service, practitioner, day, start)
    return broken[0] if broken else ""
