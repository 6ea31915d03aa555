"""The story of the clinic: everything that has happened and is booked, drawn by a seed.

`staff` and `people` say who there is, `plots` sets up the hard cases, `waiting` who waits for a
time, `fill` the everyday, `inbox` what people write.
"""

from random import Random

from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Practice
from world_builder.worlds.clinic.story.diary import Diary
from world_builder.worlds.clinic.story.fill import fill
from world_builder.worlds.clinic.story.inbox import Inbox
from world_builder.worlds.clinic.story.people import NUM_NAMESAKES, build_patients, full_names
from world_builder.worlds.clinic.story.plots import Plots
from world_builder.worlds.clinic.story.staff import (
    build_colleagues,
    build_practitioners,
    build_rooms,
    build_services,
)
from world_builder.worlds.clinic.story.waiting import Waiting

__all__ = ["build_practice"]


def build_practice(seed: int) -> Practice:
    """The clinic of a seed; the same seed gives the same clinic everywhere."""

    def rng(part: str) -> Random:
        return Random(f"clinic/{seed}/{part}")

    names = full_names(rng("names"))
    practitioners, colleagues = build_practitioners(names), build_colleagues(names)
    patients = build_patients(rng("patients"), names)
    diary = Diary(
        practitioners=practitioners,
        rooms=build_rooms(),
        services=build_services(),
        rng=rng("diary"),
    )
    namesakes, others = patients[: 2 * NUM_NAMESAKES], patients[2 * NUM_NAMESAKES :]
    cast = [p for p in others if not p.needs_step_free and _is_adult(p.date_of_birth.year)]
    rng("cast").shuffle(cast)
    plots = Plots(diary, cast)
    plots.plant(namesakes)
    waiting = Waiting(diary, plots.spare, rng("waiting"))
    waiting.queue(_visits(diary, plots.ids["gap"]))
    fill(diary, patients, rng("fill"))
    plots.free_gaps()
    appointments, referrals, ids = diary.closed()
    services = {service.id: service for service in diary.services}
    inbox = Inbox({p.id: p for p in patients}, diary, rng("inbox"))
    inbox.cancellations(_visits(diary, plots.ids["message_cancel"]), services)
    asked = inbox.questions(_only_visits(appointments, rng("questions")), services)
    inbox.referrals(plots.ids["series"])
    inbox.noise(others)
    messages, written = inbox.closed()
    told = {plot: tuple(ids.get(i, i) for i in items) for plot, items in plots.ids.items()}
    written = {f"{plot}_message": items for plot, items in written.items()}
    return Practice(
        patients=patients,
        practitioners=practitioners,
        rooms=diary.rooms,
        services=diary.services,
        appointments=appointments,
        referrals=referrals,
        messages=messages,
        waiting=waiting.settle(ids),
        colleagues=colleagues,
        plots={**told, **written, "question": tuple(asked)},
    )


def _is_adult(year_of_birth: int) -> bool:
    return year_of_birth < rules.TODAY.year - rules.ADULT_AGE - 1


def _visits(diary: Diary, ids: list[str]) -> list[Appointment]:
    found = {a.id: a for a in diary.appointments}
    return [found[i] for i in ids]


def _only_visits(appointments: tuple[Appointment, ...], rng: Random) -> list[Appointment]:
    """Visits ahead of patients who have no other, in random order."""
    ahead = [a for a in appointments if a.status == "booked" and a.day > rules.TODAY]
    owners = [a.patient_id for a in ahead]
    only = [a for a in ahead if owners.count(a.patient_id) == 1]
    rng.shuffle(only)
    return only
