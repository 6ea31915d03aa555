"""What running tasks said is kept: unchanged tasks are not run again, the report is the same."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter import gates, task_gates
from exporter.bundle import Bundle
from exporter.gate_workers import fill
from exporter.gates import run_gates
from exporter.run_cache import FileRuns, MemoryRuns, RunKeys
from exporter.task_runs import TaskRunner
from exporter.writer import write_bundle
from tests.exporter.small_world import LEND_TASK, YEAR_TASK, library
from world_builder.audit.report import AuditReport
from world_builder.audit.similarity import audit_similarity
from world_builder.tasks import Task
from world_builder.validation import Problem, whole
from world_builder.validation.tasks import Surroundings, task_problems
from world_builder.workbench import Workbench
from world_builder.worlds import build_world

Ran = list[tuple[str, str]]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    """What was run: the kind of run and the task, in order."""
    done: Ran = []

    class Watched(TaskRunner):
        def answers(self, task: Task) -> object:  # type: ignore[override]
            done.append(("answers", task.id))
            return super().answers(task)

        def planted(self, task: Task) -> object:  # type: ignore[override]
            done.append(("planted", task.id))
            return super().planted(task)

    monkeypatch.setattr(task_gates, "TaskRunner", Watched)
    return done


def test_only_what_changed_is_run_again(ran: Ran) -> None:
    cache = MemoryRuns()
    first = run_gates(library(), cache=cache)
    assert len(ran) == 4
    assert run_gates(library(), cache=cache) == first == run_gates(library())
    ran.clear()
    reworded = YEAR_TASK.model_copy(update={"prompt": "In which year did Dune appear?"})
    run_gates(library(tasks=(reworded, LEND_TASK)), cache=cache)
    assert ran == [("answers", "year-of-dune"), ("planted", "year-of-dune")]


def test_a_sound_task_is_validated_once_and_prompts_are_compared_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def validated(task: Task, around: Surroundings) -> Iterator[Problem]:
        done.append(task.id)
        return task_problems(task, around)

    def compared(bench: Workbench, on_task: Callable[[], None]) -> AuditReport:
        done.append("prompts")
        return audit_similarity(bench, on_task)

    monkeypatch.setattr(whole, "task_problems", validated)
    monkeypatch.setattr(gates, "audit_similarity", compared)
    cache = MemoryRuns()
    unknown = LEND_TASK.model_copy(update={"id": "lend-again", "system_prompt": "nowhere"})
    world = library(tasks=(YEAR_TASK, LEND_TASK))
    report = run_gates(world, cache=cache)
    assert done == ["year-of-dune", "lend-emma", "prompts"]
    assert run_gates(world, cache=cache) == report
    assert len(done) == 3
    broken = library(tasks=(YEAR_TASK, LEND_TASK, unknown))
    reports = [run_gates(broken, cache=cache) for _ in range(2)]
    assert done[3:] == ["lend-again", "lend-again"]
    assert reports[0] == reports[1] == run_gates(broken)
    assert not reports[0].is_met


def test_another_writing_call_has_errors_planted_anew(ran: Ran) -> None:
    cache = MemoryRuns()
    run_gates(library(), cache=cache)
    ran.clear()
    solution = LEND_TASK.reference_solution
    assert solution is not None
    twice = solution.model_copy(update={"calls": solution.calls * 2, "expects_refusals": True})
    task = LEND_TASK.model_copy(update={"reference_solution": twice})
    run_gates(library(tasks=(YEAR_TASK, task)), cache=cache)
    assert ("planted", "year-of-dune") in ran
    assert ("answers", "year-of-dune") not in ran


def test_another_entity_has_all_run_again(ran: Ran) -> None:
    cache = MemoryRuns()
    run_gates(library(), cache=cache)
    ran.clear()
    books = library().entities["book"]
    changed = {**library().entities, "book": ({**books[0], "copies": 7}, *books[1:])}
    run_gates(library(entities=changed), cache=cache)
    assert len(ran) == 4


def test_a_world_read_back_from_its_bundle_is_not_run_again(tmp_path: Path, ran: Ran) -> None:
    cache = MemoryRuns()
    path = write_bundle(library(), "1.0.0", tmp_path, gates=run_gates(library(), cache=cache))
    ran.clear()
    assert run_gates(Bundle.open(path).world, cache=cache).is_met
    assert ran == []


def test_runs_outlive_the_process_in_a_file(tmp_path: Path, ran: Ran) -> None:
    path = tmp_path / "kept" / "runs.db"
    cache = FileRuns(path)
    report = run_gates(library(), cache=cache)
    cache.save()
    ran.clear()
    assert run_gates(library(), cache=FileRuns(path)) == report
    assert ran == []


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0 and then nothing"])
def test_a_damaged_file_only_costs_time(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "runs.db"
    path.write_bytes(content)
    cache = FileRuns(path)
    assert run_gates(library(), cache=cache).is_met
    cache.save()


def test_the_oldest_runs_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.run_cache._MOST_KEPT", 3)
    cache = FileRuns(tmp_path / "runs.db")
    for n in range(5):
        cache.put(f"key-{n}", "text")
        cache.save()
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM run ORDER BY rowid")]
    connection.close()
    assert keys == ["key-2", "key-3", "key-4"]


@pytest.mark.parametrize("can_fork", [True, False])
def test_several_processes_find_the_same(monkeypatch: pytest.MonkeyPatch, can_fork: bool) -> None:
    if can_fork and sys.platform != "linux":
        pytest.skip("only Linux is known to fork safely")
    monkeypatch.setattr("exporter.gate_workers.can_fork", lambda: can_fork)
    monkeypatch.setattr("exporter.gate_workers.FEW_TASKS", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    shipped = build_world("tutorial")
    world = shipped.model_copy(update={"tasks": shipped.tasks[:6]})
    cache, alone = MemoryRuns(), MemoryRuns()
    told: list[None] = []
    keys = RunKeys(world)
    fill(world, cache, keys, on_task=lambda: told.append(None))
    assert len(told) == 6
    run_gates(world, cache=alone)
    named = [(key, t) for t in world.tasks for key in (keys.soundness, keys.answers, keys.planted)]
    for found in [keys.similarity(), *(key(task) for key, task in named)]:
        assert cache.get(found) is not None
        assert cache.get(found) == alone.get(found)
