"""The clinic: deterministic, consistent, solvable, and its tools agree with its figures."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from world_builder.audit.solutions import audit_empty, audit_references, audit_restated
from world_builder.diff import ChangeKind
from world_builder.ids import content_hash
from world_builder.mutation import Planter, mutation_score
from world_builder.state import WorldBase, WorldState
from world_builder.tasks import Category, Difficulty, Split, Task, TaskStatus
from world_builder.tools import ToolCall, ToolResult
from world_builder.trajectory import Trajectory
from world_builder.validation import validate_world
from world_builder.workbench import Workbench, reference_of
from world_builder.world import World
from world_builder.worlds import WORLD_NAMES, build_world, violations
from world_builder.worlds.clinic import DEFAULT_SEED, reckoning, rules
from world_builder.worlds.clinic.model import Practice
from world_builder.worlds.clinic.story import build_practice

ROOT = Path(__file__).parents[3]
SIBLING = 5
HASH_PROGRAM = (
    "from world_builder.ids import content_hash; from world_builder.worlds import build_world; "
    "print(content_hash(build_world('clinic').model_dump(mode='json')))"
)


@cache
def world_of(seed: int | None = None) -> World:
    return build_world("clinic", seed)


@cache
def bench(seed: int | None = None) -> Workbench:
    return Workbench(world_of(seed))


@cache
def practice() -> Practice:
    return build_practice(DEFAULT_SEED)


def called(tool: str, **arguments: Any) -> ToolResult:
    """What a call answers in a fresh clinic."""
    call = ToolCall(tool=tool, arguments=arguments)
    return bench().engine("default").apply(WorldState(bench().base), call)


TASKS = world_of().tasks


@cache
def solved(task_id: str) -> Trajectory:
    """How the reference solution of a task goes."""
    task = world_of().task(task_id)
    return bench().run(task, reference_of(task))


def scenarios() -> dict[str, list[Task]]:
    found: dict[str, list[Task]] = {}
    for task in TASKS:
        found.setdefault(task.scenario, []).append(task)
    return found


def test_the_same_seed_gives_the_same_world_in_any_process() -> None:
    assert "clinic" in WORLD_NAMES
    here = content_hash(world_of().model_dump(mode="json"))
    elsewhere = subprocess.run(
        [sys.executable, "-c", HASH_PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert here == elsewhere.stdout.strip()


def test_it_is_built_in_less_than_three_seconds_and_again_the_same() -> None:
    start = time.process_time()
    again = build_world("clinic")
    assert time.process_time() - start < 3
    assert again == world_of()


@pytest.mark.parametrize("seed", [None, SIBLING])
def test_every_seed_is_valid_consistent_and_solvable(seed: int | None) -> None:
    world = world_of(seed)
    assert validate_world(world) == ()
    assert violations("clinic", world) == ()
    report = audit_references(bench(seed), lambda: None)
    assert report.is_met, report.failures


def test_siblings_share_tools_and_scenarios_but_not_people() -> None:
    first, second = world_of(), world_of(SIBLING)
    assert (first.tools, first.policies) == (second.tools, second.policies)
    assert {t.scenario for t in first.tasks} == {t.scenario for t in second.tasks}
    for kind in ("patient", "practitioner"):
        names = [{str(r["name"]) for r in w.entities[kind]} for w in (first, second)]
        assert len(names[0] & names[1]) < 0.1 * len(names[0])


def test_counts() -> None:
    world = world_of()
    assert len(world.entity_types) == 8
    assert all(len(world.entities[t.name]) >= 10 for t in world.entity_types)
    assert world.num_entities >= 320
    assert len(world.tools) == 15
    assert len(world.policies) == 3
    assert len(TASKS) >= 96
    assert len(scenarios()) == 19
    assert {t.category for t in TASKS} == set(Category)
    assert {t.difficulty for t in TASKS} == set(Difficulty)
    assert {t.status for t in TASKS} == {TaskStatus.APPROVED}


def test_tasks_take_several_calls_and_every_criterion_has_a_check() -> None:
    for task in TASKS:
        assert 2 <= len(reference_of(task).calls) <= 14, task.id
        assert 5 <= len(task.rubric.criteria) <= 14, task.id
        assert all(c.check is not None for c in task.rubric.criteria), task.id


def test_every_tool_is_used_often_and_every_entity_type_is_touched() -> None:
    uses = Counter(tool for t in TASKS for tool in {c.tool for c in reference_of(t).calls})
    assert {tool.name: uses[tool.name] for tool in world_of().tools if uses[tool.name] < 5} == {}
    kind_of = {str(r["id"]): kind for kind, rs in world_of().entities.items() for r in rs}
    seen = {
        kind_of[found]
        for task in TASKS
        for record in solved(task.id).calls
        for found in re.findall(r"[a-z]+-\d+", str(record.value))
        if found in kind_of
    }
    assert seen == set(world_of().entities)


def test_two_scenarios_are_never_trained_and_no_case_lies_on_both_sides() -> None:
    assert world_of().unseen_scenarios == {"sick-day", "message-cancel"}
    splits = Counter(task.split for task in TASKS)
    assert splits[Split.TRAIN] == 85
    assert splits[Split.HELD_OUT] == 26 + 14
    prompts = Counter(task.prompt for task in TASKS)
    assert max(prompts.values()) == 1


def test_answers_without_work_pass_nothing() -> None:
    assert audit_empty(bench(), lambda: None).failures == ()
    assert audit_restated(bench(), lambda: None).failures == ()


def test_planted_errors_are_noticed_in_one_task_of_each_scenario() -> None:
    planter = Planter(bench())
    for tasks in scenarios().values():
        report = mutation_score(tasks[-1], planter)
        assert report.has_enough, tasks[-1].id
        assert report.score >= 0.9, (tasks[-1].id, report.survivors)


def test_references_leave_the_clinic_consistent() -> None:
    for task in TASKS:
        trajectory = solved(task.id)
        if not trajectory.diff.changes:
            continue
        state = WorldState.restore(bench().base, task.start, trajectory.diff)
        after = {
            t.name: tuple(dict(r) for r in state.records(t.name)) for t in world_of().entity_types
        }
        left = world_of().model_copy(update={"entities": after})
        assert violations("clinic", left) == (), task.id
        assert not trajectory.diff.of_kind(ChangeKind.DELETED), task.id


def test_tools_and_figures_agree_on_obstacles_and_free_times() -> None:
    rng, clinic = Random(7), practice()
    for _ in range(80):
        who = rng.choice(clinic.practitioners)
        service = rng.choice([s for s in clinic.services if s.specialty == who.specialty])
        patient, start = rng.choice(clinic.patients), rng.choice(rules.TIMES)
        day = rules.TODAY + timedelta(days=rng.randrange(-1, 22))
        ids = {"service_id": service.id, "practitioner_id": who.id, "day": day.isoformat()}
        told = called("check_booking", patient_id=patient.id, start=start, **ids).value
        problems: Any = told["problems"]
        errors = [p["rule"] for p in problems if p["severity"] == "error"]
        assert errors == reckoning.obstacles(clinic, patient, service, who, day, start)
        slots: Any = called("find_free_slots", **ids).value.get("slots")
        if rules.is_working_day(day) and day > rules.TODAY:
            own = reckoning.free_slots(clinic, who, service, day)
            assert [s["start"] for s in slots] == [slot.start for slot in own]
            assert [s["rooms"] for s in slots] == [[r.id for r in slot.rooms] for slot in own]
        else:
            assert slots is None


def test_tools_and_figures_agree_on_prices_for_every_plan_and_service() -> None:
    rng, clinic = Random(7), practice()
    for plan in rules.PLANS:
        people = [p for p in clinic.patients if p.plan == plan]
        for service in clinic.services:
            for patient in rng.sample(people, 3):
                day = rules.TODAY + timedelta(days=rng.randrange(1, 14))
                told = called(
                    "quote_visit",
                    patient_id=patient.id,
                    service_id=service.id,
                    day=day.isoformat(),
                ).value
                assert told["copay_cents"] == reckoning.copay(patient, service, day)
                assert told["needs_referral"] == reckoning.needs_referral(patient, service)


def test_tools_and_figures_agree_on_notice_to_the_minute() -> None:
    clinic, late = practice(), set()
    for plot, ids in clinic.plots.items():
        if plot not in ("cancel", "move", "message_cancel", "holiday"):
            continue
        for visit_id in ids:
            visit = clinic.appointment(visit_id)
            service = clinic.service(visit.service_id)
            told = called("cancel_appointment", id=visit_id, cancelled_by="patient").value
            own = reckoning.is_late(service, visit.day, visit.start, rules.NOW)
            assert told["is_late"] is own
            late.add((own, reckoning.deadline(service, visit.day, visit.start) == rules.NOW))
    assert late >= {(True, False), (False, False), (False, True)}


def test_the_story_holds_its_traps() -> None:
    clinic = practice()
    names = Counter(p.name for p in clinic.patients)
    assert sum(num == 2 for num in names.values()) == 4
    assert any(p.absences for p in clinic.practitioners)
    assert any(r.visits_used == r.visits_approved for r in clinic.referrals)
    assert any(r.valid_until < rules.TODAY for r in clinic.referrals)
    assert any(rules.is_child(p.date_of_birth, rules.TODAY) for p in clinic.patients)
    assert any(m.sender_date_of_birth is None for m in clinic.messages)
    waiting = [w for w in clinic.waiting if w.status == "waiting"]
    assert {w.priority for w in waiting} == set(rules.PRIORITIES)


def test_a_refused_call_says_what_to_mend_and_tells_nothing_of_other_patients() -> None:
    visit = practice().appointment(practice().plots["cancel"][0])
    told = called(
        "book_appointment",
        patient_id=practice().patients[-1].id,
        service_id=visit.service_id,
        practitioner_id=visit.practitioner_id,
        room_id=visit.room_id,
        day=visit.day.isoformat(),
        start=visit.start,
    )
    assert told.is_error
    assert "sees somebody else" in told.text
    assert practice().patient(visit.patient_id).name not in told.text


def edited(kind: str, values: dict[str, Any], entity_id: str) -> World:
    """The shipped world with one entity edited."""
    records = tuple(
        {**record, **values} if record["id"] == entity_id else record
        for record in world_of().entities[kind]
    )
    return world_of().model_copy(update={"entities": {**world_of().entities, kind: records}})


def first(kind: str, **wanted: Any) -> dict[str, Any]:
    """The first record of a type with these values."""
    return next(
        dict(r)
        for r in world_of().entities[kind]
        if all(r[name] == value for name, value in wanted.items())
    )


@pytest.mark.parametrize(
    ("kind", "wanted", "values", "told"),
    [
        ("service", {}, {"minutes": 50}, "50 minutes fit no slot"),
        ("service", {"group": "procedure"}, {"notice_days": 1}, "notice of 1 days"),
        ("service", {}, {"late_fee_cents": 1}, "late fee of 1 cents"),
        ("appointment", {"status": "booked"}, {"practitioner_id": "prc-99"}, ""),
        ("appointment", {"status": "booked"}, {"room_id": "room-11"}, "is not a"),
        ("appointment", {"status": "booked"}, {"end": "20:00"}, "ends at 20:00"),
        ("appointment", {"status": "booked"}, {"day": "2025-11-09"}, "the clinic is closed"),
        ("appointment", {"status": "booked"}, {"start": "06:00"}, "outside the hours"),
        ("appointment", {"status": "booked"}, {"booked_on": "2025-12-24"}, "was booked on"),
        ("appointment", {"status": "booked"}, {"status": "completed"}, "is completed for"),
        ("appointment", {"status": "booked"}, {"copay_cents": 1}, "co-payment is 1 cents"),
        ("appointment", {"status": "booked"}, {"fee_cents": 5}, "fee is 5 cents"),
        ("appointment", {"status": "missed"}, {"fee_cents": 0}, "fee is 0 cents"),
        ("appointment", {"status": "cancelled"}, {"cancelled_at": None}, "but cancelled_at is"),
        ("appointment", {"status": "cancelled", "is_late": False}, {"is_late": True}, "is_late"),
        ("appointment", {"status": "missed"}, {"is_late": True}, "is missed and late"),
        ("referral", {}, {"visits_used": 99}, "99 visits used, not"),
        ("referral", {}, {"visits_used": 99}, "more visits used than approved"),
        ("referral", {}, {"valid_from": "2031-01-01"}, "ends before it begins"),
        ("message", {"status": "open"}, {"status": "answered"}, "is answered but"),
        ("message", {"status": "answered"}, {"answered_at": "2020-01-01T09:00:00-04:00"}, "before"),
        ("message", {"status": "open"}, {"received_at": "2031-01-01T09:00:00-04:00"}, "future"),
        ("waiting_entry", {"status": "waiting"}, {"added_on": "2031-01-01"}, "in the future"),
        ("waiting_entry", {"status": "waiting"}, {"status": "booked"}, "but its visit is None"),
        ("waiting_entry", {"status": "booked"}, {"service_id": "svc-99"}, "another service"),
    ],
)
def test_a_planted_violation_is_found(
    kind: str, wanted: dict[str, Any], values: dict[str, Any], told: str
) -> None:
    record = first(kind, **wanted)
    if values.get("practitioner_id") == "prc-99":
        others = [p for p in practice().practitioners if p.id != record["practitioner_id"]]
        mine = practice().practitioner(record["practitioner_id"]).specialty
        other = next(p.id for p in others if p.specialty != mine)
        values, told = {"practitioner_id": other}, f"{other} does not do"
    found = violations("clinic", edited(kind, values, record["id"]))
    assert found is not None
    assert any(line.startswith(f"{record['id']}: ") and told in line for line in found), found


def test_violations_between_entities_are_found() -> None:
    one, other = (first("appointment", id=visit_id) for visit_id in practice().plots["cancel"][:2])
    same_time = {name: one[name] for name in ("day", "start", "end", "room_id", "patient_id")}
    found = violations("clinic", edited("appointment", same_time, other["id"])) or ()
    for name in ("patient_id", "room_id"):
        assert any(f"shares {one[name]} with" in line for line in found)
    twin = first("patient", id=practice().patients[0].id)
    same_birth = {"date_of_birth": twin["date_of_birth"]}
    found = violations("clinic", edited("patient", same_birth, practice().patients[1].id)) or ()
    assert any("has the name and birth date of" in line for line in found)
    paid = next(a for a in practice().appointments if a.referral_id and a.status == "booked")
    for values, told in (
        ({"referral_id": None}, "needs a referral and has none"),
        ({"patient_id": practice().patients[0].id}, "which is for"),
    ):
        found = violations("clinic", edited("appointment", values, paid.id)) or ()
        assert any(told in line for line in found), told


def test_the_page_tells_the_figures_of_the_shipped_world() -> None:
    page = (ROOT / "docs" / "worlds" / "clinic.md").read_text()
    splits = Counter(task.split for task in TASKS)
    num_criteria = sum(len(task.rubric.criteria) for task in TASKS)
    assert f"{len(TASKS)} tasks, {splits[Split.TRAIN]} for training" in page
    assert f"and {splits[Split.HELD_OUT]} held out" in page
    assert f"All {num_criteria:,} criteria" in page
    assert f"{world_of().num_entities} entities" in page
    for name, tasks in scenarios().items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        calls = [len(reference_of(task).calls) for task in tasks]
        told = f"{min(calls)}-{max(calls)}" if min(calls) < max(calls) else str(calls[0])
        assert tasks[0].category.replace("_", " ") in row.replace("-", " ")
        assert f"| {len(tasks)} | {told} |" in row
    assert all(f"`{tool.name}`" in page for tool in world_of().tools)
    assert all(f"`{kind}`" in page for kind in world_of().entities)


def test_bases_are_shared_and_never_change() -> None:
    assert isinstance(bench().base, WorldBase)
    before = WorldState(bench().base).state_hash
    called("cancel_appointment", id=practice().plots["cancel"][0], cancelled_by="patient")
    assert WorldState(bench().base).state_hash == before
