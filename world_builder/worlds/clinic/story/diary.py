"""The appointment book while the story fills it: who fits where, and the referrals that go along.

Everything put in holds the clinic's rules. Ids are provisional until `closed` gives them out in
the order of booking.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import (
    Appointment,
    Patient,
    Practitioner,
    Referral,
    Room,
    Service,
)
from world_builder.worlds.clinic.reckoning import (
    copay,
    free_rooms,
    is_away,
    is_in,
    needs_referral,
)
from world_builder.worlds.clinic.story.names import AUTHORISATION_LETTERS, REFERRING

_FIRST_APPOINTMENT = 2101
_FIRST_REFERRAL = 301


@dataclass(kw_only=True)
class Diary:
    """Appointments and referrals so far."""

    practitioners: tuple[Practitioner, ...]
    rooms: tuple[Room, ...]
    services: tuple[Service, ...]
    rng: Random
    appointments: list[Appointment] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    """Patient and specialty for which the plots want no usable referral."""
    kept: set[str] = field(default_factory=set)
    """Visits of the plots, which nobody cancels by chance."""
    spotless: set[str] = field(default_factory=set)
    """Patients of the plots, who miss nothing by chance."""
    reserved: set[tuple[str, date]] = field(default_factory=set)
    """Patient and day on which chance books nothing."""

    def service(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def on(self, day: date) -> list[Appointment]:
        return [a for a in self.appointments if a.day == day]

    def of(self, patient_id: str) -> list[Appointment]:
        return [a for a in self.appointments if a.patient_id == patient_id]

    def room_free(
        self, patient: Patient, practitioner: Practitioner, service: Service, day: date, start: str
    ) -> Room | None:
        """The room of a visit that the rules allow; None when they forbid it."""
        end = rules.later(start, service.minutes)
        is_there = rules.is_working_day(day) and is_in(practitioner, day, start, end)
        if not is_there or is_away(practitioner, day):
            return None
        taken = [
            a for a in self.on(day) if a.status != "cancelled" and a.start < end and start < a.end
        ]
        if any(a.practitioner_id == practitioner.id or a.patient_id == patient.id for a in taken):
            return None
        rooms = free_rooms(self.rooms, service.room_kind, day, taken)
        return next((r for r in rooms if r.is_step_free or not patient.needs_step_free), None)

    def has_open(self, patient: Patient, service: Service) -> bool:
        """Whether the patient may hold no further booking of a service."""
        held = [a for a in self.of(patient.id) if a.service_id == service.id]
        ahead = [a for a in held if a.status == "booked" and a.day > rules.TODAY]
        return len(ahead) >= rules.may_hold(service.name)

    def book(
        self,
        patient: Patient,
        practitioner: Practitioner,
        service: Service,
        day: date,
        start: str,
        booked_on: date | None = None,
    ) -> Appointment | None:
        """Puts a visit in; None when the rules forbid it."""
        room = self.room_free(patient, practitioner, service, day, start)
        if room is None:
            return None
        made_on = booked_on or _before(day, self.rng)
        referral_id = None
        if needs_referral(patient, service):
            if (patient.id, service.specialty) in self.blocked:
                return None
            referral_id = self._referral(patient, service.specialty, day, made_on).id
        made = Appointment(
            id=f"t{len(self.appointments):04}",
            patient_id=patient.id,
            practitioner_id=practitioner.id,
            room_id=room.id,
            service_id=service.id,
            referral_id=referral_id,
            day=day,
            start=start,
            end=rules.later(start, service.minutes),
            status="booked",
            booked_on=made_on,
            copay_cents=copay(patient, service, day),
        )
        self.appointments.append(made)
        return made

    def change(self, appointment_id: str, **values: object) -> Appointment:
        """Sets fields of a visit."""
        index = next(i for i, a in enumerate(self.appointments) if a.id == appointment_id)
        self.appointments[index] = replace(self.appointments[index], **values)  # type: ignore[arg-type]
        return self.appointments[index]

    def cancel(self, appointment_id: str, at: datetime) -> Appointment:
        """A patient's cancellation in time."""
        return self.change(
            appointment_id, status="cancelled", cancelled_at=at, cancelled_by="patient"
        )

    def refer(
        self, patient: Patient, specialty: str, first: date, last: date, approved: int
    ) -> Referral:
        """A new referral."""
        made = Referral(
            id=f"ref-{_FIRST_REFERRAL + len(self.referrals)}",
            patient_id=patient.id,
            specialty=specialty,
            referred_by=self.rng.choice(REFERRING),
            authorisation_number=self.authorisation(patient.plan),
            valid_from=first,
            valid_until=last,
            visits_approved=approved,
            visits_used=0,
        )
        self.referrals.append(made)
        return made

    def authorisation(self, plan: str) -> str:
        """A number that no referral has yet."""
        taken = {r.authorisation_number for r in self.referrals}
        while True:
            number = f"{AUTHORISATION_LETTERS[plan]}-{self.rng.randrange(20_000, 99_000)}"
            if number not in taken:
                return number

    def used(self, referral_id: str) -> int:
        """The visits that a referral has been used for."""
        return sum(
            a.referral_id == referral_id and a.status != "cancelled" for a in self.appointments
        )

    def _referral(self, patient: Patient, specialty: str, day: date, made_on: date) -> Referral:
        for known in self.referrals:
            is_theirs = known.patient_id == patient.id and known.specialty == specialty
            if (
                is_theirs
                and known.valid_from <= min(day, made_on)
                and day <= known.valid_until
                and self.used(known.id) < known.visits_approved
            ):
                return known
        first = made_on - timedelta(days=self.rng.randrange(1, 9))
        last = max(day + timedelta(days=self.rng.randrange(6, 40)), first + timedelta(days=60))
        approved = self.rng.choice((1, 2)) if specialty == "imaging" else self.rng.choice((2, 3, 4))
        return self.refer(patient, specialty, first, last, approved)

    def closed(self) -> tuple[tuple[Appointment, ...], tuple[Referral, ...], dict[str, str]]:
        """Appointments and referrals with their ids, and the ids by the provisional ones."""
        ordered = sorted(self.appointments, key=lambda a: (a.booked_on, a.id))
        ids = {a.id: f"apt-{_FIRST_APPOINTMENT + n}" for n, a in enumerate(ordered)}
        referrals = tuple(replace(r, visits_used=self.used(r.id)) for r in self.referrals)
        return tuple(replace(a, id=ids[a.id]) for a in ordered), referrals, ids


def _before(day: date, rng: Random) -> date:
    """A working day on which a visit may have been booked."""
    made_on = min(day - timedelta(days=rng.randrange(4, 34)), rules.TODAY - timedelta(days=1))
    return rules.working_days_before(made_on + timedelta(days=1), 1)
