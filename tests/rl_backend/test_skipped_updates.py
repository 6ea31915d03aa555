"""Updates that change nothing are told, and a run whose weights are dead fails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from rl_backend.checkpoints import LoopState
from rl_backend.config import load_preset
from rl_backend.errors import TrainerError
from rl_backend.lessons import OwnLessons
from rl_backend.objective import Objective
from rl_backend.progress import Progress
from rl_backend.records import BundleLock, EventKind, MetricRecord, Phase
from rl_backend.rundir import RunDir
from rl_backend.samples import demonstration_sample
from rl_backend.trainers.base import UpdateMetrics
from rl_backend.types import Batch, PolicyVersion
from rl_backend.warm_start import warm_start
from tests.rl_backend.loop_doubles import CountingTrainer, work
from world_builder.state import WorldBase

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
SAMPLE = demonstration_sample(
    task_id="a", rollout_id="a-0", token_ids=(1, 2, 3), loss_mask=(False, True, True)
)
BROKEN = {"grad_norm": math.nan, "loss": math.nan}
EMPTY = {"num_tokens": 0, "num_excluded_tokens": 7, "grad_norm": 0.0, "loss": None}


@dataclass
class FailingTrainer(CountingTrainer):
    """Skips the updates that `fates` marks, as with a gradient that is not finite."""

    fates: Iterator[bool] = field(default_factory=lambda: iter(()))
    found: dict[str, float | None] = field(default_factory=lambda: dict(BROKEN))

    def train_step(
        self,
        batch: Batch,
        objective: Objective,
        *,
        temperature: float = 1.0,
        learning_rate: float | None = None,
    ) -> UpdateMetrics:
        made = super().train_step(batch, objective)
        if next(self.fates, True):
            return made
        self.policy_version = PolicyVersion(self.policy_version - 1)
        changes = {"is_applied": False, "policy_version": self.policy_version, **self.found}
        return replace(made, **changes)  # type: ignore[arg-type]


def failing(fates: Iterable[bool], **found: float | None) -> FailingTrainer:
    return FailingTrainer(fates=iter(fates), found=found or dict(BROKEN))


def make_run(root: Path, *settings: str) -> RunDir:
    chosen = ("warm_start.num_steps=0", "num_steps=5", "rollout.group_size=8", *settings)
    return RunDir.create(root, load_preset("smoke", chosen), BUNDLE, "run")


def warnings_of(run: RunDir) -> list[str]:
    return [e.message for e in run.tail_events().records if e.kind is EventKind.WARNING]


def trained(run: RunDir, phase: Phase = Phase.TRAIN) -> list[MetricRecord]:
    return [record for record in run.metrics() if record.phase is phase]


async def test_a_run_whose_updates_change_nothing_fails_and_says_why(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    run = make_run(tmp_path)
    with pytest.raises(TrainerError, match=r"last 3 updates changed nothing: the norm .* nan\."):
        await work(run, tutorial, trainer=failing([False] * 5))
    assert warnings_of(run) == [
        f"1 of 1 updates of step {step} changed nothing: the norm of the gradient is nan"
        for step in (1, 2, 3)
    ]
    assert run.checkpoint_steps()[-1] == 2
    assert not run.stored_status().is_complete


async def test_a_resumed_run_goes_on_counting(tutorial: WorldBase, tmp_path: Path) -> None:
    run = make_run(tmp_path)
    await work(run, tutorial, trainer=failing([False] * 2), stop_after=2)
    with pytest.raises(TrainerError, match="last 3 updates"):
        await work(run, tutorial, trainer=failing([False]))


async def test_an_update_that_is_applied_begins_the_count_anew(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    run = make_run(tmp_path)
    trainer = await work(run, tutorial, trainer=failing([False, False, True, False, False]))
    assert trainer.policy_version == 1
    assert [r.values["num_updates_skipped"] for r in trained(run)] == [1, 1, 0, 1, 1]
    assert len(warnings_of(run)) == 4


async def test_an_update_without_a_token_names_what_was_left_out(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    run = make_run(tmp_path, "num_steps=2")
    await work(run, tutorial, trainer=failing([True, False], **EMPTY))
    assert warnings_of(run) == [
        "1 of 1 updates of step 2 changed nothing: no token carried loss, and 7 were left out "
        "because a log-probability is not finite"
    ]
    assert [r.values["num_excluded_tokens"] for r in trained(run)] == [0, 7]


async def test_a_warm_start_whose_updates_change_nothing_fails_too(tmp_path: Path) -> None:
    run = make_run(tmp_path, "warm_start.num_steps=9")
    config, kept = run.config(), list[LoopState]()
    with Progress(run) as progress, pytest.raises(TrainerError, match="last 3 updates"):
        await warm_start(
            failing([True] + [False] * 8), OwnLessons([SAMPLE], config), config, run, progress,
            LoopState(), kept.append,
        )  # fmt: skip
    assert kept == []
    told = "changed nothing: the norm of the gradient is nan"
    steps = (2, 3, 4)
    assert warnings_of(run) == [f"1 of 1 updates of warm-start step {n} {told}" for n in steps]
    skipped = [r.values["num_updates_skipped"] for r in trained(run, Phase.WARM_START)]
    assert skipped == [0, 1, 1, 1]
