"""The inbox: cancellations, questions, referrals from other practices, and everyday noise."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from world_builder.worlds.clinic.model import Appointment, Message, Patient, Service
from world_builder.worlds.clinic.rules import TODAY, working_days_before
from world_builder.worlds.clinic.story import inbox_texts as texts
from world_builder.worlds.clinic.story.diary import Diary
from world_builder.worlds.clinic.story.names import REFERRING
from world_builder.worlds.clinic.story.plots import PLANTED, moment

_FIRST_MESSAGE = 501
_MIN_AHEAD = 3


class Inbox:
    """Gathers messages; ids are given in the order of arrival."""

    def __init__(self, patients: dict[str, Patient], diary: Diary, rng: Random) -> None:
        self._patients, self._diary, self._rng = patients, diary, rng
        self._messages: list[tuple[str, Message]] = []

    def closed(self) -> tuple[tuple[Message, ...], dict[str, tuple[str, ...]]]:
        """All messages, and the ids of those that belong to a plot, in the plot's order."""
        ordered = sorted(self._messages, key=lambda pair: pair[1].received_at)
        plots: dict[str, list[tuple[int, str]]] = {}
        for n, (_, message) in enumerate(ordered):
            index = next(i for i, (_, m) in enumerate(self._messages) if m is message)
            plots.setdefault(ordered[n][0], []).append((index, f"msg-{_FIRST_MESSAGE + n}"))
        messages = tuple(
            replace(message, id=f"msg-{_FIRST_MESSAGE + n}")
            for n, (_, message) in enumerate(ordered)
        )
        return messages, {k: tuple(i for _, i in sorted(v)) for k, v in plots.items() if k}

    def cancellations(self, visits: list[Appointment], services: dict[str, Service]) -> None:
        """Patients who write that they do not come; the last gives another birth date."""
        told = [row.told for row in PLANTED if row.plot == "message_cancel"]
        for n, (visit, when) in enumerate(zip(visits, told, strict=True)):
            subject, text = texts.CANCELLATIONS[n]
            slots = {
                "day": f"{visit.day:%A}",
                "start": visit.start,
                "service": services[visit.service_id].name.lower(),
            }
            is_last = n == len(visits) - 1
            self._write(
                "message_cancel",
                self._patients[visit.patient_id],
                moment(when),
                (subject.format_map(slots), text.format_map(slots)),
                is_wrong=is_last,
            )

    def questions(self, visits: list[Appointment], services: dict[str, Service]) -> list[str]:
        """Patients with one visit ahead ask about it; the ids of those visits, in order."""
        asked: list[str] = []
        for n, (kind, subject, text) in enumerate(texts.QUESTIONS):
            visit = next(
                v
                for v in visits
                if v.id not in asked
                and v.day > TODAY + timedelta(days=_MIN_AHEAD)
                and (kind != "cost" or v.copay_cents > 0)
            )
            asked.append(visit.id)
            told = text.format(service=services[visit.service_id].name.lower())
            self._write(
                "question",
                self._patients[visit.patient_id],
                self._lately(),
                (subject, told),
                is_wrong=n == len(texts.QUESTIONS) - 1,
            )
        return asked

    def referrals(self, patient_ids: list[str]) -> None:
        """Practices that send their patients for physiotherapy."""
        for n, patient_id in enumerate(patient_ids):
            patient = self._patients[patient_id]
            text = texts.REFERRALS[n].format(
                name=patient.name,
                born=patient.date_of_birth.isoformat(),
                specialty="physiotherapy",
                visits=(4, 6, 5, 3, 8, 4, 6)[n],
                number=self._diary.authorisation(patient.plan),
                first=date(2025, 10, 27 + n % 3).isoformat(),
                last=date(2025, 12, 12 + n).isoformat(),
            )
            self._messages.append(
                (
                    "series",
                    Message(
                        id="",
                        sender_name=self._rng.choice(REFERRING),
                        sender_date_of_birth=None,
                        received_at=self._lately(),
                        subject=f"Referral {patient.name}",
                        text=text,
                    ),
                )
            )

    def noise(self, patients: tuple[Patient, ...]) -> None:
        """What needs no look into the book: some open, some answered long ago."""
        people = self._rng.sample(patients, len(texts.NOISE) + len(texts.ANSWERED))
        for patient, (subject, text) in zip(people, texts.NOISE, strict=False):
            self._write("", patient, self._lately(), (subject, text), is_wrong=False)
        for patient, row in zip(people[len(texts.NOISE) :], texts.ANSWERED, strict=True):
            subject, text, reply = row
            lately = self._lately()
            day = working_days_before(lately.date(), self._rng.randrange(3, 22))
            received = datetime.combine(day, lately.timetz().replace(hour=9))
            self._write("", patient, received, (subject, text), is_wrong=False)
            plot, message = self._messages[-1]
            answered = received + timedelta(minutes=self._rng.randrange(20, 300))
            self._messages[-1] = (
                plot,
                replace(message, status="answered", reply=reply, answered_at=answered),
            )

    def _write(
        self,
        plot: str,
        patient: Patient,
        at: datetime,
        said: tuple[str, str],
        *,
        is_wrong: bool,
    ) -> None:
        born = patient.date_of_birth
        if is_wrong:
            born = born.replace(year=born.year + 2, day=min(born.day + 1, 28))
        message = Message(
            id="",
            sender_name=patient.name,
            sender_date_of_birth=born,
            received_at=at,
            subject=said[0],
            text=said[1],
        )
        self._messages.append((plot, message))

    def _lately(self) -> datetime:
        hour, minute = self._rng.randrange(7, 20), self._rng.randrange(60)
        return moment(f"{self._rng.choice(('wed', 'thu'))} {hour:02}:{minute:02}")
