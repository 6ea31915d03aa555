"""Real runs whose processes are killed at random moments, and what they leave.

`corecraft train` on a real bundle, with SGLang, Megatron, an environment server and a judge's
service, each a process of its own. `FAULT_KILLS=n` kills each of the four n times instead of twice
(`make faults`: five times), `FAULT_SEED=n` at other moments.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import typer

from exporter.manifest import GateReport
from exporter.writer import write_bundle
from rl_backend import cli
from rl_backend.judges import settings
from tests.rl_backend.faults import claims
from tests.rl_backend.faults.course import Course, Kill, courses
from tests.rl_backend.faults.victims import JudgeService, Victim
from world_builder.rubrics import Criterion, CriterionCategory, Scope
from world_builder.state import WorldBase
from world_builder.tasks import Split, Task
from world_builder.world import World
from world_builder.worlds import build_world

NUM_OF_EACH = int(os.environ.get("FAULT_KILLS", "2"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
LAGS = (0, 1)
"""`max_policy_lag` of the runs: one in which sampling and training take turns, one with both."""
NUM_WARM_START_STEPS, GROUP_SIZE = 2, 4
NUM_TRAINED, NUM_HELD_OUT = 6, 2
KIND = Criterion(
    id="kind", text="Is kind.", category=CriterionCategory.FORMAT, scope=Scope.TRAJECTORY
)
SETTINGS = (
    f"warm_start.num_steps={NUM_WARM_START_STEPS}",
    "warm_start.batch_size=2",
    "model.num_layers=1",
    "rollout.runtime=server",
    "rollout.max_new_tokens=48",
    "evaluation.every_num_steps=5",
)


@pytest.fixture(scope="module")
def world() -> World:
    """Some tasks of the tutorial, each with a criterion that only a judge can decide."""
    shipped = build_world("tutorial")
    few = (*_some(shipped, Split.TRAIN, NUM_TRAINED), *_some(shipped, Split.HELD_OUT, NUM_HELD_OUT))
    return shipped.model_copy(update={"tasks": tuple(_with_open_criterion(task) for task in few)})


def _some(world: World, split: Split, num: int) -> tuple[Task, ...]:
    return world.tasks_in(split)[:num]


def _with_open_criterion(task: Task) -> Task:
    criteria = (*task.rubric.criteria, KIND)
    rubric = task.rubric.model_copy(update={"criteria": criteria})
    return task.model_copy(update={"rubric": rubric})


@pytest.fixture(scope="module")
def judge() -> Iterator[JudgeService]:
    service = JudgeService()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(settings.API_KEY, "none")
        patched.setenv(settings.MODEL, "rule")
        patched.setenv(settings.BASE_URL, service.url)
        patched.setenv(settings.VOTES, "1")
        yield service
    service.stop()


@pytest.fixture(scope="module")
def survivors(
    world: World, judge: JudgeService, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Course, ...]:
    """Runs that went through all the kills, side by side."""
    folder = tmp_path_factory.mktemp("faults")
    app = typer.Typer()
    cli.register(app)
    bundle = write_bundle(world, "1.0.0", folder, gates=GateReport(gates=()))
    planned = courses(SEED, NUM_OF_EACH, len(LAGS))
    made = tuple(
        Course(
            app=app,
            bundle=bundle,
            run_dir=folder / "runs" / f"lag-{lag}",
            judge=judge,
            kills=kills,
            settings=(*SETTINGS, *settings_for(lag, kills)),
        )
        for lag, kills in zip(LAGS, planned, strict=True)
    )
    with ThreadPoolExecutor(len(made)) as pool:
        list(pool.map(Course.go, made))
    return made


def settings_for(lag: int, kills: tuple[Kill, ...]) -> tuple[str, ...]:
    """However the kills fall together, they are no reason to give up."""
    return (
        f"max_policy_lag={lag}",
        f"num_steps={num_steps(kills)}",
        f"max_restarts={len(kills)}",
        f"rollout.max_replacements={len(kills)}",
    )


def num_steps(kills: tuple[Kill, ...]) -> int:
    """Enough for a kill after every third step."""
    return 3 * len(kills) + 2


def test_every_kill_was_survived(survivors: tuple[Course, ...]) -> None:
    survived = Counter(kill.victim for course in survivors for kill in course.survived)
    assert survived == dict.fromkeys(Victim, NUM_OF_EACH)


def test_every_step_was_made_once(survivors: tuple[Course, ...]) -> None:
    for course in survivors:
        claims.claim_every_step_once(course.run, num_steps(course.kills), NUM_WARM_START_STEPS)


def test_every_rollout_counts_once(survivors: tuple[Course, ...]) -> None:
    for course in survivors:
        claims.claim_every_rollout_once(course.run, GROUP_SIZE)


def test_what_failed_counts_nowhere(survivors: tuple[Course, ...]) -> None:
    for course in survivors:
        claims.claim_what_failed_counts_nowhere(course.run)


def test_gradients_come_from_judged_rollouts(survivors: tuple[Course, ...]) -> None:
    for course in survivors:
        claims.claim_gradients_come_from_judged_rollouts(course.run)


def test_no_verdict_was_guessed(survivors: tuple[Course, ...], world: World) -> None:
    for course in survivors:
        assert claims.claim_no_verdict_was_guessed(course.run, WorldBase(world), KIND.id)


def test_nothing_is_left_behind(survivors: tuple[Course, ...]) -> None:
    for course in survivors:
        assert course.processes.seen
        course.processes.wait_for_the_last()
        claims.claim_nothing_is_left(course.run)
