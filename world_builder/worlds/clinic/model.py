"""The clinic's contents as typed values, before they become records.

The story fills a `Practice`; scenarios bind to it and read their facts from it. It decides nothing:
what follows from the facts is worked out in `reckoning`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

from world_builder.frozen import Json

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who may speak for a patient."""

    name: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    id: str
    name: str
    date_of_birth: date
    phone: str
    email: str
    plan: str
    preferred_contact: str
    needs_step_free: bool = False
    contacts: tuple[Contact, ...] = ()

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Working hours on a weekday."""

    weekday: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days, first and last included, on which somebody or something is not there."""

    first_day: date
    last_day: date
    reason: str

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Practitioner:
    id: str
    name: str
    job_title: str
    specialty: str
    hours: tuple[Period, ...]
    absences: tuple[Span, ...] = ()

    @property
    def surname(self) -> str:
        return self.name.split()[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    id: str
    name: str
    kind: str
    is_step_free: bool
    closures: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    id: str
    name: str
    specialty: str
    group: str
    room_kind: str
    minutes: int
    price_cents: int
    needs_referral: bool
    notice_days: int
    late_fee_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    id: str
    patient_id: str
    practitioner_id: str
    room_id: str
    service_id: str
    referral_id: str | None
    day: date
    start: str
    end: str
    status: str
    booked_on: date
    copay_cents: int
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    is_late: bool = False
    fee_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    id: str
    patient_id: str
    specialty: str
    referred_by: str
    authorisation_number: str
    valid_from: date
    valid_until: date
    visits_approved: int
    visits_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: str
    sender_name: str
    sender_date_of_birth: date | None
    received_at: datetime
    subject: str
    text: str
    status: str = "open"
    reply: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEntry:
    id: str
    patient_id: str
    service_id: str
    practitioner_id: str | None
    part_of_day: str
    not_before: date | None
    priority: str
    added_on: date
    status: str = "waiting"
    appointment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody who works at the clinic without seeing patients: no entity, but asks."""

    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class Practice:
    """Everything the clinic knows; tuples are in the order of ids."""

    patients: tuple[Patient, ...]
    practitioners: tuple[Practitioner, ...]
    rooms: tuple[Room, ...]
    services: tuple[Service, ...]
    appointments: tuple[Appointment, ...]
    referrals: tuple[Referral, ...]
    messages: tuple[Message, ...]
    waiting: tuple[WaitingEntry, ...]
    colleagues: tuple[Colleague, ...]
    plots: dict[str, tuple[str, ...]]
    """Ids of what the story set up on purpose, by the name of the plot."""

    def records(self) -> dict[str, tuple[dict[str, Json], ...]]:
        """The records of a world, by entity type."""
        return {
            "patient": _records(self.patients),
            "practitioner": _records(self.practitioners),
            "room": _records(self.rooms),
            "service": _records(self.services),
            "appointment": _records(self.appointments),
            "referral": _records(self.referrals),
            "message": _records(self.messages),
            "waiting_entry": _records(self.waiting),
        }

    def patient(self, patient_id: str) -> Patient:
        return self._by_id(self.patients)[patient_id]

    def practitioner(self, practitioner_id: str) -> Practitioner:
        return self._by_id(self.practitioners)[practitioner_id]

    def room(self, room_id: str) -> Room:
        return self._by_id(self.rooms)[room_id]

    def service(self, service_id: str) -> Service:
        return self._by_id(self.services)[service_id]

    def appointment(self, appointment_id: str) -> Appointment:
        return self._by_id(self.appointments)[appointment_id]

    def message(self, message_id: str) -> Message:
        return self._by_id(self.messages)[message_id]

    def service_named(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def practitioners_in(self, specialty: str) -> list[Practitioner]:
        return [p for p in self.practitioners if p.specialty == specialty]

    def appointments_of(self, patient_id: str) -> list[Appointment]:
        """A patient's appointments, first day first."""
        return self._of_patient[patient_id]

    def appointments_on(self, day: date) -> list[Appointment]:
        """All appointments of a day, whatever became of them."""
        return self._on_day[day]

    def referrals_of(self, patient_id: str) -> list[Referral]:
        return [referral for referral in self.referrals if referral.patient_id == patient_id]

    def waiting_for(self, service_id: str) -> list[WaitingEntry]:
        """Who still waits for a service."""
        return [w for w in self.waiting if w.service_id == service_id and w.status == "waiting"]

    @cached_property
    def _indexes(self) -> dict[int, dict[str, Any]]:
        return {}

    def _by_id(self, items: tuple[_T, ...]) -> dict[str, _T]:
        index = self._indexes.get(id(items))
        if index is None:
            index = self._indexes[id(items)] = {item.id: item for item in items}  # type: ignore[attr-defined]
        return index

    @cached_property
    def _of_patient(self) -> defaultdict[str, list[Appointment]]:
        ordered = sorted(self.appointments, key=lambda a: (a.day, a.start, a.id))
        return _grouped(ordered, lambda appointment: appointment.patient_id)

    @cached_property
    def _on_day(self) -> defaultdict[date, list[Appointment]]:
        ordered = sorted(self.appointments, key=lambda a: (a.start, a.id))
        return _grouped(ordered, lambda appointment: appointment.day)


_K = TypeVar("_K")


def _grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> defaultdict[_K, list[_T]]:
    groups: defaultdict[_K, list[_T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def _records(items: Iterable[Any]) -> tuple[dict[str, Json], ...]:
    return tuple(
        {field.name: _json(getattr(item, field.name)) for field in fields(item)} for item in items
    )


def _json(value: Any) -> Json:
    """ISO dates and times, lists for tuples, null for what is not set."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_json(part) for part in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _json(part) for name, part in asdict(value).items()}
    return value  # type: ignore[no-any-return]
