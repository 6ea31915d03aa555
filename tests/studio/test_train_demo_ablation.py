"""The ablation of the demonstration: one setting changed, the same tasks measured."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rl_backend.config import load_preset
from rl_backend.evaluation.bundles import lock_of
from rl_backend.evaluation.trials import REPORTS
from rl_backend.records import Phase, RunState, Status
from rl_backend.rundir import RunDir
from studio.train_demo.__main__ import SAMPLED, grpo_settings, trials_of
from studio.train_demo.ablation import NUM_SHOPS, VARIANTS, rows_of
from studio.train_demo.worlds import training_bundle
from tests.studio.test_train_demo import report


def test_bounds_are_compared_where_ratios_can_leave_them() -> None:
    higher, equal = (
        load_preset("cpu-demo", VARIANTS[name]) for name in ("clip_higher", "equal_bounds")
    )
    assert higher.trainer == equal.trainer
    assert higher.trainer.num_minibatches > 1
    assert higher.objective.clip_high > equal.objective.clip_high == equal.objective.clip_low


def test_each_variant_changes_what_it_names_of_the_preset() -> None:
    preset = load_preset("cpu-demo").model_dump()
    for changes in VARIANTS.values():
        changed = load_preset("cpu-demo", changes).model_dump()
        assert sum(
            changed[section][name] != preset[section][name]
            for section in ("objective", "advantage", "rollout", "trainer")
            for name in preset[section]
        ) == len(changes)


def done_run(root: Path, seed: Path, name: str, *clipped: float) -> None:
    lock = lock_of(training_bundle(root / "bundles"))
    settings = [*grpo_settings(1, seed / "base" / "policy"), *VARIANTS.get(name, ())]
    run = RunDir.create(seed, load_preset("cpu-demo", settings), lock, name)
    for step, share in enumerate(clipped, start=1):
        run.append_metrics(Phase.TRAIN, step, {"clip_high": share})
    now = datetime.now(UTC)
    run.write_status(Status(state=RunState.DONE, created_at=now, updated_at=now))


def test_what_is_complete_is_only_read(tmp_path: Path) -> None:
    bundle, seed = training_bundle(tmp_path / "bundles"), tmp_path / "seed-1"
    asked = trials_of(bundle, tmp_path / "bundles")
    seed.mkdir()
    done_run(tmp_path, seed, "base")
    for name in ("grpo", *VARIANTS):
        done_run(tmp_path, seed, name, 0.25, 0.75)
    reports = tuple(report(each.temperature) for each in asked)
    for name in ("before", "after"):
        (seed / f"{name}.json").write_bytes(REPORTS.dump_json(reports))
    for name in VARIANTS:
        (seed / f"{name}.json").write_bytes(REPORTS.dump_json((report(SAMPLED),) * NUM_SHOPS))
    rows = rows_of(tmp_path, 1, lambda _: None)
    assert [row.variant for row in rows] == ["before", "preset", *VARIANTS]
    assert {row.rates.num_held_out for row in rows} == {2 * NUM_SHOPS}
    assert {row.rates.held_out for row in rows} == {0.75}
    assert [row.clipped_high for row in rows] == [None, *[0.5] * (1 + len(VARIANTS))]
