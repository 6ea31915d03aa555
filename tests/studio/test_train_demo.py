"""The training demonstration's bundles and figures; training itself is measured, not tested."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from rl_backend.config import load_preset
from rl_backend.evaluation.bundles import lock_of
from rl_backend.evaluation.report import EvalReport, make_report
from rl_backend.evaluation.trials import REPORTS, TRIALS
from rl_backend.records import RunState
from rl_backend.rundir import RunDir
from studio.train_demo.__main__ import GREEDY, SAMPLED, trials_of
from studio.train_demo.laps import Laps
from studio.train_demo.results import Rates, SeedResult, keep, rates_of, results_of
from studio.train_demo.stages import PRESET, StageFailed, measured, trained
from studio.train_demo.worlds import (
    SIBLING_SEEDS,
    UNSEEN,
    demo_world,
    renamed_bundle,
    renamed_world,
    sibling_bundles,
    training_bundle,
)
from tests.rl_backend.factories import make_record, make_task
from world_builder.tasks import Split


def test_some_scenarios_are_kept_out_of_training_altogether() -> None:
    world = demo_world()
    trained = {task.scenario for task in world.tasks_in(Split.TRAIN)}
    assert trained & UNSEEN == set()
    assert trained | UNSEEN == {task.scenario for task in world.tasks}
    assert world.unseen_scenarios == UNSEEN
    assert len(world.tasks_in(Split.TRAIN)) == 53


def test_one_pass_of_the_preset_takes_each_training_task_once() -> None:
    config = load_preset("cpu-demo")
    num_taken = config.num_steps * config.rollout.tasks_per_step
    assert 53 <= num_taken < 53 + config.rollout.tasks_per_step


def test_bundles_are_made_once_and_differ(tmp_path: Path) -> None:
    bundles = (training_bundle(tmp_path), *sibling_bundles(tmp_path))
    assert len({bundle.digest for bundle in bundles}) == 1 + len(SIBLING_SEEDS)
    stamps = [bundle.path.stat().st_mtime_ns for bundle in bundles]
    again = (training_bundle(tmp_path), *sibling_bundles(tmp_path))
    assert [bundle.path.stat().st_mtime_ns for bundle in again] == stamps


def test_the_second_surface_is_the_same_shop(tmp_path: Path) -> None:
    world, renamed = demo_world(), renamed_world(demo_world())
    assert {tool.name for tool in renamed.tools}.isdisjoint(tool.name for tool in world.tools)
    assert [t.operation for t in renamed.tools] == [t.operation for t in world.tools]
    assert [t.prompt for t in renamed.tasks] == [t.prompt for t in world.tasks]
    assert renamed_bundle(tmp_path).digest != training_bundle(tmp_path).digest


def test_shops_are_measured_twice_and_the_others_last(tmp_path: Path) -> None:
    bundle = training_bundle(tmp_path)
    asked = trials_of(bundle, tmp_path)
    assert len(asked) == 2 * (1 + len(SIBLING_SEEDS)) + 2
    assert [trial.temperature for trial in asked[:2]] == [GREEDY, SAMPLED]
    assert load_preset("cpu-demo").rollout.temperature == SAMPLED
    assert load_preset("cpu-demo").evaluation.temperature == SAMPLED
    assert [trial.rollouts for trial in asked[:4]] == [1, 4, 1, 2]
    assert [Path(trial.bundle).parent.name for trial in asked[-2:]] == ["renamed", "other"]
    assert len(Bundle.open(Path(asked[-1].bundle)).world.tasks_in(Split.HELD_OUT)) == 20


def rates(value: float) -> Rates:
    return Rates(held_out=value, num_held_out=10, unseen=value / 2, num_unseen=4)


def seed_result(seed: int, before: float, after: float) -> SeedResult:
    return SeedResult(
        seed=seed,
        held_out_before=before,
        held_out_after=after,
        unseen_before=before / 2,
        unseen_after=after / 2,
        greedy_before=rates(before),
        greedy_after=rates(after),
        sampled_before=rates(before),
        sampled_after=rates(after),
        surface_before=0.1,
        surface_after=0.2,
        other_world_before=0.0,
        other_world_after=0.0,
        seconds={"warm_start": 1.0},
    )


def test_gains_are_points_with_an_interval_over_seeds(tmp_path: Path) -> None:
    alone = results_of([seed_result(1, 0.2, 0.6)])
    assert (alone.held_out_gain.low, alone.held_out_gain.high) == (None, None)
    found = results_of([seed_result(s, 0.2, 0.2 + g) for s, g in ((1, 0.3), (2, 0.4), (3, 0.5))])
    assert found.held_out_gain.mean == pytest.approx(40)
    assert found.held_out_gain.low == pytest.approx(40 - 4.303 * 10 / 3**0.5)
    assert found.unseen_gain.mean == pytest.approx(20)
    keep(found, tmp_path / "results.json")
    kept = json.loads((tmp_path / "results.json").read_text())
    assert [seed["seed"] for seed in kept["seeds"]] == [1, 2, 3]
    assert kept["seeds"][0]["held_out_after"] == 0.5


def report(temperature: float) -> EvalReport:
    """Two tasks of a trained scenario, one of them passed in half of its rollouts; one unseen."""
    tasks = [
        make_task(name).model_copy(update={"scenario": scenario})
        for name, scenario in (("a", "seen"), ("b", "seen"), ("c", "other"))
    ]
    records = [
        *(make_record(tasks[0], index=i) for i in range(2)),
        make_record(tasks[1], index=0),
        make_record(tasks[1], index=1, met=()),
        make_record(tasks[2], met=()),
    ]
    return make_report(
        records, tasks, policy="p", bundle="b", split="all", temperature=temperature,
        unseen_scenarios={"other"},
    )  # fmt: skip


def test_every_task_counts_once_whatever_its_rollouts() -> None:
    found = rates_of([report(1.0), report(1.0), report(0.0)], 1.0)
    assert (found.held_out, found.num_held_out) == (0.75, 4)
    assert (found.unseen, found.num_unseen) == (0.0, 2)
    with pytest.raises(ValueError, match="could be scored"):
        rates_of([report(1.0)], 0.5)


def test_what_was_made_with_other_settings_is_not_taken_for_what_is_asked(tmp_path: Path) -> None:
    bundle = training_bundle(tmp_path)
    settings = ["warm_start.careless_share=0.6"]
    run = RunDir.create(tmp_path, load_preset(PRESET, settings), lock_of(bundle), "base")
    run.write_status(run.stored_status().model_copy(update={"state": RunState.DONE}))
    assert trained(run.path, bundle, settings, print) == run
    with pytest.raises(StageFailed, match=r"other settings \(seed, warm_start.careless_share\)"):
        trained(run.path, bundle, ["seed=2"], print)
    with pytest.raises(StageFailed, match="another bundle"):
        trained(run.path, sibling_bundles(tmp_path)[0], settings, print)


def test_what_was_measured_otherwise_is_not_taken_for_what_is_asked(tmp_path: Path) -> None:
    path, asked = tmp_path / "before.json", trials_of(training_bundle(tmp_path), tmp_path)
    path.write_bytes(REPORTS.dump_json((report(1.0),)))
    path.with_suffix(".trials.json").write_bytes(TRIALS.dump_json(tuple(asked), indent=2))
    assert measured(path, asked, tmp_path, seed=1, tell=print) == (report(1.0),)
    with pytest.raises(StageFailed, match="another way"):
        measured(path, asked[:2], tmp_path, seed=1, tell=print)


def test_laps_add_up_over_starts(tmp_path: Path) -> None:
    path = tmp_path / "seconds.json"
    first = Laps(path)
    with first.stage("one"):
        pass
    again = Laps(path)
    with again.stage("one"):
        pass
    with pytest.raises(StageFailed), again.stage("two"):
        raise StageFailed
    assert again.spent["one"] > first.spent["one"] > 0
    assert json.loads(path.read_text()) == again.spent
    assert again.spent["two"] > 0


def test_a_stage_that_is_killed_keeps_what_it_spent(tmp_path: Path) -> None:
    path = tmp_path / "seconds.json"
    with Laps(path, write_every_s=0.01).stage("one"):
        while not path.is_file() or json.loads(path.read_text())["one"] < 0.02:
            time.sleep(0.01)
