"""Demonstrations from sibling worlds: new facts every step, careful and careless work."""

from __future__ import annotations

import json
from random import Random

import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.config import ConfigError, RunConfig, parse_config
from rl_backend.demonstrations import DemonstrationError, demonstrations
from rl_backend.demonstrators import Demonstrator
from rl_backend.drills import drill
from rl_backend.evaluation.bundles import lock_of
from rl_backend.lessons import OwnLessons, SiblingLessons
from rl_backend.renderer import Renderer
from rl_backend.rundir import RunDir
from rl_backend.warm_start import starting_model
from world_builder.checking import CheckContext, check_rubric
from world_builder.rubrics import judgement
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import Trajectory
from world_builder.workbench import Workbench

SETTINGS = """
seed = 3
[model]
hidden_size = 32
num_layers = 1
num_heads = 2
vocab_size = 512
context_length = 2048
[warm_start]
num_steps = 4
batch_size = 6
siblings_per_step = 2
careless_share = 0.5
"""


@pytest.fixture(scope="module")
def config() -> RunConfig:
    return parse_config(SETTINGS)


@pytest.fixture(scope="module")
def renderer(
    tutorial: WorldBase, config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> Renderer:
    folder = tmp_path_factory.mktemp("made")
    bundle = Bundle.open(write_bundle(tutorial.world, "1.0.0", folder))
    run = RunDir.create(folder, config, lock_of(bundle), "run")
    return Renderer.load(starting_model(run, config, tutorial))


def test_a_step_always_gets_the_same_lessons_and_other_steps_others(
    renderer: Renderer, config: RunConfig, tutorial: WorldBase
) -> None:
    lessons, again = (SiblingLessons("tutorial", renderer, config) for _ in range(2))
    first, second = lessons.of(1), lessons.of(2)
    assert len(first) == len(second) == 6
    assert again.of(2) == second
    assert again.of(1) == first
    assert first != second
    prompts = {task.prompt for task in tutorial.world.tasks}
    texts = [renderer.decode(sample.token_ids) for sample in (*first, *second)]
    assert not any(prompt in text for text in texts for prompt in prompts)
    for each in (lessons, again):
        each.close()


def test_own_lessons_are_the_training_tasks(
    renderer: Renderer, config: RunConfig, tutorial: WorldBase
) -> None:
    samples = demonstrations(tutorial, tutorial.world.tasks, renderer, context_length=2048)
    lessons = OwnLessons(samples, config)
    assert lessons.of(1) == lessons.of(1)
    assert {s.rollout_id for s in lessons.of(1)} <= {s.rollout_id for s in samples}


def test_only_a_shipped_world_has_siblings(renderer: Renderer, config: RunConfig) -> None:
    with pytest.raises(DemonstrationError, match="siblings_per_step"):
        SiblingLessons("my-own-world", renderer, config)


def test_a_lesson_that_does_not_fit_says_what_to_set(renderer: Renderer, config: RunConfig) -> None:
    tight = parse_config(SETTINGS, ["model.context_length=100"])
    lessons = SiblingLessons("tutorial", renderer, tight)
    with pytest.raises(DemonstrationError, match=r"model\.context_length"):
        lessons.of(1)
    lessons.close()


def test_careless_work_fails_and_careful_work_passes(tutorial: WorldBase) -> None:
    bench = Workbench(tutorial.world)
    demonstrator = Demonstrator(bench)
    rng = Random(1)
    failed = 0
    for task in tutorial.world.tasks:
        assert passes(bench, task, demonstrator.careful(task))
        failed += not passes(bench, task, demonstrator.careless(task, rng))
    assert failed > 0.9 * len(tutorial.world.tasks)


def passes(bench: Workbench, task: Task, trajectory: Trajectory) -> bool:
    verdicts, _ = check_rubric(CheckContext(task=task, trajectory=trajectory, base=bench.base))
    return bool(judgement(task.rubric, verdicts).is_pass)


def test_drills_come_first(renderer: Renderer) -> None:
    drills = [f"warm_start.{each}" for each in ("num_drill_steps=1", "drills_per_step=3")]
    drills.append("warm_start.drills_beside=2")
    drilled = parse_config(SETTINGS, drills)
    lessons = SiblingLessons("tutorial", renderer, drilled)
    assert [sample.task_id for sample in lessons.of(1)] == ["drill"] * 3
    later = [sample.task_id for sample in lessons.of(2)]
    assert later.count("drill") == 2
    assert len(later) == 2 + drilled.warm_start.batch_size
    lessons.close()


def test_careful_work_comes_before_careless(renderer: Renderer) -> None:
    careless = parse_config(SETTINGS, ["warm_start.careless_share=1"])
    settings = ["warm_start.careless_share=1", "warm_start.num_careful_steps=1"]
    lessons = [
        SiblingLessons("tutorial", renderer, config)
        for config in (parse_config(SETTINGS, ["warm_start.careless_share=0"]), careless)
    ]
    mixed = SiblingLessons("tutorial", renderer, parse_config(SETTINGS, settings))
    for step in (1, 2):
        careful_work, careless_work = (each.of(step) for each in lessons)
        assert careful_work != careless_work
        assert mixed.of(step) == (careful_work, careless_work)[step - 1]
    for each in (*lessons, mixed):
        each.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["warm_start.num_drill_steps=1"], "needs drills_per_step"),
        (["warm_start.drills_beside=1", "warm_start.siblings_per_step=0"], "siblings_per_step"),
    ],
)
def test_drills_that_cannot_be_are_refused(settings: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config(SETTINGS, settings)


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
def test_a_drill_asks_for_nothing_that_it_does_not_show(
    renderer: Renderer, progress: float
) -> None:
    rng = Random(3)
    for number in range(50):
        sample = drill(renderer, rng, str(number), progress=progress)
        first = sample.loss_mask.index(True)
        shown = renderer.decode(sample.token_ids[:first])
        answer = renderer.decode(sample.token_ids[first:])
        if progress == 0:
            assert answer in shown
        assert len(sample.token_ids) < 350
        for value in values(answer):
            assert signs(value) in signs(shown), (value, shown)


def values(answer: str) -> list[str]:
    if answer.startswith("{"):
        return [str(value) for value in json.loads(answer).values()]
    return [text for part in answer.split("; ") for text in part.split(" ")]


def signs(text: str) -> str:
    """Letters and digits; an amount in dollars as its cents."""
    kept = "".join(letter for letter in text if letter.isalnum())
    return kept.lstrip("0") if text.startswith("$") else kept
