"""The waiting list: who waits for the freed times, in an order that is easily got wrong."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from world_builder.worlds.clinic.model import Appointment, Patient, Service, WaitingEntry
from world_builder.worlds.clinic.reckoning import needs_referral
from world_builder.worlds.clinic.rules import NOON, TODAY
from world_builder.worlds.clinic.story.diary import Diary

_FIRST_ENTRY = 41
_FAR = date(2025, 11, 17)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One entry: its priority, how long ago it was made, and why a freed time does not suit."""

    priority: str
    days_ago: int
    fault: str = ""


def _wishes(*rows: tuple[str, int, str]) -> tuple[_Wish, ...]:
    return tuple(_Wish(priority=p, days_ago=d, fault=f) for p, d, f in rows)


_QUEUES: tuple[tuple[_Wish, ...], ...] = (
    _wishes(("soon", 20, "part_of_day"), ("routine", 15, ""), ("routine", 6, "")),
    _wishes(("routine", 30, "practitioner"), ("soon", 9, ""), ("routine", 25, "")),
    _wishes(("soon", 12, "not_before"), ("routine", 18, ""), ("routine", 10, "part_of_day")),
    _wishes(("routine", 28, "no_referral"), ("routine", 17, ""), ("routine", 5, "")),
    _wishes(("soon", 14, "patient_busy"), ("soon", 8, ""), ("routine", 33, "")),
    _wishes(("routine", 40, ""), ("soon", 4, ""), ("routine", 21, "")),
    _wishes(("routine", 22, ""), ("soon", 11, "part_of_day"), ("routine", 19, "")),
)
"""One queue for each gap of the plots, in their order."""


class Waiting:
    """Fills the waiting list."""

    def __init__(self, diary: Diary, cast: list[Patient], rng: Random) -> None:
        """People are drawn from `cast`, none twice."""
        self._diary, self._rng = diary, rng
        self._cast = list(cast)
        rng.shuffle(self._cast)
        self.entries: list[WaitingEntry] = []

    def queue(self, gaps: list[Appointment]) -> None:
        """Puts people in line for the visits that will be cancelled."""
        for gap, wishes in zip(gaps, _QUEUES, strict=True):
            service = next(s for s in self._diary.services if s.id == gap.service_id)
            for wish in wishes:
                self._wait_for(gap, service, wish)

    def settle(self, ids: dict[str, str]) -> tuple[WaitingEntry, ...]:
        """All entries by the day they were made; some older ones have long been booked."""
        booked = [a for a in self._diary.appointments if a.status == "completed" and a.day < TODAY]
        for visit in self._rng.sample(booked, 5):
            self.entries.append(
                WaitingEntry(
                    id="",
                    patient_id=visit.patient_id,
                    service_id=visit.service_id,
                    practitioner_id=None,
                    part_of_day="any",
                    not_before=None,
                    priority="routine",
                    added_on=visit.booked_on - timedelta(days=self._rng.randrange(2, 20)),
                    status="booked",
                    appointment_id=ids[visit.id],
                )
            )
        ordered = sorted(self.entries, key=lambda w: (w.added_on, w.patient_id))
        return tuple(replace(w, id=f"wait-{_FIRST_ENTRY + n:03}") for n, w in enumerate(ordered))

    def _wait_for(self, gap: Appointment, service: Service, wish: _Wish) -> None:
        patient = self._somebody(service, wish)
        added_on = TODAY - timedelta(days=wish.days_ago)
        self._papers(patient, service, wish)
        if wish.fault == "patient_busy":
            self._busy(patient, gap)
        self._diary.reserved.add((patient.id, gap.day))
        other_part = "afternoon" if gap.start < NOON else "morning"
        self.entries.append(
            WaitingEntry(
                id="",
                patient_id=patient.id,
                service_id=service.id,
                practitioner_id=self._wanted_practitioner(gap, wish),
                part_of_day=other_part if wish.fault == "part_of_day" else "any",
                not_before=_FAR if wish.fault == "not_before" else None,
                priority=wish.priority,
                added_on=added_on,
            )
        )

    def _somebody(self, service: Service, wish: _Wish) -> Patient:
        """Somebody whose plan lets the fault matter."""
        for index, patient in enumerate(self._cast):
            if not patient.needs_step_free and (
                wish.fault != "no_referral" or needs_referral(patient, service)
            ):
                return self._cast.pop(index)
        raise LookupError(f"nobody is left to wait for {service.name}")

    def _papers(self, patient: Patient, service: Service, wish: _Wish) -> None:
        """The referral that goes with the entry: one that serves, or one that has run out."""
        if not needs_referral(patient, service):
            return
        last = TODAY + timedelta(days=2 if wish.fault == "no_referral" else 40)
        self._diary.blocked.add((patient.id, service.specialty))
        first = TODAY - timedelta(days=wish.days_ago + 3)
        self._diary.refer(patient, service.specialty, first, last, 2)

    def _busy(self, patient: Patient, gap: Appointment) -> None:
        service = self._diary.service("Follow-up visit")
        for practitioner in self._diary.practitioners:
            if practitioner.specialty == "general" and self._diary.book(
                patient, practitioner, service, gap.day, gap.start
            ):
                return
        raise LookupError(f"nobody can see {patient.id} on {gap.day}")

    def _wanted_practitioner(self, gap: Appointment, wish: _Wish) -> str | None:
        seats = {p.id: p.specialty for p in self._diary.practitioners}
        if wish.fault == "practitioner":
            mine = seats[gap.practitioner_id]
            return next(i for i, s in seats.items() if s == mine and i != gap.practitioner_id)
        return gap.practitioner_id if self._rng.random() < 0.3 else None
