"""Booking a visit in a reference, and the criteria on a booked visit; used by several families."""

from dataclasses import dataclass
from datetime import date

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.templates import Session
from world_builder.templates.criteria import creates_one, says_date, state_is
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import (
    Patient,
    Practice,
    Practitioner,
    Referral,
    Room,
    Service,
    WaitingEntry,
)
from world_builder.worlds.clinic.reckoning import copay, needs_referral, usable_referral
from world_builder.worlds.clinic.scenarios.common import agree, found
from world_builder.worlds.clinic.scenarios.criteria import says_money, says_name, says_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A visit to be booked."""

    patient: Patient
    service: Service
    practitioner: Practitioner
    day: date
    start: str
    room: Room
    referral_id: str | None = None
    entry: WaitingEntry | None = None

    @property
    def end(self) -> str:
        return rules.later(self.start, self.service.minutes)

    @property
    def copay_cents(self) -> int:
        return copay(self.patient, self.service, self.day)


def referral_for(
    session: Session, practice: Practice, patient: Patient, service: Service, day: date
) -> Referral | None:
    """The referral that a visit uses, looked up; None when it needs none."""
    if not needs_referral(patient, service):
        return None
    referral = usable_referral(practice, patient, service.specialty, day)
    if referral is None:
        raise LookupError(f"{patient.id} has no referral for {service.name} on {day}")
    found(
        session,
        "find_referrals",
        referral.id,
        patient_id=patient.id,
        specialty=service.specialty,
    )
    return referral


def book(session: Session, booking: Booking) -> str:
    """Books a visit; its id."""
    arguments = {
        "patient_id": booking.patient.id,
        "service_id": booking.service.id,
        "practitioner_id": booking.practitioner.id,
        "room_id": booking.room.id,
        "day": booking.day.isoformat(),
        "start": booking.start,
    }
    if booking.referral_id is not None:
        arguments["referral_id"] = booking.referral_id
    if booking.entry is not None:
        arguments["waiting_entry_id"] = booking.entry.id
    told = session.call("book_appointment", **arguments)
    agree("end of the visit", told["end"], booking.end)
    agree("co-payment of the visit", told["copay_cents"], booking.copay_cents)
    return str(told["appointment_id"])


def in_state(booking: Booking, mark: str = "") -> tuple[Criterion, ...]:
    """What the book must hold in the end: the visit, its time, its room, its referral.

    `mark` tells the criteria of several visits of one task apart.
    """
    day = booking.day.isoformat()
    whose = f"c.type == 'appointment' && c.after.patient_id == '{booking.patient.id}'"
    at = f"{whose} && c.after.day == '{day}'"
    who = f"{booking.patient.name} has one new visit on {day}"
    referral = f"'{booking.referral_id}'" if booking.referral_id else "null"
    wanted = {
        "start": (f"'{booking.start}'", f"{who}, at {booking.start}."),
        "room_id": (f"'{booking.room.id}'", f"The visit on {day} is in {booking.room.id}."),
        "practitioner_id": (
            f"'{booking.practitioner.id}'",
            f"The visit on {day} is with {booking.practitioner.name}.",
        ),
        "service_id": (
            f"'{booking.service.id}'",
            f"The visit on {day} is for {booking.service.name}.",
        ),
        "referral_id": (
            referral,
            f"The visit on {day} uses {booking.referral_id or 'no referral'}.",
        ),
    }
    one = f"size(created.filter(c, {at})) == 1"
    return tuple(
        state_is(
            f"booked-{name.removesuffix('_id')}{mark}",
            text,
            f"{one} && created.exists(c, {at} && c.after.{name} == {value})",
        )
        for name, (value, text) in wanted.items()
    )


def one_visit(num: int = 1) -> Criterion:
    """Exactly so many visits were booked."""
    if num == 1:
        return creates_one("one-visit", "Books one visit.", "appointment")
    found_visits = "size(created.filter(c, c.type == 'appointment'))"
    return state_is("num-visits", f"Books {num} visits.", f"{found_visits} == {num}")


def told(booking: Booking, visit_id: str) -> str:
    """The booking in two sentences."""
    return (
        f"{visit_id} is booked: {booking.day} at {booking.start}, until {booking.end}, with "
        f"{booking.practitioner.name} in the {booking.room.name}. The co-payment is "
        f"{money(booking.copay_cents)}."
    )


def in_answer(booking: Booking, visit_id: str) -> tuple[Criterion, ...]:
    """What the answer must say of a booked visit."""
    room = booking.room
    return (
        says_name("visit", "the new visit", visit_id),
        says_date("day", "the day", booking.day.isoformat()),
        says_time("start", "the start", booking.start),
        says_time("end", "the end", booking.end),
        says_name("practitioner", "who sees the patient", booking.practitioner.surname),
        says_name("room", "the room", room.name, room.id),
        says_money("copay", "the co-payment", booking.copay_cents),
    )
