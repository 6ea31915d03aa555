"""What the story sets up on purpose, the same in every seed: the cases that people get wrong.

Visits on either side of the last moment to cancel, patients with a past, freed times that somebody
waits for, referrals that do not serve. `fill` puts the everyday around them.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Patient
from world_builder.worlds.clinic.rules import EDT, TODAY
from world_builder.worlds.clinic.story.diary import Diary

MON, TUE, WED, THU, FRI = (date(2025, 11, d) for d in range(3, 8))
_NEXT_WED, _NEXT_THU = date(2025, 11, 12), date(2025, 11, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A visit that a plot needs."""

    plot: str
    service: str
    day: date
    start: str
    past: str = ""
    """`missed`, `old_missed` or `waived_late`: what the patient did before; empty for nothing."""
    told: str = ""
    """For messages and gaps: when the patient wrote, `thu 19:40` or `fri 09:20`."""


def _rows(plot: str, *rows: tuple[str, date, str, str, str]) -> tuple[Planted, ...]:
    return tuple(
        Planted(plot=plot, service=service, day=day, start=start, past=past, told=told)
        for service, day, start, past, told in rows
    )


PLANTED: tuple[Planted, ...] = (
    *_rows(
        "cancel",
        ("Follow-up visit", MON, "10:00", "missed", ""),
        ("Skin check", MON, "09:30", "", ""),
        ("Physiotherapy session", MON, "09:00", "waived_late", ""),
        ("Eye test", MON, "08:30", "old_missed", ""),
        ("Contact lens fitting", TUE, "10:00", "waived_late", ""),
        ("Hearing aid fitting", TUE, "09:00", "missed", ""),
        ("Annual check-up", MON, "09:00", "missed", ""),
    ),
    *_rows(
        "move",
        ("Physiotherapy session", TUE, "13:00", "", ""),
        ("Skin check", MON, "10:30", "", ""),
        ("New patient visit", MON, "09:00", "", ""),
        ("Hearing test", TUE, "11:00", "", ""),
        ("Eye test", WED, "11:00", "", ""),
        ("Ultrasound scan", TUE, "09:30", "", ""),
        ("Follow-up visit", THU, "14:00", "", ""),
    ),
    *_rows(
        "message_cancel",
        ("Follow-up visit", MON, "08:30", "missed", "fri 08:15"),
        ("Physiotherapy session", MON, "09:30", "missed", "fri 09:30"),
        ("Eye test", MON, "09:00", "", "fri 09:20"),
        ("Skin check", MON, "08:00", "waived_late", "thu 19:40"),
        ("Mole removal", TUE, "09:15", "missed", "fri 09:40"),
        ("Hearing test", MON, "09:45", "waived_late", "fri 09:50"),
        ("Ultrasound scan", TUE, "08:30", "", "fri 08:45"),
    ),
    *_rows(
        "gap",
        ("Skin check", THU, "10:00", "", "fri 08:20"),
        ("Hearing test", TUE, "14:00", "", "thu 16:05"),
        ("Eye test", WED, "15:00", "", "fri 09:10"),
        ("Ultrasound scan", TUE, "11:00", "", "thu 10:30"),
        ("Physiotherapy assessment", WED, "09:00", "", "fri 09:35"),
        ("Annual check-up", THU, "13:00", "", "fri 08:05"),
        ("New patient visit", FRI, "10:00", "", "thu 15:45"),
    ),
    *_rows(
        "holiday",
        ("Eye test", _NEXT_WED, "10:30", "", ""),
        ("Contact lens fitting", _NEXT_THU, "09:00", "", ""),
        ("Hearing aid fitting", _NEXT_WED, "13:00", "", ""),
        ("Follow-up visit", _NEXT_WED, "15:30", "", ""),
    ),
)

_FULL: tuple[tuple[str, date, tuple[str, ...]], ...] = (
    ("Physiotherapy assessment", WED, ("13:00", "14:00", "15:00", "16:00")),
    ("Hearing aid fitting", WED, ("08:00", "09:00", "10:00", "11:00")),
    ("Mole removal", THU, ("13:00", "13:45", "14:30", "15:15")),
)
"""Half days without a gap, by the first practitioner of the specialty."""

NUM_SERIES = 7

_POOR_REFERRALS: tuple[tuple[str, str], ...] = (
    ("physiotherapy", "expired"),
    ("dermatology", "used_up"),
    ("optometry", "ends_soon"),
    ("audiology", "expired"),
    ("physiotherapy", "used_up"),
    ("dermatology", "ends_soon"),
)


def moment(told: str) -> datetime:
    """When somebody wrote, in the week of today.

    >>> moment("thu 19:40").isoformat()
    '2025-10-30T19:40:00-04:00'
    """
    day, clock = told.split()
    shift = {"wed": 2, "thu": 1, "fri": 0}[day]
    return datetime.combine(TODAY - timedelta(days=shift), time.fromisoformat(clock), EDT)


class Plots:
    """Plants the plots and remembers what belongs to them."""

    def __init__(self, diary: Diary, cast: list[Patient]) -> None:
        """Plots draw their people from `cast`, from the front."""
        self._diary, self._cast = diary, list(cast)
        self.ids: defaultdict[str, list[str]] = defaultdict(list)
        """Provisional ids of visits, or ids of patients and referrals, by plot."""

    @property
    def spare(self) -> list[Patient]:
        """Who has no part in a plot yet."""
        return list(self._cast)

    def plant(self, namesakes: tuple[Patient, ...]) -> None:
        """Puts everything in that must not be crowded out."""
        self._referrals()
        self._newcomers()
        for row in PLANTED:
            patient = self._cast.pop(0)
            visit = self._visit(patient, row.service, row.day, row.start)
            self._diary.spotless.add(patient.id)
            self.ids[row.plot].append(visit.id)
            if row.past:
                self._past(patient, row.past)
        for service, day, starts in _FULL:
            for start in starts:
                self._visit(self._cast.pop(0), service, day, start)
        for n, patient in enumerate(namesakes):
            self._namesake(n, patient)

        self._diary.kept.update(a.id for a in self._diary.appointments)

    def free_gaps(self) -> None:
        """Cancels the visits whose time is to be given to somebody else."""
        told = [row.told for row in PLANTED if row.plot == "gap"]
        for visit_id, when in zip(self.ids["gap"], told, strict=True):
            self._diary.cancel(visit_id, moment(when))

    def _newcomers(self) -> None:
        for _ in range(NUM_SERIES):
            newcomer = self._with_strict_plan()
            self.ids["series"].append(newcomer.id)
            self._diary.blocked.add((newcomer.id, "physiotherapy"))

    def _with_strict_plan(self) -> Patient:
        """Somebody whose plan wants referrals."""
        index = next(i for i, p in enumerate(self._cast) if rules.PLANS[p.plan].needs_referral)
        return self._cast.pop(index)

    def _visit(
        self,
        patient: Patient,
        service_name: str,
        day: date,
        start: str,
        booked_on: date | None = None,
    ) -> Appointment:
        """A booking with the first practitioner who can; the script leaves room for one."""
        service = self._diary.service(service_name)
        seats = [p for p in self._diary.practitioners if p.specialty == service.specialty]
        for practitioner in seats:
            made = self._diary.book(patient, practitioner, service, day, start, booked_on)
            if made is not None:
                return made
        raise LookupError(f"nobody is free for {service_name} on {day} at {start}")

    def _past(self, patient: Patient, kind: str) -> None:
        """A missed visit or a late cancellation, long enough ago or not."""
        days_ago = {"missed": 90, "waived_late": 200, "old_missed": 390}[kind]
        day = rules.working_days_before(TODAY - timedelta(days=days_ago), 1)
        visit = self._visit_long_ago(patient, day)
        if kind == "waived_late":
            told_at = datetime.combine(day, time(7, 50), EDT)
            self._diary.change(
                visit.id,
                status="cancelled",
                cancelled_at=told_at,
                cancelled_by="patient",
                is_late=True,
            )
        else:
            fee = self._diary.service("Follow-up visit").late_fee_cents * rules.MISSED_FEE_FACTOR
            self._diary.change(visit.id, status="missed", fee_cents=fee)

    def _visit_long_ago(self, patient: Patient, day: date) -> Appointment:
        for back in range(40):
            for start in ("08:30", "10:00", "11:00", "14:00", "15:30"):
                try:
                    earlier = rules.working_days_before(day, back)
                    return self._visit(patient, "Follow-up visit", earlier, start)
                except LookupError:
                    continue
        raise LookupError(f"no room in the past for {patient.id}")

    def _namesake(self, n: int, patient: Patient) -> None:
        services = ("Eye test", "Follow-up visit", "Skin check", "Physiotherapy session")
        service = self._diary.service(services[(n + n // 2) % len(services)])
        seats = [p for p in self._diary.practitioners if p.specialty == service.specialty]
        for day in (WED, THU, FRI, _NEXT_WED, _NEXT_THU):
            for practitioner in seats:
                for start in ("09:15", "10:45", "13:30", "15:00"):
                    made = self._diary.book(patient, practitioner, service, day, start)
                    if made is not None:
                        self.ids["namesake"].append(made.id)
                        return
        raise LookupError(f"no visit for the namesake {patient.id}")

    def _referrals(self) -> None:
        for specialty, fault in _POOR_REFERRALS:
            patient = self._with_strict_plan()
            first, last, approved = {
                "expired": (TODAY - timedelta(days=96), TODAY - timedelta(days=6), 4),
                "used_up": (TODAY - timedelta(days=40), TODAY + timedelta(days=50), 1),
                "ends_soon": (TODAY - timedelta(days=84), WED, 3),
            }[fault]
            made = self._diary.refer(patient, specialty, first, last, approved)
            if fault == "used_up":
                self._use_up(patient, specialty)
            self.ids["poor_referral"].append(made.id)
            self._diary.blocked.add((patient.id, specialty))

    def _use_up(self, patient: Patient, specialty: str) -> None:
        service = next(s for s in self._diary.services if s.specialty == specialty)
        for days_ago in range(4, 36):
            day = TODAY - timedelta(days=days_ago)
            booked_on = max(self._diary.referrals[-1].valid_from, day - timedelta(days=3))
            for start in ("09:00", "10:30", "14:30"):
                try:
                    visit = self._visit(patient, service.name, day, start, booked_on)
                except LookupError:
                    continue
                self._diary.change(visit.id, status="completed")
                return
        raise LookupError(f"no past visit for {patient.id}")
