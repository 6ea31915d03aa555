"""The everyday of the appointment book: weeks of visits past and to come around the plots."""

from datetime import date, datetime, time, timedelta
from random import Random

from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Patient, Practitioner, Service
from world_builder.worlds.clinic.reckoning import is_away
from world_builder.worlds.clinic.rules import EDT, NOW, TODAY
from world_builder.worlds.clinic.story.diary import Diary

_TRIES = 12
_AHEAD: tuple[tuple[date, date, float], ...] = (
    (date(2025, 10, 31), date(2025, 10, 31), 1.6),
    (date(2025, 11, 3), date(2025, 11, 7), 1.9),
    (date(2025, 11, 10), date(2025, 11, 14), 1.5),
    (date(2025, 11, 17), date(2025, 11, 21), 0.45),
)
"""First and last day, and visits a practitioner and day."""
_PAST = (date(2025, 9, 2), date(2025, 10, 30), 0.16)
_SHARED = ("audiology", "imaging")
_SHARED_FACTOR = 2.0
"""Where two share a room, it is fought over."""
_CANCELLED_SHARE = 0.12
_MISSED_SHARE = 0.05


def fill(diary: Diary, patients: tuple[Patient, ...], rng: Random) -> None:
    """Books at random, as the rules allow; a few of the visits are cancelled in time."""
    for first, last, rate in (_PAST, *_AHEAD):
        day = first
        while day <= last:
            for practitioner in diary.practitioners:
                _fill_day(diary, patients, practitioner, day, rate, rng)
            day += timedelta(days=1)
    for visit in sorted(diary.appointments, key=lambda a: (a.day, a.start, a.id)):
        _settle(diary, visit, rng)


def _fill_day(
    diary: Diary,
    patients: tuple[Patient, ...],
    practitioner: Practitioner,
    day: date,
    rate: float,
    rng: Random,
) -> None:
    weekday = f"{day:%A}".lower()
    periods = [p for p in practitioner.hours if p.weekday == weekday]
    if not periods or not rules.is_working_day(day) or is_away(practitioner, day):
        return
    wanted = rate * (_SHARED_FACTOR if practitioner.specialty in _SHARED else 1.0)
    num = int(wanted) + (rng.random() < wanted % 1)
    services = [s for s in diary.services if s.specialty == practitioner.specialty]
    starts = [t for t in rules.TIMES if any(p.start <= t < p.end for p in periods)]
    for _ in range(num):
        for _ in range(_TRIES):
            patient, service = rng.choice(patients), rng.choice(services)
            if _would_come(diary, patient, service, day) and diary.book(
                patient, practitioner, service, day, rng.choice(starts)
            ):
                break


def _would_come(diary: Diary, patient: Patient, service: Service, day: date) -> bool:
    """Not twice in three days, and no more open bookings than allowed."""
    if (patient.id, day) in diary.reserved:
        return False
    near = any(abs((a.day - day).days) < 3 for a in diary.of(patient.id))
    return not near and not (day > TODAY and diary.has_open(patient, service))


def _settle(diary: Diary, visit: Appointment, rng: Random) -> None:
    """What became of a visit whose time has passed, or that its patient gave up."""
    if visit.status != "booked":
        return
    is_over = visit.day < TODAY or (visit.day == TODAY and visit.end <= f"{NOW:%H:%M}")
    chance = rng.random()
    may_fail = is_over and visit.patient_id not in diary.spotless
    told_at = _in_time(diary, visit, rng) if chance < _CANCELLED_SHARE else None
    if told_at is not None and visit.id not in diary.kept:
        diary.cancel(visit.id, told_at)
    elif may_fail and chance > 1 - _MISSED_SHARE:
        _miss(diary, visit)
    elif may_fail and chance > 1 - 2 * _MISSED_SHARE:
        _cancel_late(diary, visit, rng)
    elif is_over:
        diary.change(visit.id, status="completed")


def _service(diary: Diary, visit: Appointment) -> Service:
    return next(s for s in diary.services if s.id == visit.service_id)


def _miss(diary: Diary, visit: Appointment) -> None:
    fee = _service(diary, visit).late_fee_cents * rules.MISSED_FEE_FACTOR
    diary.change(visit.id, status="missed", fee_cents=fee)


def _cancel_late(diary: Diary, visit: Appointment, rng: Random) -> None:
    """On the morning of the visit; forgiven when nothing happened in the year before."""
    since = visit.day - timedelta(days=rules.FORGIVING_DAYS)
    is_first = not any(
        a.status == "missed" or a.is_late
        for a in diary.of(visit.patient_id)
        if since <= a.day < visit.day
    )
    diary.change(
        visit.id,
        status="cancelled",
        cancelled_at=datetime.combine(visit.day, time(7, rng.randrange(10, 58)), EDT),
        cancelled_by="patient",
        is_late=True,
        fee_cents=0 if is_first else _service(diary, visit).late_fee_cents,
    )


def _in_time(diary: Diary, visit: Appointment, rng: Random) -> datetime | None:
    """A moment between booking and the last one to cancel free; None when there is none."""
    limit = rules.working_days_before(visit.day, _service(diary, visit).notice_days)
    last = rules.working_days_before(min(limit, TODAY), rng.choice((1, 1, 2, 3)))
    if last <= visit.booked_on:
        return None
    return datetime.combine(last, time(rng.randrange(8, 18), rng.randrange(60)), EDT)
