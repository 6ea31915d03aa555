"""A step that trains on nothing says so in the run's history, and groups wait for the next one."""

from __future__ import annotations

from pathlib import Path

from rl_backend.config import load_preset
from rl_backend.engines.base import Weights
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.records import BundleLock, EventKind, Phase
from rl_backend.rundir import RunDir
from rl_backend.types import PolicyVersion
from tests.rl_backend.loop_doubles import ANSWER, work
from world_builder.state import WorldBase

BUNDLE = BundleLock(path="bundle", name="tutorial", version="1.0.0", digest="0" * 64)
NUM_TASKS = 2


def make_run(root: Path, *settings: str) -> RunDir:
    chosen = (
        "warm_start.num_steps=0", "num_steps=4", f"num_train_tasks={NUM_TASKS}",
        f"rollout.tasks_per_step={NUM_TASKS}", "rollout.group_size=8", *settings,
    )  # fmt: skip
    return RunDir.create(root, load_preset("smoke", chosen), BUNDLE, "run")


def warnings_of(run: RunDir) -> dict[int, str]:
    """By step."""
    events = run.tail_events().records
    return {event.step: event.message for event in events if event.kind is EventKind.WARNING}


def num_trained(run: RunDir) -> list[float]:
    """Tokens that each step trained on."""
    records = [r for r in run.metrics() if r.phase is Phase.TRAIN]
    return [record.values.get("num_tokens", 0.0) for record in records]


async def test_with_fewer_tasks_than_groups_wanted_a_run_still_trains(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    run = make_run(tmp_path, f"min_groups_per_step={NUM_TASKS + 1}")
    trainer = await work(run, tutorial)
    assert trainer.policy_version == 2
    assert num_trained(run) == [0, 1, 0, 1]
    told = warnings_of(run)
    assert sorted(told) == [1, 3]
    assert told[1] == (
        "step 1 trained on nothing: the buffer has 2 of the 3 groups that it wants "
        "(min_groups_per_step)"
    )


async def test_rounds_over_the_same_tasks_fill_a_step(tutorial: WorldBase, tmp_path: Path) -> None:
    settings = (f"min_groups_per_step={NUM_TASKS + 1}", "max_rounds_per_step=2")
    run = make_run(tmp_path, *settings)
    trainer = await work(run, tutorial)
    assert trainer.policy_version == 4
    assert warnings_of(run) == {}


class Forgetful(ScriptedEngine):
    """Goes on sampling from the weights that it began with."""

    async def update_weights(self, weights: Weights, version: PolicyVersion) -> None:
        """Takes nothing over."""


async def test_a_step_whose_samples_are_all_too_old_says_so(
    tutorial: WorldBase, tmp_path: Path
) -> None:
    run = make_run(tmp_path, "num_steps=2")
    await work(run, tutorial, engine=Forgetful(lambda _prompt: ANSWER))
    assert num_trained(run) == [1, 0]
    assert warnings_of(run) == {
        2: "step 2 trained on nothing: all 16 samples were older than max_policy_lag"
    }
