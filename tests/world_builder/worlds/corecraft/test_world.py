"""The whole world at the paper's size: counts, splits, digests and every audit."""

import os
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import islice

import pytest

from world_builder.audit import AUDIT_NAMES, run_audits
from world_builder.ids import content_hash
from world_builder.statistics import Thresholds, world_statistics
from world_builder.tasks import Category, Difficulty, Split
from world_builder.templates.scenario import MIN_PHRASINGS
from world_builder.validation import validate_world
from world_builder.world import World
from world_builder.worlds import build_world, violations
from world_builder.worlds.corecraft.scenarios import SCENARIOS

MIN_SCENARIOS, MIN_UNSEEN, MIN_TASKS = 60, 8, 1150
MIN_TASKS_OF_TOOL, MIN_TASKS_OF_TYPE = 10, 15
HASH_PROGRAM = (
    "from world_builder.ids import content_hash; from world_builder.worlds import build_world; "
    "print(content_hash(build_world('corecraft').model_dump(mode='json')))"
)


@cache
def world() -> World:
    return build_world("corecraft")


def test_the_world_is_valid_and_consistent() -> None:
    assert validate_world(world()) == ()
    assert violations("corecraft", world()) == ()
    assert world().num_entities > 2500
    assert len(world().entity_types) == 14
    assert len(world().surface_tools()) == 23


def test_the_splits_are_the_paper_s() -> None:
    unseen = world().unseen_scenarios
    seen = [task for task in world().tasks if task.scenario not in unseen]
    assert Counter(task.split for task in seen) == {Split.TRAIN: 1000, Split.HELD_OUT: 150}
    assert len(unseen) >= MIN_UNSEEN
    assert len(world().tasks) >= MIN_TASKS
    assert {task.split for task in world().tasks if task.scenario in unseen} == {Split.HELD_OUT}


def test_scenarios_cover_categories_and_difficulties() -> None:
    assert len(SCENARIOS) >= MIN_SCENARIOS
    assert {scenario.category for scenario in SCENARIOS} == set(Category)
    assert {scenario.difficulty for scenario in SCENARIOS} == set(Difficulty)
    shares = Counter(task.category for task in world().tasks)
    assert min(shares.values()) >= 0.15 * len(world().tasks)
    assert all(len(set(scenario.phrasings)) >= MIN_PHRASINGS for scenario in SCENARIOS)


def test_rubrics_are_atomic_enough_and_decided_by_checks() -> None:
    sizes = [len(task.rubric.criteria) for task in world().tasks]
    criteria = [c for task in world().tasks for c in task.rubric.criteria]
    assert min(sizes) >= 5
    assert max(sizes) <= 20
    assert all(criterion.check is not None for criterion in criteria)
    assert len({criterion.category for criterion in criteria}) == 4


def test_references_take_one_to_twenty_calls() -> None:
    calls = [len(t.reference_solution.calls) for t in world().tasks if t.reference_solution]
    assert len(calls) == len(world().tasks)
    assert min(calls) >= 1
    assert 8 <= max(calls) <= 20


def test_every_tool_and_every_type_is_needed() -> None:
    wanted = Thresholds(tool=MIN_TASKS_OF_TOOL, entity_type=MIN_TASKS_OF_TYPE)
    statistics = world_statistics(world(), thresholds=wanted)
    assert statistics.entity_types is not None
    assert [row.name for row in statistics.tools.thin] == []
    assert [row.name for row in statistics.entity_types.thin] == []


def test_the_same_seed_gives_the_same_world_in_another_process() -> None:
    elsewhere = subprocess.run(
        [sys.executable, "-c", HASH_PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert content_hash(world().model_dump(mode="json")) == elsewhere.stdout.strip()


@pytest.mark.parametrize("seed", [1, 2])
def test_siblings_tell_other_stories_with_the_same_tools(seed: int) -> None:
    sibling = build_world("corecraft", seed)
    assert validate_world(sibling) == ()
    assert violations("corecraft", sibling) == ()
    assert sibling.tools == world().tools
    assert sibling.entities["order"] != world().entities["order"]
    (report,) = run_audits(sibling, ("references",))
    assert report.failures == ()


@pytest.mark.parametrize("name", AUDIT_NAMES)
def test_audit(name: str) -> None:
    (report,) = run_audits(world(), (name,))
    assert report.is_met, "\n".join(map(str, islice(report.failures, 20)))
