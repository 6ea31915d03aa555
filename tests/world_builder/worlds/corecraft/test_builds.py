"""Scenarios of the build lab: how many tasks they give; what is on the bench, who is on what."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.world_builder.worlds.corecraft.answers import answer_of, tasks_of, unmet
from tests.world_builder.worlds.corecraft.company import company
from tests.world_builder.worlds.corecraft.machines import build_in
from world_builder.tasks import Task
from world_builder.templates import Scenario
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Build, Company
from world_builder.worlds.corecraft.reckoning.lab import (
    Load,
    away_until,
    cover_of,
    days_left,
    load_of,
)
from world_builder.worlds.corecraft.scenarios.builds import SCENARIOS
from world_builder.worlds.corecraft.scenarios.builds.load import TECHNICIAN_LOAD
from world_builder.worlds.corecraft.scenarios.builds.progress import BUILD_PROGRESS

DECISIONS = {
    "fix-build": ("verdict", "does not fit"),
    "psu-check": ("verdict", "is not enough"),
    "memory-upgrade": ("verdict", "cannot be added"),
    "card-upgrade": ("verdict", "cannot go in"),
    "quote-valid": ("verdict", "no longer holds"),
    "quote-build": ("refused", "no quote was written"),
    "stock-answer": ("verdict", "is not in stock"),
}
"""By scenario with a decision: the criterion that says so, and what marks the refusals."""
FEWEST = 2
"""The least number of tasks of each kind that a scenario has."""
STATUS_TOLD = {
    "ordered": "waiting, not started",
    "assembling": "on the bench, half put together",
    "testing": "on test",
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_scenario_gives_its_tasks(scenario: Scenario[Company]) -> None:
    tasks = tasks_of(scenario)
    assert len({task.title for task in tasks}) >= len(tasks) // 3
    assert all(4 <= len(task.rubric.criteria) <= 15 for task in tasks)
    assert len({task.prompt for task in tasks}) == len(tasks)


def test_nearly_as_many_tasks_are_there_as_wanted() -> None:
    wanted = sum(scenario.num_tasks for scenario in SCENARIOS)
    assert sum(len(tasks_of(scenario)) for scenario in SCENARIOS) >= 0.95 * wanted


@pytest.mark.parametrize("name", DECISIONS)
def test_both_decisions_occur_often(name: str) -> None:
    key, refusal = DECISIONS[name]
    tasks = next(tasks_of(scenario) for scenario in SCENARIOS if scenario.name == name)
    texts = ["".join(c.text for c in t.rubric.criteria if c.id == key) for t in tasks]
    refused = sum(refusal in text for text in texts)
    assert len(tasks) / 3 <= refused <= len(tasks) * 2 / 3 + 1


def days_told(left: int) -> str:
    """How a build stands to its due day."""
    if left == 0:
        return "no, today is the day"
    days = f"{abs(left)} {'day' if abs(left) == 1 else 'days'}"
    return f"yes, {days}" if left < 0 else f"no, {days} to go"


def progress_told(build: Build, left: int) -> str:
    """How far a build is as another colleague would put it."""
    who = company().employee(build.technician_id).name if build.technician_id else "none yet"
    return (
        f"- Build: {build.id}\n- Order: {build.order_id}\n- Status: {STATUS_TOLD[build.status]}\n"
        f"- Technician: {who}\n- Due: {build.due_on}\n- Overdue: {days_told(left)}"
    )


def test_progress_of_a_build() -> None:
    seen: Counter[str] = Counter()
    for task in tasks_of(BUILD_PROGRESS):
        build = build_in(answer_of(task))
        left = days_left(company(), build)
        told = progress_told(build, left)
        assert not unmet(task, told), told
        for wrong in {-left, left + 1, left - 1} - {left}:
            assert unmet(task, progress_told(build, wrong)) == {"overdue"}, wrong
        others = [e for e in company().employees if e.role == "technician"]
        other = next(e for e in others if e.id != build.technician_id)
        given_away = replace(build, technician_id=other.id)
        assert unmet(task, progress_told(given_away, left)) == {"technician"}
        for status in STATUS_TOLD.keys() - {build.status}:
            assert unmet(task, progress_told(replace(build, status=status), left)) == {"status"}
        seen.update((build.status, "late" if left < 0 else "in time"))
    assert min(seen[kind] for kind in (*STATUS_TOLD, "late", "in time")) >= FEWEST


def test_one_day_is_said_by_its_name() -> None:
    """A day over is yesterday, a day to go is tomorrow."""
    for task in tasks_of(BUILD_PROGRESS):
        build = build_in(answer_of(task))
        left = days_left(company(), build)
        told = progress_told(build, left).replace(
            days_told(left), "it was due yesterday" if left < 0 else "it is due tomorrow"
        )
        assert unmet(task, told) == (set() if abs(left) == 1 else {"overdue"}), told


def load_asked(task: Task) -> Load:
    """The load that the prompt and the reference are about."""
    calls = [call.arguments for call in reference_of(task).calls]
    technician_id = next(str(a["technician_id"]) for a in calls if "technician_id" in a)
    counted = [str(a["status"]) for a in calls if "status" in a and "technician_id" not in a]
    until = re.search(r"september \d+, 2025", task.prompt, re.IGNORECASE)
    assert until
    last = datetime.strptime(until[0], "%B %d, %Y").date()  # noqa: DTZ007
    days = (last - company().now.date()).days
    return load_of(company(), company().employee(technician_id), days, counted)


def load_told(load: Load, overdue: list[str], due_soon: list[str], fewest: list[str]) -> str:
    """The load of a technician as another colleague would put it."""
    rows = [
        f"{number}. {b.id} - {b.status} - due {b.due_on}" for number, b in enumerate(load.builds, 1)
    ]
    away = [
        f"{who.name} until {short(away_until(who))}, covered by {cover_of(who)}"
        for who in load.away
    ]
    return "\n".join(
        (
            *rows,
            f"\n**Overdue:** {' and '.join(overdue) or 'none'}",
            f"**Due soon:** {' and '.join(due_soon) or 'none'}",
            f"**Fewest:** {' and '.join(fewest)} ({load.num_fewest or 'none at all'})",
            f"**Away:** {'; '.join(away) or 'nobody'}",
        )
    )


def short(day: date) -> str:
    return f"{day:%b} {day.day}"


def test_the_load_of_a_technician() -> None:
    seen: Counter[str] = Counter()
    for task in tasks_of(TECHNICIAN_LOAD):
        load = load_asked(task)
        overdue, due_soon, fewest = load.overdue, load.due_soon, load.fewest
        told = load_told(load, overdue, due_soon, fewest)
        assert not unmet(task, told), told
        today = [b.id for b in load.builds if b.due_on == load.today]
        if today:
            assert unmet(task, load_told(load, overdue + today, due_soon, fewest)) == {"overdue"}
        later = [b.id for b in load.builds if b.due_on and b.due_on > load.until]
        if later:
            wrong = load_told(load, overdue, due_soon + later, fewest)
            assert unmet(task, wrong) == {"due-soon"}
        if overdue:
            assert unmet(task, load_told(load, [], due_soon, fewest)) == {"overdue"}
        busy = next(name for name in load.num_by_name if name not in fewest)
        assert unmet(task, load_told(load, overdue, due_soon, [busy])) == {"fewest"}
        assert unmet(task, load_told(load, overdue, due_soon, [*fewest, busy])) == {"fewest"}
        for who in load.away:
            back = short(away_until(who) + timedelta(days=1))
            assert unmet(task, told.replace(short(away_until(who)), back)) == {"away"}
        first = load.builds[0]
        for status in {"assembling", "testing"} - {first.status}:
            row = f"{first.id} - {first.status}"
            assert unmet(task, told.replace(row, f"{first.id} - {status}")) == {first.id}
        seen.update({"today": bool(today), "later": bool(later), "late": bool(overdue)})
    assert min(seen.values()) >= 1
