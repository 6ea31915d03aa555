"""`corecraft world check`, `audit`, `stats`: figures, what to mend, exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from studio.cli import app
from world_builder.audit import AUDIT_NAMES
from world_builder.rubrics import Rubric
from world_builder.world import World
from world_builder.worlds import build_world, violations

WEAK_TASK = "order-status-02"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["world", *arguments])


@pytest.fixture(scope="module")
def weak_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the bookshop in which one rubric overlooks a wrong total."""
    world = build_world("tutorial")
    tasks = tuple(
        t.model_copy(update={"rubric": _without_total(t.rubric)}) if t.id == WEAK_TASK else t
        for t in world.tasks
    )
    return _written(world.model_copy(update={"tasks": tasks}), tmp_path_factory.mktemp("world"))


def _without_total(rubric: Rubric) -> Rubric:
    return Rubric(criteria=tuple(c for c in rubric.criteria if c.id != "total"))


def _written(world: World, folder: Path) -> Path:
    path = folder / "world.json"
    path.write_text(world.model_dump_json())
    return path


def test_check_counts_problems_violations_and_what_there_is() -> None:
    result = run("check", "tutorial")
    assert result.exit_code == 0
    assert "0 problems, 0 consistency violations" in result.output
    assert "4 entity types, 78 entities, 11 tools, 94 tasks" in result.output


def test_check_of_a_file_says_that_its_story_was_not_checked(weak_world: Path) -> None:
    result = run("check", str(weak_world))
    assert result.exit_code == 0
    assert "0 problems, not checked for consistency" in result.output


def test_check_prints_json(weak_world: Path) -> None:
    assert json.loads(run("check", "tutorial", "--json").output) == {
        "problems": [],
        "violations": [],
    }
    assert json.loads(run("check", str(weak_world), "--json").output)["violations"] is None


def test_a_broken_story_is_told() -> None:
    world = build_world("tutorial")
    orders = [dict(order) for order in world.entities["order"]]
    orders[0]["total_cents"] = 1
    broken = world.model_copy(update={"entities": {**world.entities, "order": tuple(orders)}})
    assert violations("tutorial", world) == ()
    assert [v.split(":")[0] for v in violations("tutorial", broken) or ()] == [orders[0]["id"]]


def test_audit_reports_each_audit() -> None:
    result = run("audit", "tutorial")
    assert result.exit_code == 0
    assert [f"ok   {name}:" in result.stdout for name in AUDIT_NAMES] == [True] * len(AUDIT_NAMES)


def test_a_failed_audit_names_the_task_and_exits_1(weak_world: Path) -> None:
    result = run("audit", str(weak_world), "--only", "mutation", "--only", "empty")
    assert result.exit_code == 1
    assert "FAIL mutation: " in result.stdout
    assert f"{WEAK_TASK}: score 0." in result.stdout
    assert "ok   empty: " in result.stdout
    assert "references" not in result.stdout


def test_survivors_are_listed_when_asked_for(weak_world: Path) -> None:
    asked = run("audit", str(weak_world), "--only", "mutation", "--survivors")
    assert f". {WEAK_TASK}: change_value: changes $" in asked.stdout
    silent = run("audit", str(weak_world), "--only", "mutation")
    assert f". {WEAK_TASK}:" not in silent.stdout


def test_audit_prints_json(weak_world: Path) -> None:
    result = run("audit", str(weak_world), "--only", "mutation", "--json", "--seed", "3")
    (report,) = json.loads(result.stdout)
    assert (report["name"], report["is_met"]) == ("mutation", False)
    assert {failure["task_id"] for failure in report["failures"]} == {WEAK_TASK}


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    audit = run("audit", "tutorial", "--only", "speed")
    assert audit.exit_code == 2
    assert "similarity" in audit.output
    assert run("audit", "bakery").exit_code == 2


def test_a_world_with_errors_is_not_audited(tmp_path: Path) -> None:
    world = build_world("tutorial")
    broken = world.tasks[0].model_copy(update={"system_prompt": "nowhere"})
    path = _written(world.model_copy(update={"tasks": (broken,)}), tmp_path)
    result = run("audit", str(path))
    assert result.exit_code == 1
    assert "nowhere" in result.output
    assert run("check", str(path)).exit_code == 1


def test_stats_prints_counts_and_both_matrices() -> None:
    result = run("stats", "tutorial")
    assert result.exit_code == 0
    assert "4 entity types, 78 entities, 11 tools, 94 tasks, 468 criteria" in result.stdout
    assert "12 scenarios; never seen in training: return-email (8)" in result.stdout
    assert "Criteria per task: from 3 to 7, median 5" in result.stdout
    rows = {
        line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line.strip()
    }
    assert rows["place_order"] == ["0", "0", "0", "6", "6"]
    assert rows["return_request"] == ["0", "0", "0", "5", "5"]


def test_stats_runs_no_reference_when_told_so() -> None:
    result = run("stats", "tutorial", "--no-run")
    assert "not counted" in result.stdout
    assert "place_order" in result.stdout
    assert "return_request" not in result.stdout
    assert json.loads(run("stats", "tutorial", "--no-run", "--json").stdout)["entity_types"] is None


def test_stats_prints_json() -> None:
    found = json.loads(run("stats", "tutorial", "--json").stdout)
    assert found["counts"]["tasks"]["by_split"] == {"train": 65, "held_out": 29}
    assert found["counts"]["calls"]["median"] == 2.0
    row = next(row for row in found["entity_types"]["rows"] if row["name"] == "return_request")
    assert (row["total"], row["is_thin"]) == (5, False)
    assert row["by_category"]["multi_step_workflow"] == 5


def test_stats_marks_what_too_few_tasks_need(tmp_path: Path) -> None:
    world = build_world("tutorial")
    path = _written(world.model_copy(update={"tasks": world.tasks[:1]}), tmp_path)
    rows = [line.split() for line in run("stats", str(path)).stdout.splitlines()]
    assert ["place_order", "0", "0", "0", "0", "0", "none"] in rows
    assert ["book", "1", "0", "0", "0", "1"] in rows


def test_stats_of_a_world_with_errors_says_what_is_wrong(tmp_path: Path) -> None:
    world = build_world("tutorial")
    broken = world.tasks[0].model_copy(update={"system_prompt": "nowhere"})
    path = _written(world.model_copy(update={"tasks": (broken,)}), tmp_path)
    result = run("stats", str(path))
    assert (result.exit_code, "nowhere" in result.output) == (1, True)
